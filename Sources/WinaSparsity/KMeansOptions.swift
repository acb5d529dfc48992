/// How to run k-means.
public struct KMeansOptions: Codable, Sendable, Equatable {
  /// The number of clusters.
  public var k: Int
  /// The seed of the initial centroids.
  public var seed: UInt64
  /// How many starts are tried; the lowest within-cluster sum of squares wins.
  public var initialisations: Int
  /// The most iterations of one start.
  public var maximumIterations: Int
  /// Iteration stops when centroids move less than this share of the mean feature variance.
  public var tolerance: Double
  /// Whether rows and centroids are held to unit length, so that nearness is that of directions.
  public var isSpherical: Bool
  /// The rows above which iterations see a batch of rows instead of all.
  public var batchAbove: Int

  /// Makes options; the defaults are those of the stages.
  public init(
    k: Int, seed: UInt64, initialisations: Int = 20, maximumIterations: Int = 300,
    tolerance: Double = 1e-4, isSpherical: Bool = false, batchAbove: Int = 50_000
  ) {
    self.k = k
    self.seed = seed
    self.initialisations = initialisations
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
    self.isSpherical = isSpherical
    self.batchAbove = batchAbove
  }
}
