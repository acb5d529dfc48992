import WinaSparsity
import WinaStatistics

/// What was measured of a clustering on the samples that were grouped.
public struct ClusteringReport: Codable, Sendable, Equatable {
  /// Silhouette and other indices, for groups of features.
  public var validity: ClusterValidity?
  /// Adjusted Rand indices of pairs of subsamples, for k-means.
  public var stability: [Double]?
  /// How halves of samples are placed, where that was asked for.
  public var halves: HalvesReport?
  /// The routing tokens of each group.
  public var tokens: [Int]?
  /// The share of the variance of length that groups explain (η²).
  public var lengthShare: Double?
  /// The numbers of groups that were tried, where one was chosen.
  public var candidates: [ClusterCountCandidate]?
  /// By what it was chosen.
  public var rule: ClusterCountRule?
  /// On how many samples it was chosen.
  public var chosenOn: Int?

  /// Whether the two halves of a sample, every other token each, go to one group.
  public struct HalvesReport: Codable, Sendable, Equatable {
    /// The samples with tokens in both halves.
    public var samples: Int
    /// The share of them whose halves are placed alike.
    public var agreement: Double
    /// The adjusted Rand index of the groups of both halves.
    public var rand: Double
    /// The same with its interval, if there are enough samples.
    public var interval: AgreementEstimate?
    /// The share of halves that are placed as the whole sample is.
    public var withWhole: Double
  }

  /// Makes a report of nothing.
  public init() {}
}
