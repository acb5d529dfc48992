import Testing
import WinaDiagnostics
import WinaSpec
import WinaTestSupport

private enum Score: String, Codable, CaseIterable {
  case wina, teal, cats
  case winaAll = "wina_all"
}

private struct Arm: Codable, Equatable {
  var profile: String?
  var route: String?
}

private struct Params: Codable {
  var k: Int
  var sparsity: Double
  var scores: [Score]
  var exact: Bool?
  var name: String
  var arms: OrderedMap<Arm>
  var inner: Inner?

  struct Inner: Codable {
    var depth: UInt8
    var more: [Inner]?
  }
}

private struct Share: Decodable {
  let value: Double

  init(from decoder: any Decoder) throws {
    value = try decoder.singleValueContainer().decode(Double.self)
    if !(0..<1).contains(value) {
      throw Diagnostic(
        id: "stage.sparsity", "the sparsity \(value) is not in 0..<1",
        help: "65 % are written 0.65")
    }
  }
}

private struct Even: Decodable {
  let value: Int

  enum CodingKeys: CodingKey { case value }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    value = try container.decode(Int.self, forKey: .value)
    if value % 2 != 0 {
      throw DecodingError.dataCorruptedError(
        forKey: .value, in: container, debugDescription: "\(value) is odd")
    }
  }
}

@Suite("Decoding") struct SpecDecoderTests {
  private func decode<Value: Decodable>(
    _ type: Value.Type, _ text: String
  ) throws -> SpecDecoder.Result<Value> {
    SpecDecoder().decode(type, from: try #require(Toy.node(text)))
  }

  private func rendered(_ diagnostics: [Diagnostic]) -> String {
    DiagnosticRenderer().render(diagnostics)
  }

  @Test func everythingDecodes() throws {
    let result = try decode(
      Params.self,
      """
      k: 0x10
      sparsity: 1
      scores: [wina, wina_all]
      name: "5"
      arms: {z: {profile: a}, a: {}, m: {route: r}}
      inner: {depth: 255, more: [{depth: 0}]}
      """)
    #expect(result.diagnostics == [])
    let params = try #require(result.value)
    #expect(params.k == 16)
    #expect(params.sparsity == 1)
    #expect(params.scores == [.wina, .winaAll])
    #expect(params.exact == nil)
    #expect(params.name == "5")
    #expect(params.arms.keys == ["z", "a", "m"])
    #expect(params.arms["m"]?.route == "r")
    #expect(params.inner?.more?.first?.depth == 0)
    #expect(result.keys == ["k", "sparsity", "scores", "exact", "name", "arms", "inner"])
  }

  @Test func allFaultsOfANodeAreFound() throws {
    let result = try decode(
      Params.self,
      """
      k: 8.0
      sparcity: 0.5
      scores: [wina, tael, 3, [wina]]
      exact: yes
      name: 5
      arms: {uniform: {profil: a}, routed: x, left_out: }
      inner: {depth: 256, more: [{deep: 1}, {depth: -1}]}
      """)
    #expect(result.value == nil)
    try expectGolden(rendered(result.diagnostics), "diagnostics/decoding.txt")
  }

  @Test func unknownValuesListTheKnownOnes() throws {
    let found = try decode([Score].self, "[wina, wna]").diagnostics
    #expect(found.map(\.id) == ["spec.unknown-value"])
    try expectGolden(rendered(found), "diagnostics/spec.unknown-value.txt")
  }

  @Test func thrownDecodingErrorsAreLocated() throws {
    let found = try decode([String: Even].self, "{a: {value: 2}, b: {value: 3}}").diagnostics
    #expect(found.map(\.id) == ["spec.invalid-value"])
    try expectGolden(rendered(found), "diagnostics/spec.invalid-value.txt")
  }

  @Test func infinityIsNoParameter() throws {
    let found = try decode([String: Double].self, "{rate: .inf}").diagnostics
    try expectGolden(rendered(found), "diagnostics/spec.not-finite.txt")
    #expect(try decode([Float].self, "[1e39]").diagnostics.map(\.id) == ["spec.not-finite"])
  }

  @Test func integersKeepToTheirRange() throws {
    let found = try decode([String: UInt8].self, "{depth: 256}").diagnostics
    try expectGolden(rendered(found), "diagnostics/spec.number-range.txt")
  }

  @Test func thrownDiagnosticsGetTheirPlaceAndTheReferencesBehindIt() throws {
    let spec = try #require(
      Toy.parse(
        "experiment: toy\nvars: {s: 65}\nstages: {profile: {sparsity: \"${s}\"}}\n"
      ).spec)
    let stage = try #require(spec.stages(in: SweepCell()).first)
    let found = SpecDecoder().decode([String: Share].self, from: stage.node).diagnostics
    try expectGolden(rendered(found), "diagnostics/thrown-by-a-type.txt")
  }

  @Test func faultsOfOneValueAreNotReportedTwice() throws {
    let found = try decode([String: Even].self, "{a: {value: x}}").diagnostics
    #expect(found.map(\.id) == ["spec.wrong-type"])
    #expect(try decode([Score].self, "[{}]").diagnostics.map(\.id) == ["spec.wrong-type"])
  }

  @Test func twoTypesCanShareAMapping() throws {
    struct Inputs: Decodable { var histogram: String }
    struct Numbers: Decodable { var k: Int }
    let node = try #require(Toy.node("{histogram: pooled, k: 8, kk: 9}"))
    let inputs = SpecDecoder().decode(Inputs.self, from: node, unknownKeys: .ignored)
    let numbers = SpecDecoder().decode(Numbers.self, from: node, unknownKeys: .ignored)
    #expect(inputs.diagnostics.isEmpty && numbers.diagnostics.isEmpty)
    let unknown = SpecDecoder.unknownKeys(in: node, known: inputs.keys.union(numbers.keys))
    #expect(unknown.map(\.message) == ["unknown key 'kk'"])
  }

  @Test func keysOfATypeAreKnownWithoutADocument() {
    #expect(SpecDecoder.keys(of: Params.Inner.self) == ["depth", "more"])
    #expect(SpecDecoder.keys(of: Even.self) == ["value"])
  }

  @Test func missingKeysPointAtTheOwner() throws {
    struct Numbers: Decodable { var k: Int }
    let file = SourceFile(path: "a.yaml", text: "cluster: {}")
    let node = try #require(YAMLParser.parse(file).node?["cluster"])
    let owner = SourceRange(file: file, 0..<7)
    let found = SpecDecoder().decode(Numbers.self, from: node, at: owner).diagnostics
    #expect(found.map(\.range) == [owner])
  }

  @Test func nodesAndPlacesPassThrough() throws {
    struct Mixed: Decodable {
      var any: YAMLNode
      var text: Located<String>
      var optional: Located<Int>?
    }
    let result = try decode(Mixed.self, "{any: [1, {a: b}], text: hi, optional: null}")
    let value = try #require(result.value)
    #expect(value.any.sequence?.count == 2)
    #expect(value.text.range?.text == "hi")
    #expect(value.optional == nil)
  }

  @Test func userInfoReachesTheTypes() throws {
    struct Reader: Decodable {
      init(from decoder: any Decoder) throws {
        let key = try #require(CodingUserInfoKey(rawValue: "collector"))
        let collector = try #require(decoder.userInfo[key] as? Collector)
        collector.paths.append(decoder.codingPath.map(\.stringValue).joined(separator: "."))
      }
    }
    final class Collector { var paths: [String] = [] }
    let collector = Collector()
    let key = try #require(CodingUserInfoKey(rawValue: "collector"))
    let node = try #require(Toy.node("{a: {b: 1, c: 2}}"))
    let result = SpecDecoder(userInfo: [key: collector])
      .decode(OrderedMap<OrderedMap<Reader>>.self, from: node)
    #expect(result.diagnostics == [])
    #expect(collector.paths == ["a.b", "a.c"])
  }

  @Test func pathsLeadToPlaces() throws {
    let node = try #require(Toy.node("{arms: {uniform: {sparsity: 2}}, list: [a, b]}"))
    func place(_ path: [String]) -> String? {
      SpecDecoder.locate(Diagnostic(id: "x", "x", path: path), in: node).range?.text
    }
    #expect(place(["arms", "uniform", "sparsity"]) == "2")
    #expect(place(["arms", "uniform", "missing"]) == "uniform")
    #expect(place(["list", "1"]) == "b")
    #expect(place([]) == node.range.text)
  }
}
