/// The ids of words seen before, in a table of fixed size where a newer word evicts an older one.
struct WordCache: Sendable {
  /// Longer words are not kept, which bounds the memory of the cache.
  static let longestWord = 32
  private static let slotCount = 1 << 14

  private struct Entry {
    var word: [Unicode.Scalar] = []
    var ids: [Int32] = []
  }

  private var entries: [Entry] = []

  /// The ids stored for a word, if it is still there.
  func ids(of word: ArraySlice<Unicode.Scalar>) -> [Int32]? {
    guard !entries.isEmpty else { return nil }
    let entry = entries[Self.slot(of: word)]
    return entry.word.elementsEqual(word) ? entry.ids : nil
  }

  /// Stores the ids of a word that is not empty.
  mutating func store(_ ids: [Int32], for word: ArraySlice<Unicode.Scalar>) {
    if entries.isEmpty { entries = [Entry](repeating: Entry(), count: Self.slotCount) }
    entries[Self.slot(of: word)] = Entry(word: Array(word), ids: ids)
  }

  private static func slot(of word: ArraySlice<Unicode.Scalar>) -> Int {
    Int(truncatingIfNeeded: TokenVocabulary.hash(word)) & (slotCount - 1)
  }
}
