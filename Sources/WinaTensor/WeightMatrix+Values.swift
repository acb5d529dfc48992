extension WeightMatrix {
  /// Makes a matrix of f32 weights from its own order, [inputs, outputs].
  ///
  /// - Precondition: There is one value a weight.
  public init(inputMajor values: [Float], inputs: Int, outputs: Int) {
    precondition(values.count == inputs * outputs, "one value a weight")
    self.init(inputs: inputs, outputs: outputs, type: .float32)
    values.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      for input in 0..<inputs {
        pointer(input: input, output: 0).copyMemory(
          from: start + input * outputs * 4, byteCount: outputs * 4)
      }
    }
  }

  /// Returns all weights as f32 in the matrix's own order, [inputs, outputs].
  public func inputMajorValues() -> [Float] {
    var line = [Float](repeating: 0, count: outputs)
    var values: [Float] = []
    values.reserveCapacity(inputs * outputs)
    for input in 0..<inputs {
      type.convert(pointer(input: input, output: 0), into: &line)
      values += line
    }
    return values
  }
}
