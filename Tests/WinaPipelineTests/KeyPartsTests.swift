import Testing
import WinaPipeline
import WinaTestSupport

@Suite("Keys") struct KeyPartsTests {
  private func digest(_ number: Int) -> ContentDigest { SHA256.digest(of: "\(number)") }

  @Test("the same parts always have these keys") func haveTheseKeys() throws {
    let parts = KeyParts(
      kind: "profile", version: 3, numericsClass: "avx2/haswell",
      params: .object(["sparsity": .double(0.5), "score": .string("wina")]),
      inputs: [
        .init(port: "model", digests: [digest(2)]),
        .init(port: "histogram", digests: [digest(0), digest(1)]),
      ])
    try expectGolden(
      "action \(parts.actionKey)\nplan \(parts.planKey)\n", "keys/key-parts.txt")
    var plain = parts
    plain.numericsClass = nil
    plain.inputs = []
    plain.params = .object([:])
    try expectGolden(
      "action \(plain.actionKey)\nplan \(plain.planKey)\n", "keys/key-parts-plain.txt")
  }

  @Test("ports may come in any order, digests may not") func order() {
    let first = KeyParts.Input(port: "a", digests: [digest(0), digest(1)])
    let second = KeyParts.Input(port: "b", digests: [digest(2)])
    func key(_ inputs: [KeyParts.Input]) -> PlanKey {
      KeyParts(kind: "k", version: 1, numericsClass: nil, params: .null, inputs: inputs).planKey
    }
    #expect(key([first, second]) == key([second, first]))
    #expect(key([first]) != key([.init(port: "a", digests: [digest(1), digest(0)])]))
  }

  @Test("a numerics class is told from none, and actions from plans") func areTold() {
    func parts(_ numerics: String?) -> KeyParts {
      KeyParts(kind: "k", version: 1, numericsClass: numerics, params: .null, inputs: [])
    }
    let keys = [nil, "", "none", "some:", "some:none"].map { parts($0).planKey }
    #expect(Set(keys).count == 5)
    #expect(parts(nil).planKey.digest != parts(nil).actionKey.digest)
  }

  @Test("parts that differ have keys that differ") func differ() {
    var generator = SeededGenerator(seed: 21)
    var seen: [PlanKey: KeyParts] = [:]
    for _ in 0..<3000 {
      let parts = randomParts(using: &generator)
      if let other = seen.updateValue(parts, forKey: parts.planKey) {
        #expect(canonical(other) == canonical(parts))
      }
    }
    #expect(seen.count > 1500)
  }

  @Test("parts read back from their record with the same keys") func readBack() throws {
    var generator = SeededGenerator(seed: 22)
    for _ in 0..<100 {
      let parts = randomParts(using: &generator)
      let text = try JSONValue(encoding: parts).canonicalText
      let again = try JSONValue(parsing: Array(text.utf8)).decoded(as: KeyParts.self)
      #expect(again.planKey == parts.planKey)
      #expect(again.actionKey == parts.actionKey)
    }
  }

  /// Parts made of few, deliberately confusable pieces.
  private func randomParts(using generator: inout SeededGenerator) -> KeyParts {
    let texts = ["", "a", "ab", ";", ":", "1:a;", "port:1:a;", "none", "count:1:1;", "é"]
    func pick() -> String { texts[Int.random(in: 0..<texts.count, using: &generator)] }
    let ports = Set((0..<Int.random(in: 0...2, using: &generator)).map { _ in pick() })
    return KeyParts(
      kind: pick(), version: Int.random(in: 1...12, using: &generator),
      numericsClass: Bool.random(using: &generator) ? pick() : nil,
      params: .object([pick(): .string(pick())]),
      inputs: ports.map { port in
        KeyParts.Input(
          port: port,
          digests: (0..<Int.random(in: 0...2, using: &generator)).map { _ in
            digest(Int.random(in: 0...1, using: &generator))
          })
      })
  }

  private func canonical(_ parts: KeyParts) -> String {
    let inputs = parts.inputs.map { "\($0.port.debugDescription) \($0.digests)" }
    return [
      parts.kind.debugDescription, "\(parts.version)", parts.numericsClass.debugDescription,
      parts.params.canonicalText,
    ].joined(separator: "|") + inputs.joined(separator: "|")
  }
}
