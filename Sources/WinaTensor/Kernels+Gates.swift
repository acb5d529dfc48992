import CWinaKernels

extension Kernels {
  /// Writes a masked copy of rows: x − μ where it is kept, 0 elsewhere.
  ///
  /// Scores are |x − μ| · c. Rows before `firstGatedRow` are copied as they are, not centred.
  ///
  /// - Parameters:
  ///   - x: Shape [rows, columns].
  ///   - firstGatedRow: The first row that is masked.
  ///   - rule: Which coordinates are kept.
  ///   - norms: The factors c, one a column; `nil` is 1.
  ///   - mean: The centre μ, one value a column; `nil` is 0.
  ///   - y: Receives the copy, shape [rows, columns].
  /// - Returns: How many coordinates of gated rows were kept.
  public static func maskRows(
    _ x: [Float], rows: Int, columns: Int, firstGatedRow: Int, rule: KeepRule,
    norms: [Float]? = nil, mean: [Float]? = nil, into y: inout [Float]
  ) -> UInt64 {
    precondition(
      rows >= 0 && columns >= 0 && x.count >= rows * columns && y.count >= rows * columns)
    precondition(norms.map { $0.count == columns } ?? true, "one norm a column")
    precondition(mean.map { $0.count == columns } ?? true, "one mean a column")
    let dense = min(max(0, firstGatedRow), rows)
    let gated = rows - dense
    return x.withUnsafeBufferPointer { source in
      y.withUnsafeMutableBufferPointer { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return 0 }
        to.update(from: from, count: dense * columns)
        let (start, out) = (from + dense * columns, to + dense * columns)
        switch rule {
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

  /// Zeroes values whose magnitude is below a threshold (CATS), from a row on.
  ///
  /// - Returns: How many values of those rows were kept.
  public static func maskMagnitudes(
    _ x: inout [Float], rows: Int, columns: Int, firstGatedRow: Int, threshold: Float
  ) -> UInt64 {
    precondition(rows >= 0 && columns >= 0 && x.count >= rows * columns)
    let dense = min(max(0, firstGatedRow), rows)
    return x.withUnsafeMutableBufferPointer { values in
      guard let start = values.baseAddress else { return 0 }
      return wina_mask_magnitude(start + dense * columns, (rows - dense) * columns, threshold)
    }
  }
}
