import Testing
import WinaDiagnostics
import WinaSpec
import WinaTestSupport

/// A YAML value without places, and a small emitter of many styles.
private indirect enum Tree {
  case scalar(YAMLScalar.Value)
  case list([Tree])
  case map([(String, Tree)])

  static func random(_ depth: Int, _ random: inout SeededGenerator) -> Tree {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
    case 0: return .scalar(.int(Int.random(in: -1000...1000, using: &random)))
    case 1: return .scalar(.double(Double.random(in: -1e3...1e3, using: &random)))
    case 2:
      return .scalar([.null, .bool(true), .bool(false)].randomElement(using: &random) ?? .null)
    case 3, 4: return .scalar(.string(text(&random)))
    case 5, 6:
      let count = Int.random(in: 0...4, using: &random)
      return .list((0..<count).map { _ in Tree.random(depth - 1, &random) })
    default:
      let count = Int.random(in: 0...4, using: &random)
      return .map((0..<count).map { ("\(text(&random))\($0)", Tree.random(depth - 1, &random)) })
    }
  }

  private static func text(_ random: inout SeededGenerator) -> String {
    let alphabet = Array("ab z09.-:#{}[],&*!|>'\"%@\\`~é中🦙\t")
    let count = Int.random(in: 0...6, using: &random)
    return String((0..<count).compactMap { _ in alphabet.randomElement(using: &random) })
  }

  /// Writes the tree in flow style, or in block style where a block may stand.
  func emitted(_ indent: Int, _ random: inout SeededGenerator) -> String {
    let isBlock = Bool.random(using: &random) && indent >= 0
    let pad = "\n" + String(repeating: " ", count: max(indent, 0))
    switch self {
    case .scalar(.string(let text)): return quoted(text, &random)
    case .scalar(let value): return value.description
    case .list(let elements):
      if isBlock, !elements.isEmpty {
        return elements.map { pad + "- " + $0.emitted(indent + 2, &random) }.joined()
      }
      return "[" + elements.map { $0.emitted(-1, &random) }.joined(separator: ", ") + "]"
    case .map(let entries):
      if isBlock, !entries.isEmpty {
        return entries.map { key, value in
          pad + quoted(key, &random) + ": " + value.emitted(indent + 2, &random)
        }.joined()
      }
      return "{"
        + entries.map { quoted($0, &random) + ": " + $1.emitted(-1, &random) }
        .joined(separator: ", ") + "}"
    }
  }

  private func quoted(_ text: String, _ random: inout SeededGenerator) -> String {
    if Bool.random(using: &random), !text.contains("\t") {
      return "'" + text.replacing("'", with: "''") + "'"
    }
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("\t", with: "\\t")
    return "\"" + escaped + "\""
  }

  func matches(_ node: YAMLNode) -> Bool {
    switch (self, node.content) {
    case (.scalar(let value), .scalar(let scalar)): value == scalar.value
    case (.list(let trees), .sequence(let nodes)):
      trees.count == nodes.count && zip(trees, nodes).allSatisfy { $0.matches($1) }
    case (.map(let entries), .mapping(let mapping)):
      entries.map(\.0) == mapping.keys
        && zip(entries, mapping.entries).allSatisfy { $0.1.matches($1.value) }
    default: false
    }
  }
}

@Suite("YAML properties") struct YAMLPropertyTests {
  @Test func anyTreeSurvivesBeingWrittenAndRead() throws {
    for seed in 0..<2000 {
      var random = SeededGenerator(seed: UInt64(seed))
      let tree = Tree.random(4, &random)
      let text = tree.emitted(0, &random)
      let node = try #require(Toy.node(text), "seed \(seed):\n\(text)")
      try #require(tree.matches(node), "seed \(seed):\n\(text)")
    }
  }

  @Test func anyScalarRangeReadsBackAsTheSameScalar() throws {
    for seed in 0..<500 {
      var random = SeededGenerator(seed: UInt64(seed))
      let text = Tree.random(4, &random).emitted(0, &random)
      let node = try #require(Toy.node(text), "seed \(seed):\n\(text)")
      for scalar in scalars(in: node) {
        try #require(Toy.node(scalar.range.text) == scalar, "seed \(seed): \(scalar.range.text)")
      }
    }
  }

  private func scalars(in node: YAMLNode) -> [YAMLNode] {
    switch node.content {
    case .scalar: [node]
    case .sequence(let elements): elements.flatMap { scalars(in: $0) }
    case .mapping(let mapping): mapping.entries.flatMap { scalars(in: $0.value) }
    }
  }
}

@Suite("Hostile YAML") struct HostileYAMLTests {
  /// Fails if the work takes longer than any honest reading could.
  private func quickly(_ work: () -> Void) {
    let elapsed = ContinuousClock().measure(work)
    #expect(elapsed < .seconds(10))
  }

  @Test func deepNestingIsAnError() {
    quickly {
      #expect(Toy.faults(String(repeating: "[", count: 500_000)) == ["yaml.too-deep"])
      #expect(Toy.faults(String(repeating: "{a: ", count: 200_000)) == ["yaml.too-deep"])
      let steps = (0..<500).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
      #expect(Toy.faults(steps) == ["yaml.too-deep"])
    }
  }

  @Test func depthThroughAliasesCounts() {
    let chain = (1..<70).map { "a\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()
    quickly { #expect(Toy.faults("a0: &a0 [x]\n" + chain) == ["yaml.too-deep"]) }
  }

  @Test func billionLaughsAreAnError() {
    let levels = (1..<30).map { level in
      "a\(level): &a\(level) ["
        + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
        + "]\n"
    }.joined()
    quickly { #expect(Toy.faults("a0: &a0 lol\n" + levels) == ["yaml.too-many-values"]) }
  }

  @Test func aBombOfOneHundredMegabytesIsAnError() {
    let text =
      "a: &a '" + String(repeating: "x", count: 100_000) + "'\nb: ["
      + Array(repeating: "*a", count: 1000).joined(separator: ",") + "]\n"
    quickly { #expect(Toy.faults(text) == ["yaml.too-many-values"]) }
    let huge = SourceFile(path: "huge.yaml", bytes: [UInt8](repeating: 0x61, count: 4_000_000))
    quickly { #expect(YAMLParser.parse(huge).diagnostics.map(\.id) == ["yaml.file-too-large"]) }
  }

  @Test func bombsOfReferencesAreErrors() {
    func spec(_ vars: [String]) -> String {
      "experiment: bomb\nvars:\n" + vars.map { "  \($0)\n" }.joined()
        + "stages: {capture: {k: \"${a40}\"}}\n"
    }
    let lists = (1...40).map { level in
      "a\(level): [" + Array(repeating: "\"${a\(level - 1)}\"", count: 4).joined(separator: ", ")
        + "]"
    }
    let texts = (1...40).map { "a\($0): \"${a\($0 - 1)}${a\($0 - 1)}\"" }
    quickly {
      for bomb in [["a0: 1"] + lists, ["a0: lol"] + texts] {
        let (parsed, found) = Toy.parse(spec(bomb))
        #expect(parsed == nil)
        #expect(found.contains { $0.id == "spec.expands-too-far" })
      }
    }
  }

  @Test func longChainsOfReferencesAreResolvedWithoutRecursion() throws {
    let vars = (1...5_000).map { "  a\($0): \"${a\($0 - 1)}\"\n" }.joined()
    let text = "experiment: chain\nvars:\n  a0: 7\n\(vars)stages: {capture: {k: \"${a5000}\"}}\n"
    quickly {
      let spec = Toy.parse(text).spec
      #expect(spec?.stages(in: SweepCell()).first?.node["k"]?.inlineDescription == "7")
    }
    let ring = text.replacing("a0: 7", with: "a0: \"${a5000}\"")
    quickly { #expect(Toy.parse(ring).diagnostics.map(\.id) == ["spec.var-cycle"]) }
  }

  @Test func manyFaultsAreReportedQuickly() {
    let unknown = (0..<5_000).map { "  b\($0): \"${a\($0)}\"\n" }.joined()
    quickly {
      let found = Toy.parse("experiment: x\nstages: {capture: {}}\nvars:\n" + unknown).diagnostics
      #expect(found.filter { $0.id == "spec.unknown-var" }.count == 5_000)
    }
  }

  @Test func hugeSweepsAreErrors() {
    let axes = (0..<100).map { "capture.p\($0): [1, 2, 3]" }.joined(separator: ", ")
    let text = "experiment: x\nstages: {capture: {}}\nsweep: {grid: {\(axes)}}\n"
    quickly { #expect(Toy.parse(text).diagnostics.map(\.id) == ["spec.too-many-cells"]) }
  }

  @Test("random damage never crashes or hangs", arguments: 0..<8)
  func randomDamage(_ batch: Int) throws {
    let bytes = Array(Toy.quickstart.utf8)
    let marks = Array("{}[]:,&*!|>'\"%@`#-?<~${}\n\t \u{0}é".utf8) + [0xFF, 0xC3]
    var parsed = 0
    for seed in 0..<400 {
      var random = SeededGenerator(seed: UInt64(batch * 1000 + seed))
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: 0..<damaged.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: damaged[place] = UInt8.random(in: 0...255, using: &random)
        case 1: damaged.insert(marks[Int.random(in: 0..<marks.count, using: &random)], at: place)
        case 2: damaged.remove(at: place)
        default:
          let end = min(damaged.count, place + Int.random(in: 0...40, using: &random))
          damaged.insert(
            contentsOf: damaged[place..<end],
            at: Int.random(in: 0..<damaged.count, using: &random))
        }
      }
      let file = SourceFile(path: "damaged.yaml", bytes: damaged)
      let result = ExperimentSpec.parse(source: file, settings: ["s=0.5"]) { _, _ in
        throw Toy.Missing()
      }
      #expect((result.spec == nil) == result.diagnostics.contains { $0.severity == .error })
      #expect(!DiagnosticRenderer().render(result.diagnostics).contains("\u{0}"))
      if let spec = result.spec {
        parsed += 1
        for cell in spec.cells() { #expect(spec.stages(in: cell).count == spec.stages.count) }
      }
    }
    #expect(parsed > 20)
  }
}
