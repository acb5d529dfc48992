import CWinaKernels

/// The precision in which weights are stored.
public enum WeightType: Int32, Sendable, Hashable {
  case float32 = 0
  case bfloat16 = 1
  case float16 = 2

  /// The type that stores elements of a tensor, or `nil` where they are no weights.
  public init?(_ elementType: ElementType) {
    switch elementType {
    case .float32: self = .float32
    case .bfloat16: self = .bfloat16
    case .float16: self = .float16
    default: return nil
    }
  }

  /// The size of a weight in bytes.
  public var byteCount: Int { self == .float32 ? 4 : 2 }
}

extension WeightType {
  /// Converts stored weights to f32.
  func convert(_ source: UnsafeRawPointer, into values: UnsafeMutableBufferPointer<Float>) {
    guard let target = values.baseAddress else { return }
    switch self {
    case .float32:
      target.update(from: source.assumingMemoryBound(to: Float.self), count: values.count)
    case .bfloat16:
      wina_bfloat_to_float(source.assumingMemoryBound(to: UInt16.self), target, values.count)
    case .float16:
      wina_half_to_float(source.assumingMemoryBound(to: UInt16.self), target, values.count)
    }
  }

  /// Converts stored weights to f32.
  func convert(_ source: UnsafeRawPointer, into values: inout [Float]) {
    values.withUnsafeMutableBufferPointer { convert(source, into: $0) }
  }
}

/// The weights of a linear map, input-major: the weights of one input lie side by side.
///
/// That is the order in which a column-sparse product skips inputs and a dense one reads everything,
/// so one copy serves both. Weights stay in the precision in which they are stored; products convert
/// them on the way.
public struct WeightMatrix: Sendable {
  /// The number of inputs, which are rows here.
  public let inputs: Int
  /// The number of outputs, which are columns here.
  public let outputs: Int
  /// The precision of the weights.
  public let type: WeightType
  /// The weights from one input to the next.
  let stride: Int
  private let buffer: AlignedBuffer

  /// What products may read behind the last weight.
  static let slack = 32

  init(inputs: Int, outputs: Int, type: WeightType) {
    self.inputs = inputs
    self.outputs = outputs
    self.type = type
    stride = (outputs + 31) / 32 * 32
    buffer = AlignedBuffer(byteCount: (inputs * stride + Self.slack) * type.byteCount)
  }

  /// The bytes that the weights take.
  public var byteCount: Int { buffer.byteCount }

  func pointer(input: Int = 0, output: Int) -> UnsafeMutableRawPointer {
    buffer.base + (input * stride + output) * type.byteCount
  }

  /// Returns the Euclidean norm of the weights of every input over some outputs, summed in f64.
  ///
  /// These are the column norms ‖W[:, i]‖₂ of the checkpoint's matrix [outputs, inputs].
  public func inputNorms(outputs range: Range<Int>) -> [Float] {
    precondition(range.lowerBound >= 0 && range.upperBound <= outputs, "outputs of the matrix")
    return [Float](unsafeUninitializedCapacity: inputs) { norms, initialized in
      if let norms = norms.baseAddress {
        wina_input_norms(
          pointer(output: range.lowerBound), type.rawValue, inputs, stride, range.count, norms)
      }
      initialized = inputs
    }
  }

  /// Returns some outputs' weights as f32 in the checkpoint's order, [outputs, inputs].
  public func rows(_ range: Range<Int>) -> [Float] {
    precondition(range.lowerBound >= 0 && range.upperBound <= outputs, "outputs of the matrix")
    var line = [Float](repeating: 0, count: range.count)
    var values = [Float](repeating: 0, count: range.count * inputs)
    for input in 0..<inputs {
      type.convert(pointer(input: input, output: range.lowerBound), into: &line)
      for (row, value) in line.enumerated() { values[row * inputs + input] = value }
    }
    return values
  }

  /// Returns the matrix of some inputs and some outputs alone, in the given order.
  ///
  /// - Precondition: Every index is an input or an output.
  public func gathering(inputs kept: [Int], outputs wanted: [Int]) -> WeightMatrix {
    precondition(kept.allSatisfy { (0..<inputs).contains($0) }, "an input of the matrix")
    precondition(wanted.allSatisfy { (0..<outputs).contains($0) }, "an output of the matrix")
    let result = WeightMatrix(inputs: kept.count, outputs: wanted.count, type: type)
    for (row, input) in kept.enumerated() {
      for (column, output) in wanted.enumerated() {
        result.pointer(input: row, output: column).copyMemory(
          from: pointer(input: input, output: output), byteCount: type.byteCount)
      }
    }
    return result
  }

  /// Returns the matrix of some inputs alone, in the given order.
  ///
  /// - Precondition: Every index is an input.
  public func gathering(inputs kept: [Int], outputs range: Range<Int>) -> WeightMatrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= outputs, "outputs of the matrix")
    let result = WeightMatrix(inputs: kept.count, outputs: range.count, type: type)
    for (index, input) in kept.enumerated() {
      precondition(input >= 0 && input < inputs, "an input of the matrix")
      result.pointer(input: index, output: 0).copyMemory(
        from: pointer(input: input, output: range.lowerBound),
        byteCount: range.count * type.byteCount)
    }
    return result
  }
}
