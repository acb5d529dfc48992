import Foundation
import Testing
import WinaSparsity
import WinaTensor

@Suite("Score methods") struct ScoreMethodTests {
  @Test func methodsScoreTheProjectionsOfTheirPapers() {
    let expected: [ScoreMethod: [String?]] = [
      .wina: [
        "stream.attn_in", "weighted.k_proj", "stream.attn_in", "stream.o_in", "weighted.gate_proj",
        "stream.mlp_in", "stream.down_in",
      ],
      .winaAll: Projection.allCases.map { "weighted." + $0.rawValue },
      .winaFused: [
        "fused.attn_in", "fused.attn_in", "fused.attn_in", "stream.o_in", "fused.mlp_in",
        "fused.mlp_in", "stream.down_in",
      ],
      .teal: Projection.allCases.map { "stream." + $0.stream.rawValue },
      .cats: [nil, nil, nil, nil, nil, "gate", "gate"],
      .winaCATS: [nil, nil, nil, nil, nil, "weighted.gate", "weighted.gate"],
    ]
    for method in ScoreMethod.allCases {
      #expect(Projection.allCases.map { method.slot(for: $0)?.name } == expected[method])
    }
  }

  @Test func slotsAreDistinctOrderedAndNamed() throws {
    #expect(ScoreMethod.wina.slots.count == 6)
    #expect(ScoreMethod.winaAll.slots.count == 7)
    #expect(ScoreMethod.teal.slots.count == 4)
    #expect(ScoreMethod.cats.slots == [.gate])
    #expect(ScoreMethod.winaCATS.slots == [.weightedGate])
    #expect(ScoreMethod.winaFused.slots.count == 4)
    #expect(ScoreMethod.slots(for: ScoreMethod.allCases) == ScoreSlot.all)
    #expect(ScoreMethod.slots(for: [.teal, .wina]) == ScoreMethod.slots(for: [.wina, .teal]))
    for slot in ScoreSlot.all {
      #expect(ScoreSlot(name: slot.name) == slot)
      let encoded = try JSONEncoder().encode([slot])
      #expect(try JSONDecoder().decode([ScoreSlot].self, from: encoded) == [slot])
    }
    #expect(ScoreSlot(name: "stream.nowhere") == nil)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([ScoreSlot].self, from: Data("[\"x\"]".utf8))
    }
  }

  @Test(arguments: [(1, 0), (2, 1), (100, 1), (101, 2), (200, 2), (201, 3), (2048, 21), (0, 0)])
  func winaScriptLeavesOnePercentDense(tokens: Int, dense: Int) {
    #expect(DensePrefix.winaScript(tokens) == dense)  // O4
  }

  @Test func fixedPrefixesStayWithinTheSequence() {
    #expect(DensePrefix.fixed(1, of: 10) == 1)
    #expect(DensePrefix.fixed(4, of: 3) == 3)
    #expect(DensePrefix.fixed(-2, of: 3) == 0)
    #expect(DensePrefix.fixed(1, of: 0) == 0)
  }
}
