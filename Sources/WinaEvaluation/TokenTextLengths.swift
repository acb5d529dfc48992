/// How much text each token of a sequence stands for.
struct TokenTextLengths {
  /// The UTF-8 bytes of each token.
  private(set) var bytes: [Int32]
  /// The words that begin in each token.
  private(set) var words: [Int32]

  /// Measures tokens.
  ///
  /// A SentencePiece tokenizer puts a space before the text that is not in it; that space is not
  /// counted.
  ///
  /// - Parameters:
  ///   - pieces: The bytes of each token, in order.
  ///   - text: The text that was tokenized, of which the tokens may be a prefix.
  init(_ pieces: [[UInt8]], text: String) {
    bytes = pieces.map { Int32($0.count) }
    words = [Int32](repeating: 0, count: pieces.count)
    let first = pieces.first { !$0.isEmpty }?.first
    let hasDummySpace = first == UInt8(ascii: " ") && text.utf8.first != UInt8(ascii: " ")
    if hasDummySpace, let index = pieces.firstIndex(where: { !$0.isEmpty }) { bytes[index] -= 1 }

    let ends = wordStarts(String(decoding: pieces.joined(), as: UTF8.self))
    var end = 0
    var next = ends.startIndex
    for (index, piece) in pieces.enumerated() {
      end += piece.count
      while next < ends.endIndex, ends[next] < end {
        words[index] += 1
        next += 1
      }
    }
  }

  /// The byte offsets at which words begin.
  private func wordStarts(_ text: String) -> [Int] {
    var starts: [Int] = []
    var offset = 0
    var inWord = false
    for scalar in text.unicodeScalars {
      let isSpace = PythonText.isSpace(scalar)
      if !isSpace && !inWord { starts.append(offset) }
      inWord = !isSpace
      offset += UTF8.width(scalar)
    }
    return starts
  }
}
