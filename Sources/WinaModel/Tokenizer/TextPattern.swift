/// What a `Split` or `Replace` component looks for.
enum TextPattern: Sendable {
  case literal([UInt8])
  case scanner(SplitScanner)
  case expression(RegexProgram)

  /// The pattern of the `Whitespace` pre-tokenizer, `\w+|[^\w\s]+` of another engine than others.
  static let words: TextPattern = {
    let isWord = ScalarSet.Test.property { $0.isWordScalar }
    let word = ScalarSet(isWord)
    let symbol = ScalarSet(.intersection([.not(isWord), .not(.space)]))
    return .expression(
      RegexProgram(
        .alternation([
          .loop(.set(word), at: 1, nil, .greedy), .loop(.set(symbol), at: 1, nil, .greedy),
        ])
      ))
  }()

  /// Reads `{"String": text}` or `{"Regex": pattern}`; older files write the text alone.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    if case .string = node.value {
      self = Self.literal(try node.string())
      return
    }
    try node.expectOnly(["String", "Regex"])
    if let literal = try node.optional("String") {
      self = Self.literal(try literal.string())
      return
    }
    let regex = try node.required("Regex")
    let pattern = try regex.string()
    if let scanner = SplitScanner(pattern: pattern) {
      self = .scanner(scanner)
      return
    }
    do {
      self = .expression(try RegexProgram(pattern: pattern))
    } catch {
      var failure = regex.invalid(
        "is not a regular expression that can be read: \(regex.value.summary)")
      failure.hint = error.reason
      throw failure
    }
  }

  private static func literal(_ text: String) -> TextPattern {
    text.isEmpty ? .expression(RegexProgram(.empty)) : .literal(Array(text.utf8))
  }

  /// The places where the pattern matches within `range`, in order and without overlap.
  func matches(in bytes: [UInt8], range: Range<Int>) -> [Range<Int>] {
    switch self {
    case .literal(let needle): return literalMatches(needle, bytes, range)
    case .scanner(let scanner):
      var found: [Range<Int>] = []
      scanner.appendPieces(of: bytes, in: range, to: &found)
      return found
    case .expression(let program):
      var matcher = RegexMatcher(program, bytes, range)
      return matcher.matches()
    }
  }

  /// The text with every match replaced.
  func replacing(in bytes: [UInt8], with replacement: [UInt8]) -> [UInt8] {
    let found = matches(in: bytes, range: 0..<bytes.count)
    if found.isEmpty { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + found.count * replacement.count)
    var position = 0
    for match in found {
      for index in position..<match.lowerBound { result.append(bytes[index]) }
      for byte in replacement { result.append(byte) }
      position = match.upperBound
    }
    result.append(contentsOf: bytes[position...])
    return result
  }

  private func literalMatches(_ needle: [UInt8], _ bytes: [UInt8], _ range: Range<Int>)
    -> [Range<Int>]
  {
    guard let first = needle.first else { return [] }
    var found: [Range<Int>] = []
    var index = range.lowerBound
    while index + needle.count <= range.upperBound {
      if bytes[index] == first,
        needle.count == 1 || bytes[index..<(index + needle.count)].elementsEqual(needle)
      {
        found.append(index..<(index + needle.count))
        index += needle.count
      } else {
        index += 1
      }
    }
    return found
  }
}
