/// Groups by length: bins of the number of tokens that routing sees.
public enum LengthBins {
  /// Returns the upper bounds of all bins but the last, so that bins hold equally many of the given
  /// lengths, as far as equal lengths allow.
  ///
  /// - Throws: ``SparsityError`` for no lengths or fewer distinct ones than bins.
  public static func edges(_ lengths: [Int], bins: Int) throws -> [Int] {
    guard !lengths.isEmpty, bins >= 1 else { throw SparsityError.noData("length bins") }
    let sorted = lengths.sorted()
    let distinct = Set(sorted).count
    guard distinct >= bins else {
      throw SparsityError(
        code: .tooFewDistinctSamples,
        message:
          "\(lengths.count) samples of \(distinct) different lengths cannot form \(bins) bins",
        hint:
          "use k: \(distinct) at most; documents are routed by equally many tokens and have no bins"
      )
    }
    var edges: [Int] = []
    for bin in 1..<max(bins, 1) {
      var place = sorted.count * bin / bins
      // A bin holds at least one length more than the one before, and leaves one for each to come.
      let least = edges.last.map { edge in sorted.firstIndex { $0 > edge } ?? 0 } ?? 0
      place = max(place - 1, least)
      edges.append(sorted[place])
    }
    // Where many lengths are equal, bounds are moved apart from the end.
    let values = Set(sorted).sorted()
    for bin in stride(from: edges.count - 1, through: 0, by: -1) {
      let highest = values[values.count - 1 - (edges.count - bin)]
      edges[bin] = min(
        edges[bin], bin + 1 < edges.count ? min(highest, edges[bin + 1] - 1) : highest)
    }
    return edges
  }

  /// Returns the bin of a length.
  public static func bin(of length: Int, edges: [Int]) -> Int {
    edges.firstIndex { length <= $0 } ?? edges.count
  }
}
