/// Finds the word that the user probably meant.
public enum SpellingSuggestion {
  /// Returns the candidate nearest to `word`, or `nil` if none is near.
  ///
  /// Near means: equal but for case, hyphens and underscores, or at most one edit for every three
  /// characters (at least one). Of equally near candidates the alphabetically first is returned.
  ///
  /// - Complexity: O(candidates · length · limit).
  public static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let plain = folded(word)
    let limit = max(1, plain.count / 3)
    var best: (distance: Int, candidate: String)?
    for candidate in candidates where candidate != word {
      guard let distance = distance(plain, folded(candidate), limit: limit) else { continue }
      if plain.count <= distance { continue }
      if let best, (best.distance, best.candidate) <= (distance, candidate) { continue }
      best = (distance, candidate)
    }
    return best?.candidate
  }

  /// Returns the Damerau–Levenshtein distance (optimal string alignment), or `nil` above `limit`.
  ///
  /// - Complexity: O(a · b) at most; rows stop early once every entry exceeds `limit`.
  public static func distance(_ a: String, _ b: String, limit: Int) -> Int? {
    distance(Array(a), Array(b), limit: limit)
  }

  private static func distance(_ a: [Character], _ b: [Character], limit: Int) -> Int? {
    if abs(a.count - b.count) > limit { return nil }
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    var row = last
    for i in 1...a.count {
      row[0] = i
      for j in 1...b.count {
        let replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        row[j] = min(replaced, last[j] + 1, row[j - 1] + 1)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          row[j] = min(row[j], beforeLast[j - 2] + 1)
        }
      }
      if row.allSatisfy({ $0 > limit }) { return nil }
      (beforeLast, last, row) = (last, row, beforeLast)
    }
    return last[b.count] <= limit ? last[b.count] : nil
  }

  private static func folded(_ word: String) -> [Character] {
    word.prefix(128).lowercased().map { $0 == "-" ? "_" : $0 }
  }
}
