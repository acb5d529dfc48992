import Testing
import WinaPipeline
import WinaStore
import WinaTestSupport

struct JSONReaderTests {
  private func parse(_ text: String) -> JSONValue? { JSONReader.parse(Array(text.utf8)) }

  @Test func valuesOfEveryKindAreRead() {
    #expect(parse(" { } ") == .object([:]))
    #expect(
      parse("[1,-2,0.5,1e3,null,true,false]")
        == .array([
          .int(1), .int(-2), .double(0.5), .double(1000), .null, .bool(true), .bool(false),
        ]))
    #expect(
      parse(#""a\"\\\/\b\f\n\r\tä\u00e4\ud83d\ude00""#) == .string("a\"\\/\u{8}\u{C}\n\r\tää😀"))
    #expect(parse("9223372036854775808") == .double(9_223_372_036_854_775_808))
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "\"\u{1}\"", "\"\\x\"", "\"\\ud800\"",
    "\"\\u12g4\"", "\"open", "tru", "nul", "1 2", "-", "1e", "nan", "inf", "1e999",
    "{\"a\":1,\"a\":2}",
    "[1}", "\"\\u+123\"",
  ])
  func textThatIsNotJSONIsRefused(text: String) { #expect(parse(text) == nil) }

  @Test func depthIsBounded() {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(parse(nested(60)) != nil)
    #expect(parse(nested(65)) == nil)
    #expect(parse(String(repeating: "[", count: 1_000_000)) == nil)
  }

  @Test func canonicalTextOfRandomValuesReadsBackEqual() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<300 {
      let value = random(depth: 0, &generator)
      #expect(parse(value.canonicalText)?.canonicalText == value.canonicalText)
    }
  }

  private func random(depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
    let count = Int.random(in: 0..<4, using: &generator)
    switch Int.random(in: 0..<(depth < 4 ? 7 : 5), using: &generator) {
    case 0: return .bool(Bool.random(using: &generator))
    case 1: return .int(Int.random(in: .min ... .max, using: &generator))
    case 2: return .double(Double.random(in: -1e12...1e12, using: &generator))
    case 3:
      return .double(
        Double(
          sign: .plus, exponent: Int.random(in: -300...300, using: &generator), significand: 1.1))
    case 4:
      let scalars = (0..<count).compactMap { _ in
        Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &generator))
      }
      return .string(String(String.UnicodeScalarView(scalars)))
    case 5: return .array((0..<count).map { _ in random(depth: depth + 1, &generator) })
    default:
      return .object(
        Dictionary((0..<count).map { ("k\($0)\"\n", random(depth: depth + 1, &generator)) }) { $1 })
    }
  }
}
