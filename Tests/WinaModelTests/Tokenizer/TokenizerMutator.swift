import Foundation
import WinaTestSupport

/// A JSON value that can be taken apart and changed at random.
indirect enum MutableJSON {
  /// A number or a word, or anything else, as it is written.
  case leaf(String)
  case text(String)
  case array([MutableJSON])
  case object([(key: String, value: MutableJSON)])

  /// Converts what `JSONSerialization` reads; members are in the order of their keys.
  init(_ value: Any) {
    switch value {
    case let members as [String: Any]:
      let keys = members.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      self = .object(keys.map { ($0, MutableJSON(members[$0] ?? NSNull())) })
    case let elements as [Any]: self = .array(elements.map { MutableJSON($0) })
    case let text as String: self = .text(text)
    case let number as NSNumber:
      let isFlag = CFGetTypeIDIsBoolean(number)
      self = .leaf(isFlag ? (number.boolValue ? "true" : "false") : number.stringValue)
    default: self = .leaf("null")
    }
  }

  /// Parses a text.
  init(parsing data: Data) throws {
    self.init(try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed))
  }

  /// The value as JSON.
  var text: String {
    switch self {
    case .leaf(let text): text
    case .text(let text): Self.quoted(text)
    case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { "\(Self.quoted($0.key)):\($0.value.text)" }.joined(separator: ",") + "}"
    }
  }

  /// The member of an object.
  subscript(key: String) -> MutableJSON? {
    get {
      guard case .object(let members) = self else { return nil }
      return members.first { $0.key == key }?.value
    }
    set {
      guard case .object(var members) = self, let newValue else { return }
      if let index = members.firstIndex(where: { $0.key == key }) {
        members[index].value = newValue
      } else {
        members.append((key, newValue))
      }
      self = .object(members)
    }
  }

  fileprivate static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\u{0}"..."\u{1F}": result += "\\u" + String(format: "%04x", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// Whether a number that Foundation read was `true` or `false`.
private func CFGetTypeIDIsBoolean(_ number: NSNumber) -> Bool {
  String(cString: number.objCType) == "c"
}

/// Damages tokenizer files at random, the same way for the same seed.
struct TokenizerMutator {
  /// The files to start from.
  let files: [MutableJSON]
  var generator: SeededGenerator

  private static let leaves = [
    "null", "true", "false", "0", "-1", "1", "1e308", "1e999", "-0.0", "9223372036854775807",
    "18446744073709551616", "4194303", "4194304", "0.5", "\"\"", "\"a\"", "\"▁\"", "\" \"",
    "\"Sequence\"", "\"ByteLevel\"", "\"Replace\"", "\"Metaspace\"", "\"Split\"", "\"BPE\"",
    "\"NFKD\"", "\"<0x00>\"", "\"\\ud83d\\ude42\"", "\"\\ud83d\"", "\"(?:(?:a*)*)*b\"",
    "\"(a|aa)+$\"", "\"[\"", "\"(?<=a+)\"", "\"\\\\p{Nope}\"", "\"a{99999}\"", "\"\\\\1\"", "[]",
    "{}", "[null]", "{\"Regex\":\"(x+x+)+y\"}", "{\"String\":\"\"}", "[\"a\",\"b\"]", "\"a b\"",
    String(repeating: "[", count: 80), String(repeating: "{\"a\":", count: 80),
    "\"" + String(repeating: "(", count: 500) + "\"",
    "\"" + String(repeating: "a?", count: 900) + "\"",
    "\"" + String(repeating: "é", count: 5000) + "\"",
  ]

  /// Makes the next damaged file.
  mutating func next() -> [UInt8] {
    var json = pick(files) ?? .leaf("{}")
    for _ in 0..<Int.random(in: 0...3, using: &generator) { json = changed(json, depth: 0) }
    var bytes = Array(json.text.utf8)
    if Int.random(in: 0..<4, using: &generator) == 0 { damage(&bytes) }
    return bytes
  }

  private mutating func pick<Element>(_ elements: [Element]) -> Element? {
    elements.randomElement(using: &generator)
  }

  /// Changes one place below a value, most often a small one.
  private mutating func changed(_ json: MutableJSON, depth: Int) -> MutableJSON {
    let stops = depth > 0 && Int.random(in: 0..<5, using: &generator) == 0
    if stops { return replacement(of: json) }
    switch json {
    case .leaf, .text: return replacement(of: json)
    case .array(var elements):
      guard let index = pick(Array(elements.indices)) else { return replacement(of: json) }
      switch Int.random(in: 0..<8, using: &generator) {
      case 0: elements.remove(at: index)
      case 1: elements.append(elements[index])
      case 2: elements.swapAt(index, 0)
      default: elements[index] = changed(elements[index], depth: depth + 1)
      }
      return .array(elements)
    case .object(var members):
      guard let index = pick(Array(members.indices)) else { return replacement(of: json) }
      switch Int.random(in: 0..<12, using: &generator) {
      case 0: members.remove(at: index)
      case 1: members.append(members[index])
      case 2: members[index].key += "x"
      case 3: members[index].value = members[0].value
      default: members[index].value = changed(members[index].value, depth: depth + 1)
      }
      return .object(members)
    }
  }

  private mutating func replacement(of json: MutableJSON) -> MutableJSON {
    switch Int.random(in: 0..<4, using: &generator) {
    case 0:
      guard case .text(let text) = json, !text.isEmpty else { return .array([json, json]) }
      var scalars = Array(text.unicodeScalars)
      let index = Int.random(in: 0..<scalars.count, using: &generator)
      scalars[index] = pick(["(", ")", "[", "|", "*", "+", "?", "{", "a", " ", "é", "^"]) ?? "("
      return .text(String(String.UnicodeScalarView(scalars)))
    case 1: return component(of: pick(files) ?? json)
    default: return .leaf(pick(Self.leaves) ?? "null")
    }
  }

  /// Some part of another file.
  private mutating func component(of json: MutableJSON) -> MutableJSON {
    switch json {
    case .object(let members):
      let small = members.filter { $0.key != "vocab" && $0.key != "merges" }
      guard let member = pick(small), Int.random(in: 0..<4, using: &generator) > 0 else {
        return small.isEmpty ? json : .object(small)
      }
      return component(of: member.value)
    case .array(let elements): return pick(elements) ?? json
    case .leaf, .text: return json
    }
  }

  private mutating func damage(_ bytes: inout [UInt8]) {
    guard bytes.count > 1 else { return }
    let start = Int.random(in: 0..<bytes.count, using: &generator)
    let end = min(bytes.count, start + Int.random(in: 1...12, using: &generator))
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: bytes.removeLast(bytes.count - start)
    case 1: bytes.removeSubrange(start..<end)
    case 2: bytes.insert(contentsOf: bytes[start..<end], at: start)
    case 3: bytes[start] = UInt8.random(in: 0...255, using: &generator)
    default: bytes[start] = pick(Array("\"\\{}[],:0-9e.\u{0}".utf8)) ?? 0
    }
  }
}
