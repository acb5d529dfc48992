import CWinaKernels

extension Tensor {
  /// Returns the elements as f32, converting from f64, f16 and bf16.
  ///
  /// - Throws: ``TensorError`` for integers.
  public func floats() throws(TensorError) -> [Float] {
    if elementType == .float32 { return elements(of: Float.self) }
    var values = [Float](repeating: 0, count: count)
    try readFloats(into: &values, at: 0)
    return values
  }

  /// Writes the elements as f32 into an array, converting from f64, f16 and bf16.
  ///
  /// - Precondition: The array has room for ``count`` values from `offset` on.
  /// - Throws: ``TensorError`` for integers.
  public func readFloats(into values: inout [Float], at offset: Int) throws(TensorError) {
    let count = self.count
    precondition(offset >= 0 && offset + count <= values.count, "the array has room")
    switch elementType {
    case .float32:
      values.withUnsafeMutableBytes { target in
        let start = offset * MemoryLayout<Float>.stride
        withBytes { UnsafeMutableRawBufferPointer(rebasing: target[start...]).copyMemory(from: $0) }
      }
    case .float16, .bfloat16:
      let halves = elements(of: UInt16.self)
      values.withUnsafeMutableBufferPointer { target in
        guard let start = target.baseAddress, count > 0 else { return }
        if elementType == .float16 {
          wina_half_to_float(halves, start + offset, count)
        } else {
          wina_bfloat_to_float(halves, start + offset, count)
        }
      }
    case .float64:
      for (index, value) in elements(of: Double.self).enumerated() {
        values[offset + index] = Float(value)
      }
    default: throw wrongType("floating-point numbers")
    }
  }

  /// Returns the elements as f64, converting from any floating-point type.
  ///
  /// - Throws: ``TensorError`` for integers.
  public func doubles() throws(TensorError) -> [Double] {
    elementType == .float64 ? elements(of: Double.self) : try floats().map(Double.init)
  }

  /// Returns the elements of a tensor of signed 32-bit integers.
  ///
  /// - Throws: ``TensorError`` for any other type.
  public func int32s() throws(TensorError) -> [Int32] { try exact(.int32) }

  /// Returns the elements of a tensor of signed 64-bit integers.
  ///
  /// - Throws: ``TensorError`` for any other type.
  public func int64s() throws(TensorError) -> [Int64] { try exact(.int64) }

  /// Returns the elements of a tensor of bytes.
  ///
  /// - Throws: ``TensorError`` for any other type.
  public func uint8s() throws(TensorError) -> [UInt8] { try exact(.uint8) }

  /// Returns the elements of a tensor of unsigned 32-bit integers.
  ///
  /// - Throws: ``TensorError`` for any other type.
  public func uint32s() throws(TensorError) -> [UInt32] { try exact(.uint32) }

  /// Returns the elements of a tensor of unsigned 64-bit integers.
  ///
  /// - Throws: ``TensorError`` for any other type.
  public func uint64s() throws(TensorError) -> [UInt64] { try exact(.uint64) }

  /// Returns the index of the first weight that is infinite or NaN, or `nil`.
  ///
  /// - Precondition: The elements are f32, f16 or bf16.
  public func firstNonFinite() -> Int? {
    guard let type = WeightType(elementType) else { preconditionFailure("a tensor of weights") }
    let found = withAlignedBytes { bytes in
      bytes.baseAddress.map { wina_first_nonfinite($0, type.rawValue, count) } ?? count
    }
    return found < count ? found : nil
  }

  /// Returns whether two tensors have the same type, shape and bytes.
  public func hasSameBytes(as other: Tensor) -> Bool {
    guard elementType == other.elementType, shape == other.shape else { return false }
    return withBytes { a in other.withBytes { b in a.elementsEqual(b) } }
  }

  private func exact<Element: BitwiseCopyable>(
    _ wanted: ElementType
  ) throws(TensorError) -> [Element] {
    guard elementType == wanted else { throw wrongType(wanted.rawValue) }
    return elements(of: Element.self)
  }

  private func wrongType(_ wanted: String) -> TensorError {
    .mismatch(
      "the elements of a tensor of shape \(shape) are \(elementType.rawValue), not \(wanted)")
  }

  /// Copies the bytes into an array of a trivial type of the same width.
  private func elements<Element: BitwiseCopyable>(of type: Element.Type) -> [Element] {
    let count = self.count
    return withBytes { bytes in
      [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        initialized = count
      }
    }
  }
}
