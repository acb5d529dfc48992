/// The tokens of a model: a map from the exact UTF-8 of a token to its id, and back.
///
/// Keys are compared byte by byte, never by canonical equivalence. All tokens share one buffer,
/// and lookups probe an open-addressing table, so that loading 150,000 tokens allocates a handful
/// of arrays.
struct TokenVocabulary: Sendable {
  /// Ids must be smaller than this, which bounds what a hostile file can make us allocate.
  static let idLimit = 1 << 22

  private var storage: [UInt8] = []
  private var starts: [Int] = [0]
  private var ids: [Int32] = []
  private var slots: [Int32]
  private var entryOfID: [Int32] = []

  /// The number of tokens.
  var count: Int { ids.count }

  /// The largest id in use, -1 in an empty vocabulary.
  var largestID: Int { entryOfID.count - 1 }

  /// Reads an object of `"token": id` members.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    let members = try node.members()
    guard !members.isEmpty else { throw node.invalid("holds no tokens") }
    var size = 16
    while size < 2 * members.count { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    starts.reserveCapacity(members.count + 1)
    ids.reserveCapacity(members.count)
    storage.reserveCapacity(8 * members.count)
    entryOfID.reserveCapacity(members.count)
    for member in members {
      guard case .integer(let id) = member.value, (0..<Self.idLimit).contains(id) else {
        throw node.invalid(
          "maps '\(member.key)' to \(member.value.summary), which is not a token id from 0 to "
            + "\(Self.idLimit - 1)")
      }
      if let owner = token(Int32(id)) {
        throw node.invalid("gives id \(id) to both '\(UTF8Text.string(owner))' and '\(member.key)'")
      }
      guard insert(Array(member.key.utf8), id: Int32(id)) else {
        throw node.invalid("names the token '\(member.key)' twice")
      }
    }
  }

  /// Adds a token whose id is not yet in use; false if the token is there already.
  private mutating func insert(_ token: [UInt8], id: Int32) -> Bool {
    let slot = slot(of: token, token.startIndex..<token.endIndex)
    guard slots[slot] < 0 else { return false }
    slots[slot] = Int32(ids.count)
    while entryOfID.count <= Int(id) { entryOfID.append(-1) }
    entryOfID[Int(id)] = Int32(ids.count)
    ids.append(id)
    storage.append(contentsOf: token)
    starts.append(storage.count)
    return true
  }

  /// The id of a token.
  func id(of token: [UInt8]) -> Int32? { id(of: token, token.startIndex..<token.endIndex) }

  /// The id of the token that a part of a text spells.
  func id(of text: [UInt8], _ range: Range<Int>) -> Int32? {
    let entry = slots[slot(of: text, range)]
    return entry < 0 ? nil : ids[Int(entry)]
  }

  /// The UTF-8 of the token with an id.
  func token(_ id: Int32) -> ArraySlice<UInt8>? {
    guard id >= 0, Int(id) < entryOfID.count, entryOfID[Int(id)] >= 0 else { return nil }
    let entry = Int(entryOfID[Int(id)])
    return storage[starts[entry]..<starts[entry + 1]]
  }

  /// The slot that holds a token, or the free slot where it belongs.
  private func slot(of text: [UInt8], _ range: Range<Int>) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: Self.hash(text, range)) & mask
    while slots[slot] >= 0, !matches(Int(slots[slot]), text, range) { slot = (slot + 1) & mask }
    return slot
  }

  private func matches(_ entry: Int, _ text: [UInt8], _ range: Range<Int>) -> Bool {
    let start = starts[entry]
    guard starts[entry + 1] - start == range.count else { return false }
    for offset in 0..<range.count where storage[start + offset] != text[range.lowerBound + offset] {
      return false
    }
    return true
  }

  /// A 64-bit hash of bytes, the same in every process.
  private static func hash(_ text: [UInt8], _ range: Range<Int>) -> UInt64 {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for index in range {
      state = (state ^ UInt64(text[index])) &* 0xBF58_476D_1CE4_E5B9
      state ^= state >> 29
    }
    state = state &* 0x94D0_49BB_1331_11EB
    return state ^ (state >> 32)
  }
}
