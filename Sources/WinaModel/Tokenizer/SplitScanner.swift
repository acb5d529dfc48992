/// The split patterns of GPT-2 and of its successors, as scanners.
///
/// Each scanner gives the same pieces as the regular expression beside it. Every text is covered
/// by matches, so a scanner only needs to say where the piece that starts at a position ends.
enum SplitScanner: Sendable, Equatable {
  /// The pattern of GPT-2, which `ByteLevel` uses by itself.
  case gpt2
  /// The pattern of cl100k and Llama 3 with up to three digits in a piece, of Qwen 2 with one.
  case cl100k(digits: Int)

  /// The scanner for a regular expression, if it is one of the known ones.
  init?(pattern: String) {
    switch pattern {
    case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#:
      self = .gpt2
    case Self.successor(digits: #"\p{N}{1,3}"#): self = .cl100k(digits: 3)
    case Self.successor(digits: #"\p{N}"#): self = .cl100k(digits: 1)
    default: return nil
    }
  }

  private static func successor(digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// The end of the piece that starts at `start`, which lies before `end`, the end of the text.
  func pieceEnd(from start: Int, in scalars: [Unicode.Scalar], end: Int) -> Int {
    let text = Text(scalars: scalars, end: end)
    switch self {
    case .gpt2: return text.gpt2PieceEnd(from: start)
    case .cl100k(let digits): return text.cl100kPieceEnd(from: start, digits: digits)
    }
  }

  private struct Text {
    let scalars: [Unicode.Scalar]
    let end: Int

    func kind(_ index: Int) -> ScalarClass? { index < end ? ScalarClass(scalars[index]) : nil }

    func run(from start: Int, limit: Int = .max, while condition: (ScalarClass) -> Bool) -> Int {
      var index = start
      while index < end, index - start < limit, condition(ScalarClass(scalars[index])) {
        index += 1
      }
      return index
    }

    func gpt2PieceEnd(from start: Int) -> Int {
      if let contraction = contractionEnd(from: start, ignoringCase: false) { return contraction }
      let first = scalars[start] == " " ? start + 1 : start
      switch kind(first) {
      case .letter: return run(from: first) { $0 == .letter }
      case .number: return run(from: first) { $0 == .number }
      case .other: return run(from: first) { $0 == .other }
      case .space, .newline, nil: return whitespaceEnd(from: start)
      }
    }

    func cl100kPieceEnd(from start: Int, digits: Int) -> Int {
      if let contraction = contractionEnd(from: start, ignoringCase: true) { return contraction }
      switch kind(start) {
      case .letter: return run(from: start) { $0 == .letter }
      case .number: return run(from: start, limit: digits) { $0 == .number }
      case .space, .other:
        if kind(start + 1) == .letter { return run(from: start + 1) { $0 == .letter } }
      case .newline, nil: break
      }
      let first = scalars[start] == " " ? start + 1 : start
      if kind(first) == .other {
        let symbols = run(from: first) { $0 == .other }
        return run(from: symbols) { $0 == .newline }
      }
      let run = run(from: start) { $0.isWhitespace }
      if let newline = scalars[start..<run].lastIndex(where: { $0 == "\n" || $0 == "\r" }) {
        return newline + 1
      }
      return whitespaceEnd(from: start)
    }

    /// The end of `\s+(?!\S)|\s+`: all of the white space but the last before a visible scalar.
    func whitespaceEnd(from start: Int) -> Int {
      let run = run(from: start) { $0.isWhitespace }
      return run < end && run - start > 1 ? run - 1 : run
    }

    /// The end of `'s|'t|'re|'ve|'m|'ll|'d`.
    func contractionEnd(from start: Int, ignoringCase: Bool) -> Int? {
      guard scalars[start] == "'", start + 1 < end else { return nil }
      let first = letter(start + 1, ignoringCase)
      switch first {
      case "s", "t", "m", "d": return start + 2
      case "r", "v", "l":
        guard start + 2 < end else { return nil }
        let second = letter(start + 2, ignoringCase)
        return second == (first == "l" ? "l" : "e") ? start + 3 : nil
      default: return nil
      }
    }

    func letter(_ index: Int, _ ignoringCase: Bool) -> Unicode.Scalar {
      let scalar = scalars[index]
      guard ignoringCase else { return scalar }
      switch scalar.value {
      case 0x41...0x5A: return Unicode.Scalar(UInt8(scalar.value + 0x20))
      case 0x17F: return "s"
      default: return scalar
      }
    }
  }
}
