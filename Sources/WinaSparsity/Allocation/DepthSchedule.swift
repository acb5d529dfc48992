import Foundation

/// Sparsity that follows depth along a logistic curve.
///
/// Layer l of L has Λ / (1 + exp(−slope · (x − centre))) with x = l / (L − 1) from 0 to 1, at most
/// ``largest``; Λ is chosen so that the mean over layers is the target.
///
/// ### References
/// SEAP, [arXiv:2503.07605](https://arxiv.org/abs/2503.07605).
public struct DepthSchedule: Codable, Sendable, Equatable {
  /// Where along the depth the curve is half of its height.
  public var centre: Double
  /// How steep it is; 0 is uniform.
  public var slope: Double
  /// How many of the last layers stay dense.
  public var denseLast: Int

  /// The largest sparsity of a layer.
  public static let largest = 0.95

  /// Makes a schedule; the defaults are SEAP's.
  public init(centre: Double = 0.3, slope: Double = 1, denseLast: Int = 0) {
    self.centre = centre
    self.slope = slope
    self.denseLast = denseLast
  }

  /// Returns the sparsity of every layer for a mean.
  ///
  /// Layers have equally many weights, so that their mean is the model's sparsity.
  ///
  /// - Throws: ``SparsityError`` (`outOfRange`) for a mean that even ``largest`` everywhere misses.
  public func sparsities(layers: Int, target: Double) throws -> [Double] {
    let gated = max(0, layers - max(0, denseLast))
    let reachable = Self.largest * Double(gated) / Double(max(layers, 1))
    guard target <= reachable else {
      throw SparsityError.range(
        "the sparsity of a depth schedule with \(denseLast) dense layers", "\(target)",
        expected: "0…\(reachable)")
    }
    let shape = (0..<layers).map { layer -> Double in
      guard layer < gated else { return 0 }
      let depth = layers > 1 ? Double(layer) / Double(layers - 1) : 0
      return 1 / (1 + exp(-slope * (depth - centre)))
    }
    func mean(_ height: Double) -> Double {
      shape.reduce(0) { $0 + min(Self.largest, height * $1) } / Double(layers)
    }
    var (low, high) = (0.0, 1.0)
    while mean(high) < target, high < 1e12 { high *= 2 }
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if mean(middle) < target { low = middle } else { high = middle }
    }
    return shape.map { min(Self.largest, high * $0) }
  }
}
