import WinaSparsity

/// What was measured of a clustering on the samples that were grouped.
public struct ClusteringReport: Codable, Sendable, Equatable {
  /// Silhouette and other indices, for groups of features.
  public var validity: ClusterValidity?
  /// Adjusted Rand indices of pairs of subsamples, for k-means.
  public var stability: [Double]?
  /// The routing tokens of each group.
  public var tokens: [Int]?
  /// The share of the variance of length that groups explain (η²).
  public var lengthShare: Double?
  /// The numbers of groups that were tried, where one was chosen.
  public var candidates: [ClusterCountCandidate]?
  /// By what it was chosen.
  public var rule: ClusterCountRule?

  /// Makes a report of nothing.
  public init() {}
}
