/// The tokens of a model: a map from the exact scalars of a token to its id, and back.
///
/// Keys are compared scalar by scalar, never by canonical equivalence. All tokens share one
/// buffer, and lookups probe an open-addressing table, so that loading 150,000 tokens allocates
/// a handful of arrays.
struct TokenVocabulary: Sendable {
  /// Ids must be smaller than this, which bounds what a hostile file can make us allocate.
  static let idLimit = 1 << 22

  private var storage: [Unicode.Scalar] = []
  private var starts: [Int] = [0]
  private var ids: [Int32] = []
  private var slots: [Int32]
  private var entryOfID: [Int32] = []

  /// Makes an empty vocabulary with room for `capacity` tokens.
  init(capacity: Int) {
    var size = 16
    while size < 2 * capacity { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    starts.reserveCapacity(capacity + 1)
    ids.reserveCapacity(capacity)
    storage.reserveCapacity(6 * capacity)
    entryOfID.reserveCapacity(capacity)
  }

  /// The number of tokens.
  var count: Int { ids.count }

  /// The largest id in use, -1 in an empty vocabulary.
  var largestID: Int { entryOfID.count - 1 }

  /// Reads an object of `"token": id` members.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    let members = try node.members()
    guard !members.isEmpty else { throw node.invalid("holds no tokens") }
    self.init(capacity: members.count)
    for member in members {
      guard case .integer(let id) = member.value, (0..<Self.idLimit).contains(id) else {
        throw node.invalid(
          "maps '\(member.key)' to \(member.value.summary), which is not a token id from 0 to "
            + "\(Self.idLimit - 1)")
      }
      if let owner = token(Int32(id)) {
        throw node.invalid("gives id \(id) to both '\(String(scalars: owner))' and '\(member.key)'")
      }
      guard insert(Array(member.key.unicodeScalars), id: Int32(id)) else {
        throw node.invalid("names the token '\(member.key)' twice")
      }
    }
  }

  /// Adds a token whose id is not yet in use; false if the token is there already.
  ///
  /// The caller must not add more tokens than the capacity it asked for.
  private mutating func insert(_ token: [Unicode.Scalar], id: Int32) -> Bool {
    let slot = slot(of: token[...])
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
  func id(of token: ArraySlice<Unicode.Scalar>) -> Int32? {
    let entry = slots[slot(of: token)]
    return entry < 0 ? nil : ids[Int(entry)]
  }

  /// The id of a token of one scalar.
  func id(of scalar: Unicode.Scalar) -> Int32? {
    var slot = Int(truncatingIfNeeded: Self.finished(Self.mixed(Self.seed, scalar)))
    slot &= slots.count - 1
    while slots[slot] >= 0 {
      let entry = Int(slots[slot])
      if starts[entry + 1] - starts[entry] == 1, storage[starts[entry]] == scalar {
        return ids[entry]
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// The scalars of the token with an id.
  func token(_ id: Int32) -> ArraySlice<Unicode.Scalar>? {
    guard id >= 0, Int(id) < entryOfID.count, entryOfID[Int(id)] >= 0 else { return nil }
    let entry = Int(entryOfID[Int(id)])
    return storage[starts[entry]..<starts[entry + 1]]
  }

  /// The slot that holds a token, or the free slot where it belongs.
  private func slot(of token: ArraySlice<Unicode.Scalar>) -> Int {
    var slot = Int(truncatingIfNeeded: Self.hash(token)) & (slots.count - 1)
    while slots[slot] >= 0, !matches(Int(slots[slot]), token) {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private func matches(_ entry: Int, _ token: ArraySlice<Unicode.Scalar>) -> Bool {
    let start = starts[entry]
    guard starts[entry + 1] - start == token.count else { return false }
    for offset in 0..<token.count where storage[start + offset] != token[token.startIndex + offset]
    {
      return false
    }
    return true
  }

  /// A 64-bit hash of scalars, the same in every process.
  static func hash(_ token: ArraySlice<Unicode.Scalar>) -> UInt64 {
    var state = seed
    for scalar in token { state = mixed(state, scalar) }
    return finished(state)
  }

  private static let seed: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func mixed(_ state: UInt64, _ scalar: Unicode.Scalar) -> UInt64 {
    let product = (state ^ UInt64(scalar.value)) &* 0xBF58_476D_1CE4_E5B9
    return product ^ (product >> 29)
  }

  private static func finished(_ state: UInt64) -> UInt64 {
    let product = state &* 0x94D0_49BB_1331_11EB
    return product ^ (product >> 32)
  }
}
