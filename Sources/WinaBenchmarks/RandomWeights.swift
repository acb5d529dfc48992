import WinaTensor

/// Random weights in large amounts: one block of normal numbers, repeated from other places.
struct RandomWeights {
  private let block: [Float]
  private var position = 0

  init(seed: UInt64, deviation: Float = 0.02) {
    var numbers = RandomNumbers(seed: seed)
    // A prime length, so that rows of no size repeat.
    block = numbers.normals(1_048_573).map { $0 * deviation }
  }

  mutating func values(_ count: Int) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(count)
    while values.count < count {
      let part = block[position...].prefix(count - values.count)
      values += part
      position = part.endIndex == block.endIndex ? 0 : part.endIndex
    }
    return values
  }

  /// Returns a matrix [outputs, inputs] stored in a precision.
  mutating func tensor(_ outputs: Int, _ inputs: Int, _ type: WeightType) -> Tensor {
    let values = values(outputs * inputs)
    let shape = [outputs, inputs]
    switch type {
    case .float32: return Tensor(values, shape: shape)
    case .bfloat16:
      // Rounded to nearest, ties to even.
      let patterns = values.map {
        UInt16(($0.bitPattern &+ 0x7FFF &+ ($0.bitPattern >> 16 & 1)) >> 16)
      }
      return Tensor(patterns: patterns, elementType: .bfloat16, shape: shape)
    case .float16:
      return Tensor(
        patterns: Kernels.floatToHalf(values), elementType: .float16, shape: shape)
    }
  }
}

/// Copies of a matrix, more than the caches hold, used one after the other as the layers of a model
/// are.
final class RotatingMatrices {
  private let matrices: [WeightMatrix]
  /// The first copy as f32, [outputs, inputs], repeated as often.
  let dense: [Float]
  private var next = 0

  /// The bytes of all copies together: well above the last cache.
  private static let bytes = 160 << 20

  init(outputs: Int, inputs: Int, type: WeightType) {
    var weights = RandomWeights(seed: 11)
    let size = outputs * inputs
    let count = max(2, (Self.bytes + size * type.byteCount - 1) / (size * type.byteCount))
    var matrices: [WeightMatrix] = []
    for _ in 0..<count {
      var builder = WeightMatrixBuilder(inputs: inputs, outputs: outputs, type: type)
      builder.place(weights.tensor(outputs, inputs, type), rows: 0..<outputs, at: 0)
      matrices.append(builder.finish())
    }
    self.matrices = matrices
    let copies = max(2, (Self.bytes + size * 4 - 1) / (size * 4))
    var dense = matrices[0].rows(0..<outputs)
    dense.reserveCapacity(size * copies)
    for copy in 1..<copies { dense += matrices[copy % count].rows(0..<outputs) }
    self.dense = dense
  }

  /// The first copy.
  var first: WeightMatrix { matrices[0] }

  /// Returns the next copy.
  func take() -> WeightMatrix {
    next += 1
    return matrices[next % matrices.count]
  }

  /// Returns where the next f32 copy begins.
  func takeDense() -> Int {
    let size = first.inputs * first.outputs
    next += 1
    return next % (dense.count / size) * size
  }
}
