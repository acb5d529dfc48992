import Testing
import WinaTensor

struct ProjectionTests {
  @Test func namesAreThoseOfCheckpoints() {
    #expect(
      Projection.allCases.map(\.rawValue) == [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
      ])
    #expect(ActivationStream.allCases.map(\.rawValue) == ["attn_in", "o_in", "mlp_in", "down_in"])
  }

  @Test func everyProjectionReadsOneStream() {
    #expect(ActivationStream.attentionInput.projections == [.qProj, .kProj, .vProj])
    #expect(ActivationStream.outputInput.projections == [.oProj])
    #expect(ActivationStream.mlpInput.projections == [.gateProj, .upProj])
    #expect(ActivationStream.downInput.projections == [.downProj])
  }
}
