/// Where an input is routed.
public struct RoutePrediction: Codable, Sendable, Equatable {
  /// The most probable cluster; equal probabilities go to the lower number.
  public let cluster: Int
  /// The probability of every cluster.
  public let probabilities: [Double]
  /// Whether the input is like no training input; see ``RouterReach``.
  public let isUnknown: Bool

  /// Takes probabilities.
  ///
  /// - Precondition: There is at least one.
  public init(probabilities: [Double], isUnknown: Bool = false) {
    cluster = Self.likeliest(probabilities)
    self.probabilities = probabilities
    self.isUnknown = isUnknown
  }

  /// The probability of the most probable cluster.
  public var confidence: Double { probabilities[cluster] }

  /// The least probable cluster; equal probabilities go to the lower number.
  public var leastProbable: Int {
    probabilities.indices.reduce(0) { probabilities[$1] < probabilities[$0] ? $1 : $0 }
  }

  /// Returns the most probable clusters with their probabilities scaled to sum to 1, likeliest
  /// first.
  ///
  /// - Parameter count: How many, or nil for all.
  public func top(_ count: Int?) -> [(cluster: Int, weight: Double)] {
    let order = probabilities.indices.sorted {
      probabilities[$0] != probabilities[$1] ? probabilities[$0] > probabilities[$1] : $0 < $1
    }
    let kept = order.prefix(max(1, count ?? order.count)).filter { probabilities[$0] > 0 }
    let total = kept.reduce(0) { $0 + probabilities[$1] }
    return kept.map { ($0, probabilities[$0] / total) }
  }

  static func likeliest(_ probabilities: [Double]) -> Int {
    probabilities.indices.reduce(0) { probabilities[$1] > probabilities[$0] ? $1 : $0 }
  }
}
