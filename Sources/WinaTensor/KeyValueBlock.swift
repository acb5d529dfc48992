import CWinaKernels

/// Keys and values of some positions of one layer, in the order in which attention reads them.
///
/// For each head keys are [E, positions] and values [positions, E], so that scores and sums are
/// products with input-major weights.
public final class KeyValueBlock {
  /// The number of heads, K.
  public let heads: Int
  /// The width of a head, E.
  public let size: Int
  /// The number of positions so far.
  public private(set) var count = 0
  private(set) var capacity = 0
  private var keys = AlignedBuffer(byteCount: 0)
  private var values = AlignedBuffer(byteCount: 0)

  /// Makes an empty block.
  public init(heads: Int, size: Int) {
    self.heads = heads
    self.size = size
  }

  /// Forgets all positions but keeps the memory.
  public func removeAll() { count = 0 }

  /// Makes room for `positions` in all.
  public func reserve(_ positions: Int) {
    guard positions > capacity else { return }
    let larger = (max(positions, capacity + capacity / 2) + 31) / 32 * 32
    let elements = heads * size * larger + WeightMatrix.slack
    let (oldKeys, oldValues, old) = (keys, values, capacity)
    keys = AlignedBuffer(byteCount: elements * 4)
    values = AlignedBuffer(byteCount: elements * 4)
    capacity = larger
    guard count > 0 else { return }
    for head in 0..<heads {
      for line in (head * size)..<((head + 1) * size) {
        keys.floats(line * larger).update(from: oldKeys.floats(line * old), count: count)
      }
      self.values(head).update(from: oldValues.floats(head * old * size), count: count * size)
    }
  }

  /// Adds positions.
  ///
  /// - Parameters:
  ///   - rows: Holds the keys and the values of the positions.
  ///   - keyLayout: Where the keys are: a row a position, K·E wide.
  ///   - valueLayout: Where the values are.
  ///   - engine: Its threads share the heads.
  public func append(
    _ rows: [Float], keys keyLayout: MatrixLayout, values valueLayout: MatrixLayout,
    engine: ProductEngine
  ) {
    precondition(keyLayout.columns == heads * size && valueLayout.columns == heads * size)
    precondition(keyLayout.rows == valueLayout.rows)
    precondition(keyLayout.fits(rows.count) && valueLayout.fits(rows.count))
    let added = keyLayout.rows
    reserve(count + added)
    rows.withUnsafeBufferPointer { rows in
      guard let source = rows.baseAddress else { return }
      engine.shareRows(heads, work: added * heads * size) { part in
        for head in part { copy(head, source, keyLayout, valueLayout) }
      }
    }
    count += added
  }

  private func copy(
    _ head: Int, _ source: UnsafePointer<Float>, _ keyLayout: MatrixLayout,
    _ valueLayout: MatrixLayout
  ) {
    wina_transpose(
      source + keyLayout.offset + head * size, keyLayout.rows, size, keyLayout.stride,
      key(head, position: count), capacity, 4)
    for row in 0..<valueLayout.rows {
      (values(head) + (count + row) * size).update(
        from: source + valueLayout.offset + row * valueLayout.stride + head * size, count: size)
    }
  }

  func key(_ head: Int, position: Int) -> UnsafeMutablePointer<Float> {
    keys.floats(head * size * capacity + position)
  }

  func values(_ head: Int) -> UnsafeMutablePointer<Float> { values.floats(head * capacity * size) }
}
