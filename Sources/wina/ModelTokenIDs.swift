import WinaTensor

/// Token ids as other programs store them: `[T]` or `[B,T]` of any integer type.
enum ModelTokenIDs {
  /// Returns the sequences of a tensor.
  ///
  /// - Throws: ``ModelInputError`` for other types and shapes and for ids that no model has.
  static func read(_ tensor: Tensor, from path: String) throws -> [[Int32]] {
    guard (1...2).contains(tensor.shape.count), !tensor.shape.contains(0) else {
      throw ModelInputError(
        message: "input_ids of '\(path)' has the shape \(tensor.shape)", hint: "it must be [B,T]")
    }
    let length = tensor.shape[tensor.shape.count - 1]
    let values = try integers(tensor, path)
    return stride(from: 0, to: values.count, by: length).map {
      Array(values[$0..<($0 + length)])
    }
  }

  private static func integers(_ tensor: Tensor, _ path: String) throws -> [Int32] {
    let isSigned: Bool
    switch tensor.elementType {
    case .int8, .int16, .int32, .int64: isSigned = true
    case .uint8, .uint16, .uint32, .uint64: isSigned = false
    default:
      throw ModelInputError(
        message: "input_ids of '\(path)' is of type \(tensor.elementType.rawValue)",
        hint: "it must be of an integer type")
    }
    let width = tensor.elementType.byteCount
    let bytes = tensor.bytes
    return try stride(from: 0, to: bytes.count, by: width).map { start in
      var value: UInt64 = 0
      for index in (0..<width).reversed() { value = value << 8 | UInt64(bytes[start + index]) }
      let isNegative = isSigned && bytes[start + width - 1] & 0x80 != 0
      guard !isNegative, let id = Int32(exactly: value) else {
        throw ModelInputError(
          message: "input_ids of '\(path)' holds an id that no model has",
          hint: "ids are between 0 and the vocabulary's size")
      }
      return id
    }
  }
}
