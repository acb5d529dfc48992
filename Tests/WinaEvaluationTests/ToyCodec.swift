import WinaEvaluation

/// A tokenizer of whole words, with the space before a word as part of it, as GPT-2's has.
enum ToyCodec {
  static let beginning: Int32 = 1
  static let end: Int32 = 2

  /// Makes a codec whose ids are 10 + the position of the piece in `pieces`.
  ///
  /// - Parameters:
  ///   - pieces: The vocabulary; the longest piece that matches is taken.
  ///   - addsBeginning: Whether the tokenizer adds the beginning token by itself.
  static func make(_ pieces: [String], addsBeginning: Bool = false) -> TextCodec {
    let vocabulary = pieces.map { Array($0.utf8) }
    return TextCodec(
      encode: { text, specials in
        var ids: [Int32] = specials && addsBeginning ? [beginning] : []
        var rest = Array(text.utf8)[...]
        if rest.starts(with: Array("<s>".utf8)) {
          ids.append(beginning)
          rest = rest.dropFirst(3)
        }
        while !rest.isEmpty {
          let matches = vocabulary.indices.filter { rest.starts(with: vocabulary[$0]) }
          guard let best = matches.max(by: { vocabulary[$0].count < vocabulary[$1].count }) else {
            throw EvaluationError(code: .tokenizer, message: "no piece for \(rest)", hint: "")
          }
          ids.append(10 + Int32(best))
          rest = rest.dropFirst(vocabulary[best].count)
        }
        return ids
      },
      bytes: { id in id < 10 ? [] : vocabulary[Int(id) - 10] },
      specialText: { id in id == beginning ? "<s>" : nil })
  }
}
