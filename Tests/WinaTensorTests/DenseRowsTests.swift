import Synchronization
import Testing
import WinaTensor
import WinaTestSupport

/// Products of f64 rows against the loops that they are defined by, bit for bit.
@Suite("Dense rows") struct DenseRowsTests {
  private func normals(_ count: Int, seed: UInt64) -> [Double] {
    var random = SeededGenerator(seed: seed)
    return random.normals(count).map(Double.init)
  }

  /// Eight sums over every eighth column, added by fours and pairs.
  private func product(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
    var sums = [Double](repeating: 0, count: 8)
    for (index, pair) in zip(a, b).enumerated() { sums[index % 8] += pair.0 * pair.1 }
    return ((sums[0] + sums[4]) + (sums[1] + sums[5]))
      + ((sums[2] + sums[6]) + (sums[3] + sums[7]))
  }

  private func row(_ x: [Double], _ index: Int, _ columns: Int) -> ArraySlice<Double> {
    x[(index * columns)..<((index + 1) * columns)]
  }

  @Test(arguments: [
    (1, 1, 1), (3, 7, 5), (5, 8, 4), (19, 33, 9), (64, 300, 13), (131, 1031, 6), (2, 515, 3),
  ])
  func productsAndCombinationsAreTheirDefinitions(rows: Int, columns: Int, vectors: Int) {
    let x = normals(rows * columns, seed: 1)
    let v = normals(vectors * columns, seed: 2)
    let w = normals(vectors * rows, seed: 3)
    let products = (0..<vectors).flatMap { vector in
      (0..<rows).map { product(row(x, $0, columns), row(v, vector, columns)) }
    }
    let combinations = (0..<vectors).flatMap { vector in
      (0..<columns).map { column in
        (0..<rows).reduce(0.0) { $0 + w[vector * rows + $1] * x[$1 * columns + column] }
      }
    }
    for level in Kernels.availableLevels {
      for threads in [1, 2, 5] {
        Kernels.withLevel(level) {
          let dense = DenseRows(x, columns: columns, threads: threads)
          #expect(dense.products(with: v) == products, "\(level), \(threads) threads")
          #expect(dense.combinations(w) == combinations, "\(level), \(threads) threads")
          #expect(
            DenseRows.products(of: x, columns: columns, with: Array(row(v, 0, columns)))
              == Array(products[..<rows]))
        }
      }
    }
  }

  @Test func appendedRowsCount() {
    let x = normals(40, seed: 4)
    let dense = DenseRows(Array(x[..<10]), columns: 5)
    dense.append(Array(x[10...]))
    #expect(dense.count == 8)
    let v = normals(5, seed: 5)
    #expect(dense.products(with: v) == DenseRows(x, columns: 5).products(with: v))
    #expect(DenseRows([], columns: 5).products(with: v).isEmpty)
  }
}

@Suite("Values that are computed side by side") struct ConcurrentMapTests {
  private struct Fault: Error, Equatable { let index: Int }

  private final class Tally: Sendable {
    private let numbers = Mutex<[Int]>([])
    var sorted: [Int] { numbers.withLock { $0.sorted() } }
    func note(_ number: Int) { numbers.withLock { $0.append(number) } }
  }

  @Test(arguments: [0, 1, 2, 100], [1, 3])
  func valuesComeInOrder(count: Int, threads: Int) throws {
    let done = Tally()
    let values = try concurrentMap(count, threads: threads, progress: { done.note($0) }) { $0 * $0 }
    #expect(values == (0..<count).map { $0 * $0 })
    #expect(done.sorted == Array(0..<count).map { $0 + 1 })
  }

  @Test(arguments: [1, 4])
  func aFailureStopsTheRestAndIsThrown(threads: Int) {
    let begun = Tally()
    #expect(throws: Fault(index: 3)) {
      try concurrentMap(10_000, threads: threads) { index in
        begun.note(index)
        if index == 3 { throw Fault(index: index) }
        return index
      }
    }
    if threads == 1 { #expect(begun.sorted == [0, 1, 2, 3]) }
  }
}
