import CWinaKernels

/// The inputs of one row that a gate kept.
public struct CompactRow: Sendable {
  /// The number of inputs of the row, kept or not.
  public private(set) var width = 0
  /// The number of kept inputs.
  public private(set) var count = 0
  /// Their values; only the first ``count`` count.
  var values: [Float] = []
  /// Their places in the row; only the first ``count`` count.
  var columns: [Int32] = []

  /// Makes an empty list.
  public init() {}

  /// Lists the inputs of a row, which begins at `offset`, whose score |x − μ| · c is above a threshold,
  /// as x − μ.
  public mutating func compact(
    _ x: [Float], at offset: Int = 0, width: Int, norms: [Float]? = nil, mean: [Float]? = nil,
    above threshold: Float
  ) {
    precondition(width >= 0 && offset >= 0 && x.count >= offset + width)
    precondition((norms?.count ?? width) == width && (mean?.count ?? width) == width)
    reserve(width)
    count = x.withUnsafeBufferPointer { x in
      x.baseAddress.map {
        wina_compact_threshold($0 + offset, width, norms, mean, threshold, &values, &columns)
      } ?? 0
    }
  }

  /// Lists the inputs of a row, which begins at `offset`, that are not 0.
  public mutating func compactNonzero(_ x: [Float], at offset: Int = 0, width: Int) {
    precondition(width >= 0 && offset >= 0 && x.count >= offset + width)
    reserve(width)
    count = x.withUnsafeBufferPointer { x in
      x.baseAddress.map { wina_compact_nonzero($0 + offset, width, &values, &columns) } ?? 0
    }
  }

  private mutating func reserve(_ width: Int) {
    self.width = width
    guard values.count < width else { return }
    values = [Float](repeating: 0, count: width)
    columns = [Int32](repeating: 0, count: width)
  }
}
