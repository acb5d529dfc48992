import CWinaKernels

/// Multiplies rows with weights, on one thread or on several, with the memory that this needs.
///
/// A result's bits depend on its row and its weights alone: not on the rows beside it, the number of
/// threads, or whether inputs that are 0 were skipped. An engine is for one thread at a time.
public final class ProductEngine {
  /// The threads that share a product.
  public let team: ThreadTeam
  private var scratch: [AlignedBuffer]
  /// The rows of a product, interleaved for tiles.
  private var packed = AlignedBuffer(byteCount: 0)

  /// Matrices below this size are not shared: handing over would cost more than it saves.
  private static let sharedBytes = 1 << 20
  /// Loops over fewer values are not shared.
  private static let sharedValues = 1 << 15

  /// Makes an engine.
  ///
  /// - Parameter threads: How many threads share a product, the calling one included.
  public init(threads: Int = 1) {
    team = ThreadTeam(count: threads)
    scratch = (0..<team.count).map { _ in AlignedBuffer(byteCount: 0) }
  }

  /// Y = X · W for some outputs of a matrix.
  ///
  /// - Parameters:
  ///   - x: Holds the rows, as wide as the matrix has inputs.
  ///   - weights: The matrix.
  ///   - outputs: The outputs that are computed.
  ///   - y: Receives the result, which has one column an output.
  /// - Precondition: The layouts fit their arrays and each other.
  public func multiply(
    _ x: [Float], _ lx: MatrixLayout, _ weights: WeightMatrix, outputs: Range<Int>,
    into y: inout [Float], _ ly: MatrixLayout
  ) {
    precondition(lx.columns == weights.inputs && ly.columns == outputs.count && lx.rows == ly.rows)
    precondition(lx.fits(x.count) && ly.fits(y.count), "arrays hold matrices")
    precondition(outputs.lowerBound >= 0 && outputs.upperBound <= weights.outputs)
    guard lx.rows > 0, !outputs.isEmpty else { return }
    x.withUnsafeBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        let packed = interleave(x + lx.offset, lx)
        share(outputs, inputs: lx.columns, type: weights.type, rows: lx.rows) { thread, part in
          wina_product(
            x + lx.offset, lx.rows, lx.columns, lx.stride, packed,
            weights.pointer(output: part.lowerBound), weights.type.rawValue, weights.stride,
            part.count, y + ly.offset + part.lowerBound - outputs.lowerBound, ly.stride,
            self.scratch[thread].floats(), 0)
        }
      }
    }
  }

  /// y = W · x for one row of which only the listed inputs count.
  ///
  /// - Parameters:
  ///   - kept: The values and the inputs that they belong to, in ascending order.
  ///   - y: Receives one value an output from `offset` on.
  public func multiply(
    _ kept: CompactRow, _ weights: WeightMatrix, outputs: Range<Int>, into y: inout [Float],
    at offset: Int
  ) {
    precondition(kept.width == weights.inputs, "one input a weight")
    precondition(outputs.lowerBound >= 0 && outputs.upperBound <= weights.outputs)
    precondition(offset >= 0 && offset + outputs.count <= y.count, "the result has room")
    y.withUnsafeMutableBufferPointer { y in
      guard let y = y.baseAddress else { return }
      kept.values.withUnsafeBufferPointer { values in
        kept.columns.withUnsafeBufferPointer { columns in
          share(outputs, inputs: kept.count, type: weights.type, rows: 1) { thread, part in
            wina_product_columns(
              values.baseAddress, columns.baseAddress, kept.count,
              weights.pointer(output: part.lowerBound), weights.type.rawValue, weights.stride,
              part.count, y + offset + part.lowerBound - outputs.lowerBound,
              self.scratch[thread].floats())
          }
        }
      }
    }
  }

  /// Interleaves rows for tiles, or returns `nil` where there are too few.
  private func interleave(_ x: UnsafePointer<Float>, _ layout: MatrixLayout)
    -> UnsafePointer<Float>?
  {
    let tile = wina_tile_rows(layout.rows)
    guard tile > 0 else { return nil }
    let count = layout.rows * layout.columns
    if packed.byteCount < count * 4 { packed = AlignedBuffer(byteCount: count * 4) }
    let target = packed.floats()
    shareRows(layout.rows, work: count, grain: tile) { part in
      wina_interleave(
        x, layout.rows, layout.columns, layout.stride, tile, part.lowerBound, part.upperBound,
        target)
    }
    return UnsafePointer(target)
  }

  /// Gives every thread its part of some rows, if there are enough values.
  func shareRows(_ rows: Int, work: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
    if work < Self.sharedValues {
      body(0..<rows)
    } else {
      team.run(over: 0..<rows, grain: grain) { body($1) }
    }
  }

  /// Gives every thread its part of the outputs, and scratch memory to all.
  private func share(
    _ outputs: Range<Int>, inputs: Int, type: WeightType, rows: Int,
    _ body: (Int, Range<Int>) -> Void
  ) {
    let isShared = outputs.count * inputs * type.byteCount >= Self.sharedBytes || rows >= 64
    let threads = isShared ? team.count : 1
    for thread in 0..<threads { reserve(thread, wina_product_scratch(rows)) }
    if threads == 1 {
      body(0, outputs)
    } else {
      team.run(over: outputs, grain: 32, body)
    }
  }

  /// Makes room for `count` floats in the scratch memory of a thread.
  func reserve(_ thread: Int, _ count: Int) {
    if scratch[thread].byteCount < count * 4 {
      scratch[thread] = AlignedBuffer(byteCount: count * 4)
    }
  }

  func scratchMemory(_ thread: Int) -> UnsafeMutablePointer<Float> { scratch[thread].floats() }
}
