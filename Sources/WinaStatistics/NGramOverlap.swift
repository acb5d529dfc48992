/// How many of a set of sequences share a run of n tokens with others: an audit for leakage.
///
/// Runs are told apart by 64-bit hashes: of m different runs against a set of M, a chance agreement has
/// probability below m·M / 2⁶⁴ (1e-7 for a million of each).
///
/// ### References
/// Brown et al., *Language Models are Few-Shot Learners*, 2020, appendix C (13-gram overlap),
/// [arXiv:2005.14165](https://arxiv.org/abs/2005.14165).
public struct NGramOverlap: Sendable {
  /// The length of a run.
  public let length: Int
  private var runs: Set<UInt64> = []
  private var whole: Set<UInt64> = []

  /// What sequences have in common with those that were inserted.
  public struct Count: Codable, Sendable, Equatable {
    /// How many sequences share a run.
    public var overlapping = 0
    /// How many are equal to an inserted one as a whole.
    public var duplicates = 0
    /// How many sequences there are.
    public var total = 0
    /// How many are shorter than a run, and can only be duplicates.
    public var short = 0

    /// Makes counts.
    public init(overlapping: Int = 0, duplicates: Int = 0, total: Int = 0, short: Int = 0) {
      self.overlapping = overlapping
      self.duplicates = duplicates
      self.total = total
      self.short = short
    }
  }

  /// Makes an audit without sequences.
  ///
  /// - Precondition: `length > 0`.
  public init(length: Int = 13) {
    precondition(length > 0, "a run of \(length) tokens does not exist")
    self.length = length
  }

  /// Adds the runs of a sequence that others are compared with.
  ///
  /// - Complexity: O(tokens · length).
  public mutating func insert(_ tokens: some RandomAccessCollection<Int32>) {
    for run in hashes(tokens) { runs.insert(run) }
    whole.insert(hash(tokens))
  }

  /// Whether a sequence shares a run of ``length`` tokens with an inserted one.
  public func overlaps(_ tokens: some RandomAccessCollection<Int32>) -> Bool {
    hashes(tokens).contains { runs.contains($0) }
  }

  /// Whether a sequence equals an inserted one.
  public func isDuplicate(_ tokens: some RandomAccessCollection<Int32>) -> Bool {
    whole.contains(hash(tokens))
  }

  /// Counts what sequences have in common with the inserted ones.
  public func count(_ sequences: [[Int32]]) -> Count {
    var count = Count(total: sequences.count)
    for tokens in sequences {
      if tokens.count < length { count.short += 1 }
      if overlaps(tokens) { count.overlapping += 1 }
      if isDuplicate(tokens) { count.duplicates += 1 }
    }
    return count
  }

  private func hashes(_ tokens: some RandomAccessCollection<Int32>) -> [UInt64] {
    guard tokens.count >= length else { return [] }
    return (0...tokens.count - length).map { start in
      hash(tokens.dropFirst(start).prefix(length))
    }
  }

  private func hash(_ tokens: some Collection<Int32>) -> UInt64 {
    var state = UInt64(tokens.count)
    for token in tokens {
      state = RandomStream.mixed(
        (state ^ UInt64(UInt32(bitPattern: token))) &+ 0x9E37_79B9_7F4A_7C15)
    }
    return state
  }
}
