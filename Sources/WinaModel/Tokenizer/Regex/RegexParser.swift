/// Reads regular expressions in the syntax of Oniguruma, without captures and calls.
struct RegexParser {
  /// The flags that `(?imx)` sets.
  struct Flags {
    var ignoresCase = false
    var dotMatchesNewline = false
    var isExtended = false
  }

  private static let depthLimit = 100
  /// A count greater than this is an error in the reference as well.
  private static let countLimit = 100_000

  private let pattern: [Unicode.Scalar]
  private var position = 0
  var flags = Flags()

  init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

  /// Reads the whole expression.
  mutating func parse() throws(RegexError) -> RegexNode {
    let node = try alternation(depth: 0)
    guard position == pattern.count else { throw RegexError(reason: "a ')' closes nothing") }
    return node
  }

  /// The scalar that is next to read.
  var current: Unicode.Scalar? { position < pattern.count ? pattern[position] : nil }

  /// Moves past the scalar that is next and returns it.
  mutating func take() -> Unicode.Scalar? {
    guard let scalar = current else { return nil }
    position += 1
    return scalar
  }

  /// Moves past a text if it is next.
  mutating func take(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    guard pattern[position...].starts(with: scalars) else { return false }
    position += scalars.count
    return true
  }

  /// Moves past the text up to an end mark and the mark, and returns the text.
  mutating func take(through mark: Unicode.Scalar) -> String? {
    guard let end = pattern[position...].firstIndex(of: mark) else { return nil }
    defer { position = end + 1 }
    return String(scalars: pattern[position..<end])
  }

  /// Whether a text stands somewhere after the scalar that is next.
  func stands(_ scalar: Unicode.Scalar, afterNextBy offset: Int) -> Bool {
    position + offset < pattern.count && pattern[(position + offset)...].contains(scalar)
  }

  private mutating func alternation(depth: Int) throws(RegexError) -> RegexNode {
    guard depth < Self.depthLimit else { throw RegexError(reason: "it is nested too deeply") }
    let outer = flags
    defer { flags = outer }
    var alternatives: [RegexNode] = []
    while true {
      alternatives.append(try sequence(depth: depth))
      if !take("|") { break }
    }
    return alternatives.count == 1 ? alternatives[0] : .alternation(alternatives)
  }

  private mutating func sequence(depth: Int) throws(RegexError) -> RegexNode {
    var nodes: [RegexNode] = []
    while let scalar = current, scalar != "|", scalar != ")" {
      if flags.isExtended, skipComment() { continue }
      guard let atom = try atom(depth: depth) else { continue }
      nodes.append(try quantified(atom))
    }
    return nodes.count == 1 ? nodes[0] : .sequence(nodes)
  }

  private mutating func skipComment() -> Bool {
    guard let scalar = current else { return false }
    if scalar == "#" {
      while let next = take(), next != "\n" {}
      return true
    }
    guard scalar.properties.isWhitespace else { return false }
    position += 1
    return true
  }

  /// Reads one atom; nil for what matches nothing by itself, such as a change of flags.
  private mutating func atom(depth: Int) throws(RegexError) -> RegexNode? {
    guard let scalar = take() else { return nil }
    switch scalar {
    case "(": return try group(depth: depth)
    case "[": return .set(ScalarSet(try characterClass(depth: depth)))
    case ".":
      return .set(ScalarSet(flags.dotMatchesNewline ? .not(.none) : .not(.range(0x0A, 0x0A))))
    case "^": return .assertion(.lineStart)
    case "$": return .assertion(.lineEnd)
    case "\\": return try escapedAtom()
    case "*", "+", "?": throw RegexError(reason: "'\(scalar)' repeats nothing")
    default: return .set(ScalarSet(literal(scalar)))
    }
  }

  /// The test for a scalar that is written as itself.
  func literal(_ scalar: Unicode.Scalar) -> ScalarSet.Test {
    casing(.range(scalar.value, scalar.value))
  }

  /// A test that ignores case where the flags say so.
  func casing(_ test: ScalarSet.Test) -> ScalarSet.Test {
    flags.ignoresCase ? .anyCase(test) : test
  }

  private mutating func escapedAtom() throws(RegexError) -> RegexNode {
    switch current {
    case "b": return assertion(.wordBoundary)
    case "B": return assertion(.noWordBoundary)
    case "A": return assertion(.textStart)
    case "z": return assertion(.textEnd)
    case "Z": return assertion(.textEndOrLastNewline)
    default: return .set(ScalarSet(try escapedTest()))
    }
  }

  private mutating func assertion(_ assertion: RegexNode.Assertion) -> RegexNode {
    position += 1
    return .assertion(assertion)
  }

  private mutating func group(depth: Int) throws(RegexError) -> RegexNode? {
    func closed(_ node: RegexNode, _ parser: inout RegexParser) throws(RegexError) -> RegexNode {
      guard parser.take(")") else { throw RegexError(reason: "a '(' is not closed") }
      return node
    }
    guard take("?") else { return try closed(try alternation(depth: depth + 1), &self) }
    if take("#") {
      guard take(through: ")") != nil else { throw RegexError(reason: "a comment has no end") }
      return nil
    }
    if take(":") { return try closed(try alternation(depth: depth + 1), &self) }
    if take("=") {
      return try closed(.lookAhead(try alternation(depth: depth + 1), isNegated: false), &self)
    }
    if take("!") {
      return try closed(.lookAhead(try alternation(depth: depth + 1), isNegated: true), &self)
    }
    if take(">") { return try closed(.atomic(try alternation(depth: depth + 1)), &self) }
    if take("<=") {
      return try closed(.lookBehind(try alternation(depth: depth + 1), isNegated: false), &self)
    }
    if take("<!") {
      return try closed(.lookBehind(try alternation(depth: depth + 1), isNegated: true), &self)
    }
    if take("<") {
      guard let name = take(through: ">"), !name.isEmpty else {
        throw RegexError(reason: "a group has no name")
      }
      return try closed(try alternation(depth: depth + 1), &self)
    }
    return try flagGroup(depth: depth)
  }

  private mutating func flagGroup(depth: Int) throws(RegexError) -> RegexNode? {
    let outer = flags
    var isOn = true
    while let scalar = take() {
      switch scalar {
      case "-": isOn = false
      case "i": flags.ignoresCase = isOn
      case "m": flags.dotMatchesNewline = isOn
      case "x": flags.isExtended = isOn
      case ")":
        // The flags hold for the rest of the group around them, alternatives included.
        let rest = try alternation(depth: depth + 1)
        return rest
      case ":":
        let node = try alternation(depth: depth + 1)
        flags = outer
        guard take(")") else { throw RegexError(reason: "a '(' is not closed") }
        return node
      default: throw RegexError(reason: "'(?\(scalar)' is not supported")
      }
    }
    throw RegexError(reason: "a '(' is not closed")
  }

  private mutating func quantified(_ atom: RegexNode) throws(RegexError) -> RegexNode {
    var node = atom
    while let scalar = current {
      var bounds: (least: Int, most: Int?)
      switch scalar {
      case "*": bounds = (0, nil)
      case "+": bounds = (1, nil)
      case "?": bounds = (0, 1)
      case "{":
        guard let interval = try interval() else { return node }
        // A sign after an interval is not part of it, but `{n}?` means "that or nothing".
        if take("?") {
          node =
            interval.most == interval.least
            ? .loop(.loop(node, at: interval.least, interval.most, .greedy), at: 0, 1, .greedy)
            : .loop(node, at: interval.least, interval.most, .lazy)
        } else {
          node = .loop(node, at: interval.least, interval.most, .greedy)
        }
        continue
      default: return node
      }
      position += 1
      let greed: RegexNode.Greed = take("?") ? .lazy : take("+") ? .possessive : .greedy
      node = .loop(node, at: bounds.least, bounds.most, greed)
    }
    return node
  }

  /// Reads `{n}`, `{n,}`, `{,m}` or `{n,m}`; nil, and nothing read, where a brace is a brace.
  private mutating func interval() throws(RegexError) -> (least: Int, most: Int?)? {
    let start = position
    position += 1
    let least = number()
    var most = least
    if take(",") { most = number() } else if least == nil { most = nil }
    let hasComma = pattern[start..<position].contains(",")
    guard take("}"), least != nil || most != nil else {
      position = start
      return nil
    }
    for bound in [least, most].compactMap({ $0 }) where bound > Self.countLimit {
      throw RegexError(reason: "it repeats something \(bound) times")
    }
    if !hasComma { most = least }
    if let least, let most, most < least {
      throw RegexError(reason: "it repeats something at least \(least) and at most \(most) times")
    }
    return (least ?? 0, most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let digit = current, ("0"..."9").contains(digit) {
      value = min((value ?? 0) * 10 + Int(digit.value - 0x30), Self.countLimit + 1)
      position += 1
    }
    return value
  }
}
