import CWinaKernels

/// Weights of a table whose rows are looked up, such as token embeddings, [rows, columns].
public struct RowTable: Sendable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  private let type: WeightType
  private let buffer: AlignedBuffer

  /// Copies a tensor of two dimensions in its own precision.
  ///
  /// - Precondition: The tensor is a matrix of weights.
  public init(_ tensor: Tensor) {
    guard tensor.shape.count == 2, let type = WeightType(tensor.elementType) else {
      preconditionFailure("a table is a matrix of weights")
    }
    rows = tensor.shape[0]
    columns = tensor.shape[1]
    self.type = type
    buffer = AlignedBuffer(byteCount: tensor.byteCount)
    let base = buffer.base
    tensor.withBytes { bytes in
      if let start = bytes.baseAddress { base.copyMemory(from: start, byteCount: bytes.count) }
    }
    tensor.releasePages()
  }

  /// Returns all rows as f32, [rows, columns].
  public func values() -> [Float] {
    var values = [Float](repeating: 0, count: rows * columns)
    type.convert(buffer.base, into: &values)
    return values
  }

  /// Writes some rows as f32 one below the other.
  ///
  /// - Precondition: Every index is a row of the table and `y` has room.
  public func gather(_ indices: some Collection<Int32>, into y: inout [Float]) {
    precondition(y.count >= indices.count * columns, "there is room")
    y.withUnsafeMutableBufferPointer { y in
      guard var target = y.baseAddress else { return }
      for index in indices {
        precondition(index >= 0 && Int(index) < rows, "a row of the table")
        let source = buffer.base + Int(index) * columns * type.byteCount
        type.convert(source, into: UnsafeMutableBufferPointer(start: target, count: columns))
        target += columns
      }
    }
  }
}
