import CWinaKernels

extension Kernels {
  /// Writes a masked copy of some rows to the same places: x − μ where it is kept, 0 elsewhere.
  ///
  /// Scores are |x − μ| · c. Rows before `firstGatedRow` are copied as they are, not centred.
  ///
  /// - Parameters:
  ///   - x: Rows of `columns` values.
  ///   - rows: The rows that are copied.
  ///   - firstGatedRow: The first row that is masked.
  ///   - rule: Which coordinates are kept; `nil` keeps all and centres nothing.
  ///   - norms: The factors c, one a column; `nil` is 1.
  ///   - mean: The centre μ, one value a column; `nil` is 0.
  ///   - y: Receives the copy.
  /// - Returns: How many coordinates of gated rows were kept.
  public static func maskRows(
    _ x: [Float], columns: Int, rows: Range<Int>, firstGatedRow: Int, rule: KeepRule?,
    norms: [Float]? = nil, mean: [Float]? = nil, into y: inout [Float]
  ) -> UInt64 {
    let end = rows.upperBound * columns
    precondition(rows.lowerBound >= 0 && columns >= 0 && x.count >= end && y.count >= end)
    precondition(norms.map { $0.count == columns } ?? true, "one norm a column")
    precondition(mean.map { $0.count == columns } ?? true, "one mean a column")
    let first = min(max(rows.lowerBound, firstGatedRow), rows.upperBound)
    let gated = rows.upperBound - first
    return x.withUnsafeBufferPointer { source in
      y.withUnsafeMutableBufferPointer { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return 0 }
        let copied = rule == nil ? rows.upperBound : first
        (to + rows.lowerBound * columns).update(
          from: from + rows.lowerBound * columns, count: (copied - rows.lowerBound) * columns)
        let (start, out) = (from + first * columns, to + first * columns)
        switch rule {
        case nil: return UInt64(gated * columns)
        case .threshold(let threshold):
          return wina_mask_threshold(start, out, gated, columns, norms, mean, threshold)
        case .topK(let kept):
          var scratch = [Int32](repeating: 0, count: columns)
          return wina_mask_top(start, out, gated, columns, norms, mean, max(0, kept), &scratch)
        case .mask(let mask):
          precondition(mask.count == columns, "one flag a column")
          return wina_mask_fixed(start, out, gated, columns, mean, mask.map { $0 ? 1 : 0 })
        }
      }
    }
  }

  /// Copies some columns of some rows side by side, less the centre μ.
  ///
  /// - Parameter firstRow: The row of `y` that the first of them goes to.
  /// - Precondition: Every index is a column and `y` has room.
  public static func gatherColumns(
    _ x: [Float], columns: Int, rows: Range<Int>, _ indices: [Int], minus mean: [Float]?,
    into y: inout [Float], atRow firstRow: Int = 0
  ) {
    precondition(
      x.count >= rows.upperBound * columns
        && y.count >= (firstRow + rows.count) * indices.count)
    var target = firstRow * indices.count
    for row in rows {
      for column in indices {
        y[target] = x[row * columns + column] - (mean?[column] ?? 0)
        target += 1
      }
    }
  }

  /// Writes rows of packed outputs to their places in a larger matrix, and 0 to outputs that were not
  /// computed.
  ///
  /// - Parameters:
  ///   - x: The packed outputs, row-major.
  ///   - row: The first row of `x` that is meant.
  ///   - indices: The output that each column of `x` is, or nil where they are all of `outputs`.
  ///   - outputs: The outputs that the larger matrix holds.
  ///   - rows: The number of rows.
  ///   - y: What the larger matrix is a part of.
  ///   - layout: Where it lies in `y`.
  public static func scatterColumns(
    _ x: [Float], from row: Int, _ indices: [Int]?, outputs: Range<Int>, rows: Int,
    into y: inout [Float], _ layout: MatrixLayout
  ) {
    let width = indices?.count ?? outputs.count
    precondition(x.count >= (row + rows) * width && layout.rows == rows, "one row to each row")
    for step in 0..<rows {
      let (source, target) = ((row + step) * width, layout.offset + step * layout.stride)
      guard let indices else {
        for column in 0..<width { y[target + column] = x[source + column] }
        continue
      }
      for column in 0..<layout.columns { y[target + column] = 0 }
      for (column, output) in indices.enumerated() {
        y[target + output - outputs.lowerBound] = x[source + column]
      }
    }
  }

  /// Zeroes values of some rows whose magnitude is below a threshold (CATS).
  ///
  /// - Returns: How many values of those rows were kept.
  public static func maskMagnitudes(
    _ x: inout [Float], columns: Int, rows: Range<Int>, threshold: Float
  ) -> UInt64 {
    precondition(rows.lowerBound >= 0 && columns >= 0 && x.count >= rows.upperBound * columns)
    return x.withUnsafeMutableBufferPointer { values in
      guard let start = values.baseAddress else { return 0 }
      return wina_mask_magnitude(
        start + rows.lowerBound * columns, rows.count * columns, threshold)
    }
  }

  /// Zeroes values of some rows whose magnitude times their column's norm is below a threshold.
  ///
  /// - Returns: How many values of those rows were kept.
  public static func maskMagnitudes(
    _ x: inout [Float], columns: Int, rows: Range<Int>, threshold: Float, norms: [Float]
  ) -> UInt64 {
    precondition(rows.lowerBound >= 0 && columns >= 0 && x.count >= rows.upperBound * columns)
    precondition(norms.count == columns, "one norm per column")
    var kept: UInt64 = 0
    for row in rows {
      let start = row * columns
      for column in 0..<columns {
        let keeps = abs(x[start + column]) * norms[column] >= threshold
        if !keeps { x[start + column] = 0 }
        kept += keeps ? 1 : 0
      }
    }
    return kept
  }
}
