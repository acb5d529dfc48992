import Foundation

/// Finds the temperature at which a router's probabilities are right on average.
///
/// ### References
/// Guo, Pleiss, Sun & Weinberger, *On Calibration of Modern Neural Networks*, 2017.
public enum TemperatureScaling {
  /// The temperatures that are tried; beyond them nothing changes that could be measured.
  public static let range = 0.05...20.0

  /// Returns the temperature T in ``range`` that minimises the negative log-likelihood of
  /// softmax(z / T).
  ///
  /// The loss is convex in 1/T; its derivative is bisected. Inputs whose cluster the router never
  /// predicts do not count. Without any other the temperature is 1; where a lower temperature is always
  /// better, as when every prediction is right, it is the least.
  ///
  /// - Parameters:
  ///   - logits: The logits of every input.
  ///   - labels: The cluster of every input.
  public static func fit(logits: [[Double]], labels: [Int]) -> Double {
    let known = labels.indices.filter { logits[$0][labels[$0]] > Router.absent / 2 }
    guard !known.isEmpty else { return 1 }
    func slope(_ inverse: Double) -> Double {
      known.reduce(0) { sum, index in
        let z = logits[index]
        let probabilities = Softmax.probabilities(z.map { $0 * inverse })
        let expected = z.indices.reduce(0.0) {
          probabilities[$1] == 0 ? $0 : $0 + probabilities[$1] * z[$1]
        }
        return sum + expected - z[labels[index]]
      }
    }
    var (low, high) = (1 / range.upperBound, 1 / range.lowerBound)
    if abs(slope(1)) <= 1e-12 * Double(known.count) { return 1 }
    if slope(low) >= 0 { return range.upperBound }
    if slope(high) <= 0 { return range.lowerBound }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if slope(middle) > 0 { high = middle } else { low = middle }
    }
    return 2 / (low + high)
  }
}

extension Router {
  /// Returns the router with the temperature that fits inputs it was not trained on.
  ///
  /// Predictions stay the same, only their probabilities change. `regret` stays as it is, whose
  /// probabilities are not those of clusters.
  ///
  /// - Throws: ``SparsityError`` as ``predict(_:)``, and for labels out of range.
  public func calibrated(_ rows: FeatureRows, labels: [Int]) throws -> Router {
    guard rows.count == labels.count else {
      throw SparsityError.shape("calibration labels", have: labels.count, expected: rows.count)
    }
    if let label = labels.first(where: { !(0..<summary.classes).contains($0) }) {
      throw SparsityError.range("a router label", "\(label)", expected: "0..<\(summary.classes)")
    }
    guard !summary.isMajority, summary.model != .regret else { return self }
    let logits = try (0..<rows.count).map { try self.logits(of: rows.vector($0)) }
    var router = self
    router.summary.temperature = TemperatureScaling.fit(logits: logits, labels: labels)
    return router
  }
}
