import WinaPipeline

/// Assigns samples to splits by a keyed hash of their digests, so that inserting or removing one
/// moves no other.
package struct SplitAssignment: Sendable {
  private let bounds: [(split: Split, upper: Double)]
  private let seed: Int

  /// Makes an assignment; without any share, every sample is a test sample.
  package init(fractions: [Split: Double], seed: Int) {
    self.seed = seed
    var bounds: [(split: Split, upper: Double)] = []
    var sum = 0.0
    for split in Split.allCases {
      guard let share = fractions[split], share > 0 else { continue }
      sum += share
      bounds.append((split, sum))
    }
    self.bounds = bounds
  }

  /// Returns the split of a sample; what rounding leaves above the last bound is the last split's.
  package func split(of sample: ContentDigest) -> Split {
    guard let last = bounds.last else { return .test }
    var hasher = SHA256()
    hasher.update("wina/split/v1:\(seed):")
    hasher.update(sample.bytes)
    let word = hasher.finalize().bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let position = Double(word >> 11) / Double(1 << 53 as UInt64) * last.upper
    return (bounds.first { position < $0.upper } ?? last).split
  }
}
