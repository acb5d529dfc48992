import Testing
import WinaDiagnostics
import WinaSpec

@Suite("YAML") struct YAMLParserTests {
  private func value(_ text: String) -> YAMLScalar.Value? { Toy.node(text)?.scalar?.value }

  @Test func plainScalarsFollowTheCoreSchema() {
    let expected: [(String, YAMLScalar.Value)] = [
      ("~", .null), ("null", .null), ("Null", .null), ("", .null), ("nil", .string("nil")),
      ("true", .bool(true)), ("False", .bool(false)), ("yes", .string("yes")),
      ("no", .string("no")), ("on", .string("on")), ("off", .string("off")),
      ("0", .int(0)), ("-12", .int(-12)), ("+7", .int(7)), ("007", .int(7)), ("0x1F", .int(31)),
      ("0o17", .int(15)), ("0b1", .string("0b1")), ("0x", .string("0x")),
      ("1_000", .string("1_000")),
      ("-0x1F", .string("-0x1F")), ("12:30", .string("12:30")),
      ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
      ("1.5", .double(1.5)), (".5", .double(0.5)), ("-.5", .double(-0.5)), ("1.", .double(1)),
      ("1e-3", .double(1e-3)), ("1.e3", .double(1000)), ("6.02E+23", .double(6.02e23)),
      ("1e", .string("1e")), (".", .string(".")), ("1e3x", .string("1e3x")), ("e3", .string("e3")),
      (".inf", .double(.infinity)), ("-.INF", .double(-.infinity)), ("+.Inf", .double(.infinity)),
      ("inf", .string("inf")), ("nan", .string("nan")), ("1.2.3", .string("1.2.3")),
      ("2001-01-01", .string("2001-01-01")), ("!!str 12", .string("12")),
      ("!!float 3", .double(3)), ("!!int \"3\"", .int(3)), ("! 12", .string("12")),
      ("\"true\"", .string("true")), ("'12'", .string("12")), ("|\n  5\n", .string("5\n")),
    ]
    for (text, meaning) in expected { #expect(value(text) == meaning, "\(text)") }
    if case .double(let nan)? = value(".NaN") { #expect(nan.isNaN) } else { Issue.record(".NaN") }
  }

  @Test func everyKeyAndValueKnowsItsPlace() throws {
    let node = try #require(
      Toy.node(
        """
        été: {"k y": 'v'}
        list:
          - one
          - |
            block
        last: x  # comment
        """))
    let entries = try #require(node.mapping).entries
    #expect(entries.map { $0.key.range?.text } == ["été", "list", "last"])
    #expect(entries[0].value.range.text == "{\"k y\": 'v'}")
    #expect(entries[0].value.mapping?.entries[0].key.range?.text == "\"k y\"")
    #expect(entries[0].value["k y"]?.range.text == "'v'")
    #expect(entries[1].value.range.text == "- one\n  - |\n    block")
    #expect(entries[1].value.sequence?.map(\.range.text) == ["one", "|\n    block"])
    #expect(entries[2].value.range.start == SourcePosition(line: 6, column: 7))
    #expect(entries[2].value.range.text == "x")
  }

  @Test func placesSurviveAByteOrderMarkAndWindowsLineBreaks() throws {
    let node = try #require(Toy.node("\u{FEFF}a: 1\r\nb: é\r\nc: 3\r\n"))
    #expect(node.mapping?.entries.map { $0.key.range?.text } == ["a", "b", "c"])
    #expect(node["c"]?.range.start == SourcePosition(line: 3, column: 4))
  }

  @Test func aliasesKeepThePlaceOfTheirAnchor() throws {
    let node = try #require(Toy.node("a: &x {k: 1}\nb: *x\n"))
    #expect(node["b"] == node["a"])
    #expect(node["b"]?.range == node["a"]?.range)
    #expect(Toy.node("*x")?.range == nil)
  }

  @Test func mergeKeysFillInWhatIsNotWritten() throws {
    let node = try #require(
      Toy.node(
        """
        base: &base {a: 1, b: 2}
        more: &more {b: 3, c: 4}
        one: {b: 5, <<: *base, d: 6}
        two: {<<: [*more, *base], e: 7}
        quoted: {"<<": 8}
        """))
    #expect(node["one"] == Toy.node("{a: 1, b: 5, d: 6}"))
    #expect(node["one"]?.mapping?.keys == ["b", "a", "d"])
    #expect(node["two"] == Toy.node("{b: 3, c: 4, a: 1, e: 7}"))
    #expect(node["quoted"]?["<<"] == Toy.node("8"))
    #expect(node["one"]?["a"]?.range.start == SourcePosition(line: 1, column: 17))
  }

  @Test func mergedKeysMayMergeFurther() {
    let node = Toy.node("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b, z: 3}")
    #expect(node?["c"] == Toy.node("{x: 1, y: 2, z: 3}"))
  }

  @Test func equalityIgnoresOrderPlacesAndStyle() {
    #expect(Toy.node("{a: 1, b: [x]}") == Toy.node("b: ['x']\na: 0x1\n"))
    #expect(Toy.node("{a: 1}") != Toy.node("{a: 1.0}"))
    #expect(Toy.node("[1, 2]") != Toy.node("[2, 1]"))
  }

  @Test func severalFaultsOfMeaningAreReportedTogether() {
    #expect(
      Toy.faults("a: 1\na: 2\nb: *none\nc: !odd x\n? [k]\n: 1\n") == [
        "yaml.duplicate-key", "yaml.unknown-anchor", "yaml.unknown-tag", "yaml.key-not-text",
      ])
  }

  @Test func oneDocumentMayHaveMarkers() {
    #expect(Toy.node("%YAML 1.2\n---\na: 1\n...\n") == Toy.node("{a: 1}"))
    #expect(Toy.node("---\na: 1") == Toy.node("{a: 1}"))
  }

  @Test func nothingIsNull() {
    #expect(Toy.node("")?.isNull == true)
    #expect(Toy.node("# only a comment\n")?.isNull == true)
  }
}
