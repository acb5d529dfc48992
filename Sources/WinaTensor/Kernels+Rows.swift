import CWinaKernels

extension Kernels {
  /// Turns rows of logits into log-probabilities in place; sums are f64.
  public static func logSoftmaxRows(_ x: inout [Float], rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0 && x.count >= rows * columns)
    if columns > 0 { wina_log_softmax_rows(&x, rows, columns) }
  }

  /// Scaled softmax of some columns of every row in place; the others become 0.
  ///
  /// - Precondition: `x` holds the matrix and every span lies within its columns.
  public static func softmax(
    _ x: inout [Float], _ layout: MatrixLayout, spans: [Range<Int>], scale: Float = 1
  ) {
    precondition(layout.fits(x.count) && spans.count == layout.rows, "a span a row")
    precondition(spans.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= layout.columns })
    let starts = spans.map { Int32($0.lowerBound) }
    let ends = spans.map { Int32($0.upperBound) }
    x.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      wina_softmax_spans(
        start + layout.offset, layout.rows, layout.columns, layout.stride, starts, ends, scale)
    }
  }

  /// Returns Σ exp(p) (p − q) of every row of log-probabilities, in nats, summed in f64.
  public static func klRows(
    _ dense: [Float], _ other: [Float], rows: Int, columns: Int
  ) -> [Double] {
    (0..<rows).map { klRow(dense, denseRow: $0, other, otherRow: $0, columns: columns) }
  }

  /// Returns Σ exp(p) (p − q) of one row of log-probabilities against another, in nats.
  ///
  /// Terms whose exp(p) is 0 count nothing.
  public static func klRow(
    _ dense: [Float], denseRow: Int, _ other: [Float], otherRow: Int, columns: Int
  ) -> Double {
    precondition(denseRow >= 0 && otherRow >= 0 && columns >= 0)
    precondition(dense.count >= (denseRow + 1) * columns && other.count >= (otherRow + 1) * columns)
    return dense.withUnsafeBufferPointer { p in
      other.withUnsafeBufferPointer { q in
        guard let p = p.baseAddress, let q = q.baseAddress else { return 0 }
        return wina_kl(p + denseRow * columns, q + otherRow * columns, columns)
      }
    }
  }

  /// Returns the column of the largest value of every row, the first of equals.
  public static func argmaxRows(_ x: [Float], rows: Int, columns: Int) -> [Int32] {
    precondition(rows >= 0 && columns > 0 && x.count >= rows * columns)
    return x.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return [] }
      return (0..<rows).map { Int32(wina_argmax(start + $0 * columns, columns)) }
    }
  }

  /// y = x / √(mean(x²) + ε) · weight for rows from `firstRow` on; sums are f64.
  ///
  /// The first of them becomes row `target` of `y`.
  public static func rmsNorm(
    _ x: [Float], weight: [Float], epsilon: Float, firstRow: Int = 0, rows: Int,
    into y: inout [Float], at target: Int = 0
  ) {
    let columns = weight.count
    precondition(firstRow >= 0 && rows >= 0 && x.count >= (firstRow + rows) * columns)
    precondition(target >= 0 && y.count >= (target + rows) * columns)
    x.withUnsafeBufferPointer { buffer in
      y.withUnsafeMutableBufferPointer { y in
        guard let start = buffer.baseAddress, let y = y.baseAddress else { return }
        wina_rms_norm(
          start + firstRow * columns, weight, y + target * columns, rows, columns, epsilon)
      }
    }
  }

  /// Divides every head by its root mean square, in place: heads · size values a row.
  ///
  /// - Precondition: `x` holds the matrix and its rows are whole heads.
  public static func rmsNormHeads(
    _ x: inout [Float], _ layout: MatrixLayout, weight: [Float], epsilon: Float
  ) {
    let size = weight.count
    precondition(layout.fits(x.count) && size > 0 && layout.columns.isMultiple(of: size))
    x.withUnsafeMutableBufferPointer { x in
      guard let start = x.baseAddress else { return }
      for row in 0..<layout.rows {
        let heads = start + layout.offset + row * layout.stride
        wina_rms_norm(heads, weight, heads, layout.columns / size, size, epsilon)
      }
    }
  }
}
