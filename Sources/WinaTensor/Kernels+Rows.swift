import CWinaKernels

extension Kernels {
  /// Turns rows of logits into log-probabilities in place; sums are f64.
  public static func logSoftmaxRows(_ x: inout [Float], rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0 && x.count >= rows * columns)
    if columns > 0 { wina_log_softmax_rows(&x, rows, columns) }
  }

  /// Turns rows of logits into probabilities in place; sums are f64.
  public static func softmaxRows(_ x: inout [Float], rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0 && x.count >= rows * columns)
    wina_softmax_rows(&x, rows, columns, columns, columns, 0, 1)
  }

  /// Scaled softmax of rows of attention scores in place.
  ///
  /// Row r sees the first `first + r` columns of the layout, and the others become 0.
  ///
  /// - Precondition: `x` holds the matrix.
  public static func causalSoftmax(
    _ x: inout [Float], _ layout: MatrixLayout, first: Int, scale: Float
  ) {
    precondition(layout.fits(x.count) && first > 0)
    x.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      wina_softmax_rows(
        start + layout.offset, layout.rows, layout.columns, layout.stride, first, 1, scale)
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
  public static func rmsNorm(
    _ x: [Float], weight: [Float], epsilon: Float, firstRow: Int = 0, rows: Int,
    into y: inout [Float]
  ) {
    let columns = weight.count
    precondition(firstRow >= 0 && rows >= 0 && x.count >= (firstRow + rows) * columns)
    precondition(y.count >= rows * columns)
    x.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      wina_rms_norm(start + firstRow * columns, weight, &y, rows, columns, epsilon)
    }
  }

  /// Rotates the halves of every head by the angles of its row (the rotate-half form).
  ///
  /// - Parameters:
  ///   - x: Holds rows of `heads · size` values as the layout says.
  ///   - size: The width E of a head.
  ///   - cosines: From row `firstAngle` on the cosines of the rows, shape [positions, E / 2].
  ///   - sines: The same for sines.
  public static func rope(
    _ x: inout [Float], _ layout: MatrixLayout, size: Int, cosines: [Float], sines: [Float],
    firstAngle: Int
  ) {
    let half = size / 2
    precondition(layout.fits(x.count) && size > 0 && layout.columns.isMultiple(of: size))
    precondition(firstAngle >= 0 && cosines.count >= (firstAngle + layout.rows) * half)
    precondition(sines.count == cosines.count)
    x.withUnsafeMutableBufferPointer { x in
      cosines.withUnsafeBufferPointer { cosines in
        sines.withUnsafeBufferPointer { sines in
          guard let x = x.baseAddress, let c = cosines.baseAddress, let s = sines.baseAddress
          else { return }
          wina_rope(
            x + layout.offset, layout.rows, layout.stride, layout.columns / size, half,
            c + firstAngle * half, s + firstAngle * half)
        }
      }
    }
  }
}
