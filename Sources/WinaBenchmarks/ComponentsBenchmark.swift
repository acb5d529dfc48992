import WinaPipeline
import WinaSparsity

/// Fifty principal components of 3,200 rows of 8,192 values, as many as the samples and channels of a
/// small study, against scikit-learn's or else against reading the rows once.
enum ComponentsBenchmark: Benchmark {
  static let name = "components"

  private static let count = 3200
  private static let columns = 8192
  private static let limit = 50

  static func cases() throws -> [BenchmarkCase] {
    let folder = try BenchmarkFolder()
    let rows = mixtures()
    let path = "\(folder.path)/rows"
    try RowsPeer.write(rows, to: path)
    return try [1, 2].map { try makeCase(rows, path, threads: $0, folder) }
  }

  private static func makeCase(
    _ rows: [Double], _ path: String, threads: Int, _ folder: BenchmarkFolder
  ) throws -> BenchmarkCase {
    func fit() -> PrincipalComponents {
      PrincipalComponents(rows: rows, count: count, limit: limit, threads: threads)
    }
    // The peer fails where it finds other variances.
    let variance = fit().variances.reduce(0, +)
    let peer = try RowsPeer.python.map {
      try PeerDriver(
        name: "scikit-learn", program: $0,
        arguments: [
          RowsPeer.script("components_bench.py"), path, "--dimension", "\(columns)",
          "--components", "\(limit)", "--threads", "\(threads)", "--variance", "\(variance)",
          "--serve",
        ])
    }
    return BenchmarkCase(
      parameters: [
        "rows": .int(count), "columns": .int(columns), "components": .int(limit),
        "threads": .int(threads),
      ], amount: Double(count) / 1e3, unit: "krows/s",
      run: {
        withExtendedLifetime(folder) { seconds { _ = fit() } }
      },
      baselineName: peer == nil
        ? "adding up the rows" : "scikit-learn f64 (ARPACK), \(threads) threads",
      runBaseline: { try peer?.sample() ?? RowsPeer.addUp(rows) }, ratio: .speed)
  }

  /// Rows with variances that fall like a power along hidden directions, in noise.
  private static func mixtures() -> [Double] {
    var numbers = RandomNumbers(seed: 23)
    let hidden = 100
    let directions = (0..<hidden).map { _ in numbers.normals(columns) }
    return (0..<count).flatMap { _ -> [Double] in
      var row = numbers.normals(columns)
      for (index, load) in numbers.normals(hidden).enumerated() {
        let scale = 2 * load / Float(1 + index).squareRoot()
        for column in 0..<columns { row[column] += scale * directions[index][column] }
      }
      return row.map(Double.init)
    }
  }
}
