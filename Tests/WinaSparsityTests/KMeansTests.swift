import Testing
import WinaSparsity
import WinaTensor
import WinaTestSupport

/// k-means has the same bits however many threads share it, and whatever they are made of.
@Suite("k-means") struct KMeansTests {
  /// Rows about a few centres, more values than one thread is given.
  private static let rows: [Double] = {
    var random = SeededGenerator(seed: 8)
    let centres = random.normals(5 * 24, deviation: 2)
    return (0..<12_000).flatMap { row in
      random.normals(24).enumerated().map { column, noise in
        Double(centres[row % 5 * 24 + column] + noise)
      }
    }
  }()

  private func fit(
    _ options: KMeansOptions, threads: Int, level: KernelLevel = Kernels.level
  ) throws -> KMeans {
    try Kernels.withLevel(level) {
      try KMeans.fit(Self.rows, dimension: 24, options: options, threads: threads)
    }
  }

  @Test(arguments: [false, true], [20_000, 1000])
  func clustersDoNotDependOnThreadsOrKernels(isSpherical: Bool, batchAbove: Int) throws {
    let options = KMeansOptions(
      k: 9, seed: 2, initialisations: 1, maximumIterations: 3, isSpherical: isSpherical,
      batchAbove: batchAbove)
    let one = try fit(options, threads: 1, level: .portable)
    for level in Kernels.availableLevels {
      for threads in [1, 3] {
        #expect(try fit(options, threads: threads, level: level) == one)
      }
    }
  }

  @Test func refinementStartsAtTheGivenCentroids() throws {
    let options = KMeansOptions(k: 1, seed: 1, tolerance: 0)
    let starts = Array(Self.rows[..<(5 * 24)])
    let found = try KMeans.refine(
      Self.rows, from: starts, dimension: 24, options: options, threads: 3)
    #expect(found.labels.prefix(300).enumerated().allSatisfy { $1 == found.labels[$0 % 5] })
    #expect(Set(found.labels) == [0, 1, 2, 3, 4])
    // Centroids that rest stay.
    let again = try KMeans.refine(
      Self.rows, from: found.centroids, dimension: 24, options: options)
    #expect(again == found)
  }

  @Test func aCentroidWithoutRowsRestartsAtTheFarthestRow() throws {
    let rows: [Double] = [0, 1, 2, 10, 11, 40]
    let found = try KMeans.refine(
      rows, from: [1, 10, -1e9], dimension: 1, options: KMeansOptions(k: 3, seed: 1))
    #expect(found.labels == [0, 0, 0, 1, 1, 2])
    #expect(found.centroids == [1, 10.5, 40])
    #expect(found.inertia == 2.5)
  }

  @Test func impossibleStartsAreErrors() {
    let options = KMeansOptions(k: 1, seed: 1)
    for (rows, starts, dimension) in [
      ([1, 2, 3], [1], 2), ([1, 2, 3, 4], [1], 2), ([1, 2], [.nan], 1), ([1, 2], [.infinity], 1),
      ([1, .infinity], [1], 1), ([1, 2], [], 1), ([1, 1], [1, 2], 1), ([], [1], 1), ([1], [1], 0),
    ] as [([Double], [Double], Int)] {
      #expect(throws: SparsityError.self) {
        try KMeans.refine(rows, from: starts, dimension: dimension, options: options)
      }
    }
  }
}
