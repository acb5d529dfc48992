import Foundation
import Testing
import WinaPipeline
import WinaTestSupport

@Suite("Canonical JSON") struct JSONValueTests {
  @Test(
    "each value has one text",
    arguments: [
      (JSONValue.null, "null"), (.bool(true), "true"), (.int(-3), "-3"), (.double(-0.0), "0"),
      (.double(1), "1"), (.double(-2e15), "-2000000000000000"), (.double(0.1), "0.1"),
      (.double(1e-7), "1e-07"), (.double(1e300), "1e+300"), (.int(.min), "-9223372036854775808"),
      (.string("a\"\\/\n\r\t\u{1}\u{1f}é\u{1F600}"), #""a\"\\/\n\r\t\u0001\u001fé😀""#),
      (.array([.null, .int(1)]), "[null,1]"),
      (.object(["b": .int(1), "a": .null, "c": .object(["d": .null])]), #"{"b":1,"c":{}}"#),
    ])
  func hasOneText(_ value: JSONValue, _ text: String) throws {
    #expect(value.canonicalText == text)
  }

  @Test("keys are sorted by their scalars, however they were put in") func areSorted() {
    let names = ["b", "a", "ab", "A", "é", "z", "\u{1F600}", "_", "1", "10", "2"]
    var generator = SeededGenerator(seed: 5)
    let texts = (0..<20).map { _ in
      JSONValue.object(
        Dictionary(
          names.shuffled(using: &generator).map { ($0, .int(1)) }, uniquingKeysWith: { $1 })
      ).canonicalText
    }
    #expect(Set(texts).count == 1)
    #expect(texts[0].hasPrefix(#"{"1":1,"10":1,"2":1,"A":1,"_":1,"a":1,"ab":1,"b":1,"z":1,"#))
  }

  @Test("composed and decomposed text stay apart") func stayApart() throws {
    let composed = JSONValue.string("caf\u{E9}")
    let decomposed = JSONValue.string("cafe\u{301}")
    #expect(Array(composed.canonicalText.utf8) != Array(decomposed.canonicalText.utf8))
    #expect(
      try Array(JSONValue(parsing: Array(decomposed.canonicalText.utf8)).canonicalText.utf8)
        == Array(decomposed.canonicalText.utf8))
  }

  @Test("random values keep their text through text") func keepTheirText() throws {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<400 {
      let value = JSONValue.random(depth: 3, using: &generator)
      let text = value.canonicalText
      let again = try JSONValue(parsing: Array(text.utf8))
      #expect(again.canonicalText == text)
      #expect(try JSONValue(parsing: Array(again.canonicalText.utf8)) == again)
    }
  }

  @Test("doubles keep their bits through text") func keepTheirBits() throws {
    var generator = SeededGenerator(seed: 12)
    for _ in 0..<2000 {
      let value = Double(bitPattern: generator.next())
      guard value.isFinite, Int(exactly: value) == nil else { continue }
      let text = JSONValue.double(value).canonicalText
      #expect(try JSONValue(parsing: Array(text.utf8)) == .double(value), "\(text)")
    }
  }

  @Test("a type decodes from what it encodes to") func decodes() throws {
    struct Example: Codable, Equatable {
      var name: String
      var rate: Double
      var counts: [Int]
      var missing: String?
    }
    let example = Example(name: "ü", rate: 2, counts: [1, -1], missing: nil)
    let value = try JSONValue(encoding: example)
    #expect(value.canonicalText == #"{"counts":[1,-1],"name":"ü","rate":2}"#)
    #expect(try value.decoded(as: Example.self) == example)
  }

  @Test("what is no JSON is an error", arguments: ["", "{", "[1,]", "nul", "{\"a\" 1}", "\u{1}"])
  func isAnError(_ text: String) {
    #expect(throws: (any Error).self) { try JSONValue(parsing: Array(text.utf8)) }
  }
}

extension JSONValue {
  /// A value with strange text and numbers.
  static func random(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
    case 0: .null
    case 1: .bool(Bool.random(using: &generator))
    case 2: .int(Int.random(in: .min ... .max, using: &generator))
    case 3: .double(Double(Int.random(in: -9...9, using: &generator)) / 4)
    case 4: .double(Double.random(in: -1e18...1e18, using: &generator))
    case 5: .string(randomText(using: &generator))
    case 6:
      .array(
        (0..<Int.random(in: 0...3, using: &generator)).map { _ in
          random(depth: depth - 1, using: &generator)
        })
    default:
      .object(
        Dictionary(
          (0..<Int.random(in: 0...3, using: &generator)).map { _ in
            (randomText(using: &generator), random(depth: depth - 1, using: &generator))
          }, uniquingKeysWith: { $1 }))
    }
  }

  private static func randomText(using generator: inout SeededGenerator) -> String {
    let scalars: [Unicode.Scalar] = [
      "a", "\"", "\\", "\n", "\u{0}", "\u{7f}", "é", "\u{301}", "\u{1F600}", "\u{FFFD}", "{", ":",
    ]
    var text = ""
    for _ in 0..<Int.random(in: 0...5, using: &generator) {
      text.unicodeScalars.append(scalars[Int.random(in: 0..<scalars.count, using: &generator)])
    }
    return text
  }
}
