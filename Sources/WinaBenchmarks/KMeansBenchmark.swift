import WinaPipeline
import WinaSparsity

/// k-means on 20,000 rows of 256 values from given centroids until they rest, against scikit-learn from
/// the same or else against reading the rows once.
///
/// `spread` is the deviation of the centres of the blobs that rows are drawn around, in deviations of a
/// row about its centre.
enum KMeansBenchmark: Benchmark {
  static let name = "kmeans"

  private static let count = 20_000
  private static let dimension = 256
  private static let k = 16

  static func cases() throws -> [BenchmarkCase] {
    let folder = try BenchmarkFolder()
    return try [Float(0.5), 3].flatMap { spread in
      let rows = blobs(spread: spread)
      let path = "\(folder.path)/rows-\(spread)"
      try RowsPeer.write(rows, to: path)
      return try [1, 2].map { try makeCase(rows, path, spread, threads: $0, folder) }
    }
  }

  private static func makeCase(
    _ rows: [Double], _ path: String, _ spread: Float, threads: Int, _ folder: BenchmarkFolder
  ) throws -> BenchmarkCase {
    let starts = Array(rows[..<(k * dimension)])
    let options = KMeansOptions(k: k, seed: 1)
    func fit(_ threads: Int) throws -> KMeans {
      try KMeans.refine(
        rows, from: starts, dimension: dimension, options: options, threads: threads)
    }
    let found = try fit(threads)
    guard try fit(threads + 1) == found else {
      throw BenchmarkError(description: "kmeans: clusters depend on the number of threads")
    }
    // The peer fails where it ends in other clusters.
    let peer = try RowsPeer.python.map {
      try PeerDriver(
        name: "scikit-learn", program: $0,
        arguments: [
          RowsPeer.script("kmeans_bench.py"), path, "--dimension", "\(dimension)", "--clusters",
          "\(k)", "--threads",
          "\(threads)", "--inertia", "\(found.inertia)", "--serve",
        ])
    }
    return BenchmarkCase(
      parameters: [
        "rows": .int(count), "dimension": .int(dimension), "clusters": .int(k),
        "threads": .int(threads), "spread": .double(Double(spread)),
      ], amount: Double(count) / 1e6, unit: "Mrows/s",
      run: {
        try withExtendedLifetime(folder) { try seconds { _ = try fit(threads) } }
      },
      baselineName: peer == nil ? "adding up the rows" : "scikit-learn f64, \(threads) threads",
      runBaseline: { try peer?.sample() ?? RowsPeer.addUp(rows) }, ratio: .speed)
  }

  private static func blobs(spread: Float) -> [Double] {
    var numbers = RandomNumbers(seed: 17)
    let centres = numbers.normals(k * dimension)
    return (0..<count).flatMap { _ -> [Double] in
      let start = Int.random(in: 0..<k, using: &numbers) * dimension
      return numbers.normals(dimension).enumerated().map { column, noise in
        Double(spread * centres[start + column] + noise)
      }
    }
  }
}
