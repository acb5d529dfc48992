import Glibc

/// How positions turn queries and keys (rotary position embedding, arXiv 2104.09864).
public struct RotaryEmbedding: Sendable, Hashable {
  /// How the frequencies were stretched for longer contexts.
  public enum Scaling: Sendable, Hashable {
    /// The frequencies as they are.
    case none
    /// All frequencies divided by a factor.
    case linear(factor: Double)
    /// Llama 3: long waves divided by a factor, short ones kept, those between interpolated.
    case llama3(factor: Double, low: Double, high: Double, originalContext: Double)
    /// YaRN (arXiv 2309.00071): pairs below `low` kept, above `high` divided, those between mixed.
    case yarn(factor: Double, low: Double, high: Double)
  }

  /// The base θ of the geometric series of frequencies.
  public var base: Double
  /// The width R ≤ E of the part of a head that is turned; the rest stays as it is.
  public var width: Int
  /// How the frequencies were stretched.
  public var scaling: Scaling
  /// The factor on cosines and sines; 1 but for YaRN.
  public var magnitude: Double

  /// Makes an embedding.
  public init(base: Double, width: Int, scaling: Scaling = .none, magnitude: Double = 1) {
    self.base = base
    self.width = width
    self.scaling = scaling
    self.magnitude = magnitude
  }

  /// Returns the angle per position of each of the R/2 pairs of a head.
  public func frequencies() -> [Double] {
    (0..<width / 2).map { pair in
      let frequency = pow(base, -2 * Double(pair) / Double(width))
      switch scaling {
      case .none: return frequency
      case .linear(let factor): return frequency / factor
      case .llama3(let factor, let low, let high, let context):
        let wave = 2 * Double.pi / frequency
        if wave < context / high { return frequency }
        if wave > context / low { return frequency / factor }
        let share = (context / wave - low) / (high - low)
        return (1 - share) * frequency / factor + share * frequency
      case .yarn(let factor, let low, let high):
        let share = min(1, max(0, (Double(pair) - low) / (high - low)))
        return share * frequency / factor + (1 - share) * frequency
      }
    }
  }

  /// Returns cosines and sines of positions 0 ..< `positions`, each [positions, R/2].
  ///
  /// Frequencies and angles are rounded to f32 first, as the models were trained.
  func angles(positions: Int) -> (cosines: [Float], sines: [Float]) {
    let frequencies = frequencies().map(Float.init)
    var cosines: [Float] = []
    var sines: [Float] = []
    cosines.reserveCapacity(positions * frequencies.count)
    sines.reserveCapacity(positions * frequencies.count)
    for position in 0..<positions {
      for frequency in frequencies {
        let angle = Double(Float(position) * frequency)
        cosines.append(Float(cos(angle) * magnitude))
        sines.append(Float(sin(angle) * magnitude))
      }
    }
    return (cosines, sines)
  }
}
