import WinaTestSupport

/// Damages bytes and JSON texts at random, the same way for the same seed.
struct ByteMutator {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<max(1, count), using: &generator) }

  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// Flips bits, cuts, copies, removes, adds or swaps bytes.
  mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    guard !bytes.isEmpty else { return [UInt8(below(256))] }
    let start = below(bytes.count)
    let end = min(bytes.count, start + 1 + below(chance(50) ? 4 : bytes.count))
    switch below(6) {
    case 0: bytes.removeSubrange(start...)
    case 1: bytes.removeSubrange(start..<end)
    case 2: bytes.insert(contentsOf: bytes[start..<end], at: below(bytes.count))
    case 3: bytes.insert(contentsOf: (0..<(1 + below(9))).map { _ in UInt8(below(256)) }, at: start)
    case 4: bytes[start] = UInt8(below(256))
    default:
      for _ in 0..<(1 + below(3)) { bytes[below(bytes.count)] ^= 1 << UInt8(below(8)) }
    }
    return bytes
  }

  /// Values of every kind at the edges of what readers hold.
  private static let values = [
    "0", "-1", "1", "2", "3", "7", "8", "1.0", "1e5", "0.5", "-0.0", "1e300", "-1e300", "1e-300",
    "2147483647", "2147483648", "4294967296", "4611686018427387904", "9223372036854775807",
    "-9223372036854775808", "null", "true", "false", "{}", "[]", "[0]", "[1,2,3]", "[[[[]]]]",
    "{\"a\":1}", "\"\"", "\"\\u0000\"", "\"e\\u0301\"", "\"é\"", "\"..\"", "\"/\"",
    "\"config.json\"",
    "\"__metadata__\"",
  ]

  /// Texts that are no JSON, or not where they stand.
  private static let nastyTokens = [
    "9223372036854775808", "18446744073709551616", "99999999999999999999999999", "1e999", "01",
    "NaN", "Infinity", "\"\\ud800\"", "\"\\x\"", ",", ":", "{", "}", "[", "]", "\"", "\\",
    "\u{FEFF}", "//",
  ]

  private mutating func nastyToken() -> [UInt8] {
    switch below(24) {
    case 0: return [UInt8](repeating: UInt8(ascii: "["), count: pick([60, 70, 600, 20_000]))
    case 1: return Array(String(repeating: "{\"a\":", count: pick([60, 70, 20_000])).utf8)
    case 2: return Array("\"\(String(repeating: "n", count: pick([4096, 4097, 9000])))\"".utf8)
    case 3: return [0x22, 0xC3, 0x28, 0xFF, 0x22]
    case 4:
      return Array(
        "[\(Array(repeating: "1", count: pick([64, 65, 9000])).joined(separator: ","))]".utf8)
    case 5: return Array(String(Int(truncatingIfNeeded: generator.next()) >> below(64)).utf8)
    default: return Array(pick(Self.nastyTokens).utf8)
    }
  }

  /// Cuts a JSON text into its strings, its numbers and words, and its punctuation.
  static func tokens(_ json: [UInt8]) -> [[UInt8]] {
    var tokens: [[UInt8]] = []
    var position = 0
    while position < json.count {
      let start = position
      position += 1
      if json[start] == UInt8(ascii: "\"") {
        while position < json.count, json[position] != UInt8(ascii: "\"") {
          position += json[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position = min(position + 1, json.count)
      } else if isWord(json[start]) {
        while position < json.count, isWord(json[position]) { position += 1 }
      }
      tokens.append(Array(json[start..<position]))
    }
    return tokens
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E: true
    default: false
    }
  }

  /// Damages a JSON text, mostly so that it stays JSON.
  ///
  /// - Parameter words: Tokens that mean something to the reader of the text.
  mutating func mutate(json: [UInt8], words: [String]) -> [UInt8] {
    var tokens = Self.tokens(json)
    for _ in 0..<(1 + below(3)) where !tokens.isEmpty {
      if chance(75) { rewrite(&tokens, words) } else { scramble(&tokens, words) }
    }
    return tokens.flatMap(\.self)
  }

  /// Changes a key, a value or a number, or adds a member.
  private mutating func rewrite(_ tokens: inout [[UInt8]], _ words: [String]) {
    guard let place = numberOrWord(tokens) else { return }
    let keys = words.filter { $0.hasPrefix("\"") }
    let value = chance(50) ? pick(words) : pick(Self.values)
    let next = tokens[(place + 1)...].first { $0 != [0x20] && $0 != [0x0A] }
    switch below(5) {
    case 0: nudge(&tokens)
    case 1:
      let open = tokens.indices.filter { tokens[$0] == [UInt8(ascii: "{")] }
      guard !open.isEmpty else { return }
      tokens.insert(Array("\(pick(keys)):\(value),".utf8), at: pick(open) + 1)
    case _ where next == [UInt8(ascii: ":")]: tokens[place] = Array(pick(keys).utf8)
    default: tokens[place] = Array(value.utf8)
    }
  }

  /// Replaces, copies, swaps or removes tokens, whatever they are.
  private mutating func scramble(_ tokens: inout [[UInt8]], _ words: [String]) {
    let place = below(tokens.count)
    switch below(6) {
    case 0: tokens.remove(at: place)
    case 1: tokens.insert(tokens[below(tokens.count)], at: place)
    case 2: tokens.swapAt(place, below(tokens.count))
    case 3: tokens[place] = Array(pick(words).utf8)
    case 4: tokens[place] = nastyToken()
    default: tokens[numberOrWord(tokens) ?? place] = nastyToken()
    }
  }

  /// A random token that is no punctuation.
  private mutating func numberOrWord(_ tokens: [[UInt8]]) -> Int? {
    let places = tokens.indices.filter { tokens[$0].count > 1 || Self.isWord(tokens[$0][0]) }
    return places.isEmpty ? nil : pick(places)
  }

  /// Makes a number a little or much larger or smaller.
  private mutating func nudge(_ tokens: inout [[UInt8]]) {
    let numbers = tokens.indices.filter { Int(String(decoding: tokens[$0], as: UTF8.self)) != nil }
    guard !numbers.isEmpty else { return }
    let place = pick(numbers)
    let number = Int(String(decoding: tokens[place], as: UTF8.self)) ?? 0
    let other = pick([number &+ 1, number &- 1, number &* 2, number / 2, 0 &- number, number &+ 64])
    tokens[place] = Array(String(other).utf8)
  }
}
