/// The ids of words seen before, in a table of fixed size where a newer word evicts an older one.
struct WordCache {
  /// A word of up to 23 bytes and its length.
  struct Key: Equatable {
    fileprivate var low: UInt64 = 0
    fileprivate var middle: UInt64 = 0
    fileprivate var high: UInt64 = 0

    /// The key of a word, or nil if it is empty or too long for the cache.
    @inline(__always)
    init?(_ bytes: [UInt8], _ range: Range<Int>) {
      guard range.count < 24, !range.isEmpty else { return nil }
      var index = range.lowerBound
      let lowEnd = min(index + 8, range.upperBound)
      while index < lowEnd {
        low = low << 8 | UInt64(bytes[index])
        index += 1
      }
      let middleEnd = min(index + 8, range.upperBound)
      while index < middleEnd {
        middle = middle << 8 | UInt64(bytes[index])
        index += 1
      }
      while index < range.upperBound {
        high = high << 8 | UInt64(bytes[index])
        index += 1
      }
      high |= UInt64(range.count) << 56
    }

    @inline(__always)
    fileprivate var slot: Int {
      var hash = (low ^ (high &* 0x9E37_79B9_7F4A_7C15)) &* 0xBF58_476D_1CE4_E5B9
      hash = (hash ^ (hash >> 32) ^ middle) &* 0x94D0_49BB_1331_11EB
      return Int(truncatingIfNeeded: hash >> (64 - WordCache.slotBits))
    }
  }

  fileprivate static let slotBits: UInt64 = 14
  /// A slot of ``values`` holds the number of ids and then the ids.
  private static let stride = 8

  private var keys: [Key?]
  private var values: [Int32]

  /// Makes an empty cache.
  init() {
    keys = [Key?](repeating: nil, count: 1 << Self.slotBits)
    values = [Int32](repeating: 0, count: Self.stride << Self.slotBits)
  }

  /// Appends the ids stored for a word; false if it is not there.
  @inline(__always)
  func appendIDs(of key: Key, to ids: inout [Int32]) -> Bool {
    let slot = key.slot
    guard keys[slot] == key else { return false }
    let start = slot * Self.stride
    let count = Int(values[start])
    for offset in 1...count { ids.append(values[start + offset]) }
    return true
  }

  /// Stores the ids of a word, unless there are none or too many for a slot.
  mutating func store(_ ids: ArraySlice<Int32>, for key: Key) {
    guard !ids.isEmpty, ids.count < Self.stride else { return }
    let slot = key.slot
    keys[slot] = key
    var index = slot * Self.stride
    values[index] = Int32(ids.count)
    for id in ids {
      index += 1
      values[index] = id
    }
  }
}
