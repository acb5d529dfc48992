/// A text on its way to the model: scalars, and the ranges that are to become words.
struct PieceList {
  /// The text.
  private(set) var scalars: [Unicode.Scalar]
  /// The words, in order; text outside all of them is dropped.
  private(set) var ranges: [Range<Int>]
  /// Whether the first scalar of the text was the first of what the caller passed.
  let isAtOrigin: Bool

  /// Makes a list with the whole text as its only word.
  init(_ scalars: [Unicode.Scalar], isAtOrigin: Bool) {
    self.scalars = scalars
    ranges = scalars.isEmpty ? [] : [0..<scalars.count]
    self.isAtOrigin = isAtOrigin
  }

  /// Cuts every word at the matches that `find` returns for it.
  mutating func split(
    _ behavior: SplitBehavior, inverted: Bool = false,
    at find: ([Unicode.Scalar], Range<Int>) -> [Range<Int>]
  ) {
    ranges = ranges.flatMap { range in
      behavior.pieces(of: range, at: find(scalars, range), inverted: inverted)
        .filter { !$0.isEmpty }
    }
  }

  /// Cuts every word at the runs, or single scalars, that satisfy a condition.
  mutating func split(_ behavior: SplitBehavior, atScalars condition: (Unicode.Scalar) -> Bool) {
    split(behavior) { scalars, range in
      range.filter { condition(scalars[$0]) }.map { $0..<($0 + 1) }
    }
  }

  /// Rewrites every word; `rewrite` takes one and appends its new scalars to the array.
  mutating func rewrite(_ rewrite: (ArraySlice<Unicode.Scalar>, inout [Unicode.Scalar]) -> Void) {
    var text: [Unicode.Scalar] = []
    text.reserveCapacity(scalars.count + ranges.count)
    for index in ranges.indices {
      let start = text.count
      rewrite(scalars[ranges[index]], &text)
      ranges[index] = start..<text.count
    }
    scalars = text
  }
}
