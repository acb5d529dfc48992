import CWinaKernels

/// The rows of a pass that attend, and where they stand in their sequence.
public struct AttentionRows: Sendable {
  /// Where the queries are: a row a token, H·E wide.
  public var queries: MatrixLayout
  /// Where the outputs go: a row a token, H·E wide.
  public var outputs: MatrixLayout
  /// The position of the first row.
  public var firstPosition: Int
  /// The number of positions that a row sees, itself included; `nil` is all before it.
  public var window: Int?
  /// The factor on scores before the softmax.
  public var scale: Float

  /// Describes rows.
  public init(
    queries: MatrixLayout, outputs: MatrixLayout, firstPosition: Int, window: Int?, scale: Float
  ) {
    self.queries = queries
    self.outputs = outputs
    self.firstPosition = firstPosition
    self.window = window
    self.scale = scale
  }

  /// The first position that a row sees.
  func start(of row: Int) -> Int { window.map { max(0, firstPosition + row + 1 - $0) } ?? 0 }
}

extension ProductEngine {
  /// The rows of one head that attend together: enough for an efficient product, few enough to compute
  /// few scores that are masked, and to keep memory linear in the context.
  private static let blockRows = 32

  /// Causal attention: softmax(scale · Q · Kᵀ) · V for every head.
  ///
  /// A row's result does not depend on the other rows, nor on how the positions are divided among
  /// blocks. Cost: O(rows · positions · H · E) operations, O(positions) memory.
  ///
  /// - Parameters:
  ///   - source: Holds the queries.
  ///   - rows: Which rows attend to what.
  ///   - blocks: Keys and values of all positions up to the last row's, one block after the other.
  ///   - target: Receives the heads' outputs.
  public func attend(
    _ source: [Float], _ rows: AttentionRows, _ blocks: [KeyValueBlock], into target: inout [Float]
  ) {
    guard let first = blocks.first, rows.queries.rows > 0 else { return }
    let groupSize = rows.queries.columns / (first.heads * first.size)
    precondition(rows.queries.columns == groupSize * first.heads * first.size)
    precondition(rows.outputs.columns == rows.queries.columns)
    precondition(rows.queries.fits(source.count) && rows.outputs.fits(target.count))
    let positions = blocks.reduce(0) { $0 + $1.count }
    precondition(positions == rows.firstPosition + rows.queries.rows, "keys of every position")
    let job = AttentionJob(
      rows: rows, blocks: blocks, groupSize: groupSize, size: first.size,
      blockRows: min(Self.blockRows, rows.queries.rows))
    let work = rows.queries.rows * positions * first.size * groupSize * first.heads
    let threads = work > 1 << 18 && first.heads > 1 ? team.count : 1
    for thread in 0..<threads { reserve(thread, job.scratchCount(positions)) }
    source.withUnsafeBufferPointer { source in
      target.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        let body = { (thread: Int, heads: Range<Int>) in
          for head in heads { job.run(head, source, target, self.scratchMemory(thread)) }
        }
        if threads == 1 {
          body(0, 0..<first.heads)
        } else {
          team.run(over: 0..<first.heads, grain: 1, body)
        }
      }
    }
  }
}

/// Attention of the query heads that share one head of keys and values.
private struct AttentionJob {
  let rows: AttentionRows
  let blocks: [KeyValueBlock]
  /// The query heads of a group.
  let groupSize: Int
  /// The width of a head, E.
  let size: Int
  let blockRows: Int

  /// Queries, outputs and scores of a block of rows, and what products need.
  func scratchCount(_ positions: Int) -> Int {
    let most = groupSize * blockRows
    return most * (2 * size + positions + 48) + most * max(size, positions) + 64
      + wina_product_scratch(most)
  }

  func run(
    _ head: Int, _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    for start in Swift.stride(from: 0, to: rows.queries.rows, by: blockRows) {
      let count = min(blockRows, rows.queries.rows - start)
      run(head, start..<(start + count), source, target, scratch)
    }
  }

  private func run(
    _ head: Int, _ part: Range<Int>, _ source: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let total = groupSize * part.count
    let low = rows.start(of: part.lowerBound)
    let high = rows.firstPosition + part.upperBound
    let stride = (high - low + 31) / 32 * 32 + 16
    let queries = scratch
    let outputs = queries + total * size
    let scores = outputs + total * size
    let packed = scores + total * stride
    let rest = packed + total * max(size, high - low)
    copy(head, part, from: source, to: queries)
    let queryTiles = interleave(queries, total, size, size, into: packed)
    visit(low..<high) { block, range, column in
      wina_product(
        queries, total, size, size, queryTiles, block.key(head, position: range.lowerBound),
        WeightType.float32.rawValue, block.capacity, range.count, scores + column, stride, rest, 0)
    }
    softmax(scores, stride, columns: high - low, part, low: low)
    visit(low..<high) { block, range, column in
      let weights = scores + column
      wina_product(
        weights, total, range.count, stride,
        interleave(weights, total, range.count, stride, into: packed),
        block.values(head) + range.lowerBound * size, WeightType.float32.rawValue, size, size,
        outputs, size, rest, column == 0 ? 0 : 1)
    }
    copy(head, part, outputs, to: target)
  }

  /// Interleaves rows for tiles, or returns `nil` where there are too few.
  private func interleave(
    _ x: UnsafePointer<Float>, _ rows: Int, _ columns: Int, _ stride: Int,
    into packed: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float>? {
    let tile = wina_tile_rows(rows)
    guard tile > 0 else { return nil }
    wina_interleave(x, rows, columns, stride, tile, 0, rows, packed)
    return UnsafePointer(packed)
  }

  /// Calls a closure with every block that has some of the positions: its positions, counted from its
  /// own first, and the column at which they begin.
  private func visit(_ positions: Range<Int>, _ body: (KeyValueBlock, Range<Int>, Int) -> Void) {
    var first = 0
    for block in blocks {
      let range = positions.clamped(to: first..<(first + block.count))
      if !range.isEmpty {
        body(
          block, (range.lowerBound - first)..<(range.upperBound - first),
          range.lowerBound - positions.lowerBound)
      }
      first += block.count
    }
  }

  private func softmax(
    _ scores: UnsafeMutablePointer<Float>, _ stride: Int, columns: Int, _ part: Range<Int>,
    low: Int
  ) {
    var starts: [Int32] = []
    var ends: [Int32] = []
    for _ in 0..<groupSize {
      for row in part {
        starts.append(Int32(rows.start(of: row) - low))
        ends.append(Int32(rows.firstPosition + row + 1 - low))
      }
    }
    wina_softmax_spans(
      scores, starts.count, columns, stride, starts, ends, rows.scale)
  }

  /// Puts the queries of a group's heads one below the other.
  private func copy(
    _ head: Int, _ part: Range<Int>, from source: UnsafePointer<Float>,
    to queries: UnsafeMutablePointer<Float>
  ) {
    var to = queries
    for member in 0..<groupSize {
      for row in part {
        to.update(
          from: source + rows.queries.offset + row * rows.queries.stride
            + (head * groupSize + member) * size, count: size)
        to += size
      }
    }
  }

  /// Puts the outputs of a group's heads where they belong.
  private func copy(
    _ head: Int, _ part: Range<Int>, _ outputs: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) {
    var from = outputs
    for member in 0..<groupSize {
      for row in part {
        (target + rows.outputs.offset + row * rows.outputs.stride
          + (head * groupSize + member) * size).update(from: from, count: size)
        from += size
      }
    }
  }
}
