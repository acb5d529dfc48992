/// How features are put into clusters.
public enum ClusterMethod: Sendable, Equatable {
  /// k-means++, plain or on directions.
  case kmeans(KMeansOptions)
  /// Merging two nearest clusters at a time.
  case agglomerative(k: Int, linkage: Linkage)

  /// The number of clusters.
  public var k: Int {
    switch self {
    case .kmeans(let options): options.k
    case .agglomerative(let k, _): k
    }
  }

  /// The seed, where chance takes part.
  public var seed: UInt64? {
    if case .kmeans(let options) = self { options.seed } else { nil }
  }

  /// The algorithm's name.
  public var algorithm: ClusterAlgorithm {
    switch self {
    case .kmeans(let options): options.isSpherical ? .sphericalKMeans : .kmeans
    case .agglomerative: .agglomerative
    }
  }
}
