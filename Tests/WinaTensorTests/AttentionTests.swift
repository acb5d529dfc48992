import Foundation
import Testing
import WinaTensor
import WinaTestSupport

/// Attention against plain f64, and against itself in other parts.
struct AttentionTests {
  /// Heads of a small model and what its rows hold: queries, values, keys.
  private struct Case {
    let heads = 6
    let keyHeads = 2
    let size: Int
    let rows: Int
    let values: [Float]

    init(size: Int, rows: Int) {
      self.size = size
      self.rows = rows
      var generator = SeededGenerator(seed: UInt64(rows))
      values = generator.normals(rows * (heads + 2 * keyHeads) * size)
    }

    var stride: Int { (heads + 2 * keyHeads) * size }

    func layout(_ width: Int, at column: Int, _ range: Range<Int>) -> MatrixLayout {
      MatrixLayout(
        rows: range.count, columns: width, offset: range.lowerBound * stride + column,
        stride: stride)
    }

    /// Runs the rows in parts, the keys of `shared` parts in blocks of their own.
    func run(parts: [Range<Int>], blocks: Int, window: Int?, engine: ProductEngine) -> [Float] {
      var output = [Float](repeating: .nan, count: rows * heads * size)
      let stores = (0..<blocks).map { _ in KeyValueBlock(heads: keyHeads, size: size) }
      for (index, part) in parts.enumerated() {
        stores[min(index, blocks - 1)].append(
          values, keys: layout(keyHeads * size, at: (heads + keyHeads) * size, part),
          values: layout(keyHeads * size, at: heads * size, part), engine: engine)
        engine.attend(
          values,
          AttentionRows(
            queries: layout(heads * size, at: 0, part),
            outputs: MatrixLayout(
              rows: part.count, columns: heads * size,
              offset: part.lowerBound * heads * size),
            firstPosition: part.lowerBound, window: window, scale: 0.4),
          Array(stores.prefix(index + 1)), into: &output)
      }
      return output
    }

    func plain(row: Int, head: Int, window: Int?) -> [Double] {
      let first = window.map { max(0, row + 1 - $0) } ?? 0
      func value(_ row: Int, _ column: Int) -> Double { Double(values[row * stride + column]) }
      let shared = head / (heads / keyHeads)
      let scores = (first...row).map { key in
        (0..<size).reduce(0.0) {
          $0 + value(row, head * size + $1)
            * value(key, (heads + keyHeads + shared) * size + $1)
        } * 0.4
      }
      let peak = scores.max() ?? 0
      let weights = scores.map { exp($0 - peak) }
      let total = weights.reduce(0, +)
      return (0..<size).map { column in
        zip(first...row, weights).reduce(0) {
          $0 + $1.1 / total * value($1.0, (heads + shared) * size + column)
        }
      }
    }
  }

  @Test(arguments: [nil, 1, 12, 40], [(4, 3), (10, 37), (16, 100)])
  func rowsMatchPlainAttention(window: Int?, shape: (Int, Int)) {
    let job = Case(size: shape.0, rows: shape.1)
    onEveryLevel { _ in
      let found = job.run(
        parts: [0..<job.rows], blocks: 1, window: window, engine: ProductEngine())
      for row in 0..<job.rows {
        for head in 0..<job.heads {
          let start = (row * job.heads + head) * job.size
          for (index, exact) in job.plain(row: row, head: head, window: window).enumerated()
          where !(abs(Double(found[start + index]) - exact) < 1e-5) {
            Issue.record("row \(row), head \(head): \(found[start + index]), not \(exact)")
            return
          }
        }
      }
    }
  }

  @Test(arguments: [nil, 9])
  func partsBlocksAndThreadsChangeNoBit(window: Int?) {
    let job = Case(size: 12, rows: 150)
    onEveryLevel { _ in
      let expected = job.run(parts: [0..<150], blocks: 1, window: window, engine: ProductEngine())
      let cuts = [
        [0..<1, 1..<2, 2..<150], [0..<64, 64..<100, 100..<101, 101..<150],
        (0..<150).map { $0..<($0 + 1) },
      ]
      for parts in cuts {
        for blocks in [1, 2, 3] {
          for threads in [1, 2] {
            let found = job.run(
              parts: parts, blocks: blocks, window: window, engine: ProductEngine(threads: threads))
            #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
          }
        }
      }
    }
  }
}
