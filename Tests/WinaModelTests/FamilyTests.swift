import Foundation
import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// Tiny checkpoints of many settings against the numbers that transformers computed from them.
///
/// `Tests/Fixtures/families/generate.py` wrote them; `sweep.py` beside it compares random ones.
struct FamilyTests {
  /// Relative and absolute; reached are 1.2e-5 here and 5e-5 in a sweep over 1,200 variants.
  private let tolerance: Float = 1e-4

  static let folder = SharedData.packageRoot + "/Tests/Fixtures/families"
  static let variants = [
    "llama3-biases-f16", "llama-linear-sharded", "mistral-window-yarn", "mistral-dynamic",
    "qwen2-sliding", "qwen3-layer-types", "phi3-partial", "phi3-half-tied",
  ]

  private func folder(_ variant: String) -> String { Self.folder + "/" + variant }

  private func golden(_ variant: String) throws -> GoldenFile {
    try GoldenFile(path: folder(variant) + "/golden.safetensors")
  }

  @Test(arguments: variants, KernelLevel.allCases)
  func logitsAndHiddenStatesMatch(variant: String, level: KernelLevel) throws {
    try Kernels.withLevel(level) {
      let model = try LanguageModel.load(directory: folder(variant))
      let golden = try golden(variant)
      for (index, tokens) in golden.sequences.enumerated() {
        let result = try model.forward(
          tokens, ForwardRequest(keepHidden: true), workspace: ForwardWorkspace())
        let expected = try golden.floats("logits", sequence: index)
        #expect(difference(result.logits, expected) < tolerance)
        #expect(result.hidden.count == model.configuration.layers + 1)
        for (state, values) in result.hidden.enumerated() {
          let expected = try golden.floats("hidden.\(state)", sequence: index)
          #expect(difference(values, expected) < tolerance)
        }
        let decoder = IncrementalDecoder(model)
        var logits: [Float] = []
        for token in tokens { logits += try decoder.append(token) }
        #expect(difference(logits, expected) < tolerance)
      }
    }
  }

  @Test(arguments: variants, KernelLevel.allCases)
  func theLikeliestContinuationIsThatOfTransformers(variant: String, level: KernelLevel) throws {
    try Kernels.withLevel(level) {
      let model = try LanguageModel.load(directory: folder(variant))
      let golden = try golden(variant)
      let all = try golden.file.tensor("greedy").int64s().map(Int32.init)
      let count = all.count / golden.sequences.count
      for (index, tokens) in golden.sequences.enumerated() {
        let added = try IncrementalDecoder(model).generateGreedy(
          prompt: tokens, count: count, stopsAtEnd: false)
        #expect(added == Array(all[(index * count)..<((index + 1) * count)]))
      }
    }
  }

  @Test func theSettingsAreThoseThatTheNamesSay() throws {
    func read(_ variant: String) throws -> ModelConfiguration {
      try ModelConfiguration.load(path: folder(variant))
    }
    let llama = try read("llama3-biases-f16")
    #expect(llama.biases == Set(Projection.allCases) && llama.headSize == 12)
    #expect(llama.rope.scaling == .llama3(factor: 4, low: 1, high: 4, originalContext: 16))
    let linear = try read("llama-linear-sharded")
    #expect(linear.tiesEmbeddings && linear.rope.scaling == .linear(factor: 2.5))
    #expect(
      !FileManager.default.fileExists(atPath: folder("llama-linear-sharded/model.safetensors")))
    let mistral = try read("mistral-window-yarn")
    #expect(mistral.windows == [5, 5] && mistral.headSize == 10 && mistral.rope.magnitude > 1)
    #expect(try read("mistral-dynamic").windows == [nil, nil])
    let qwen2 = try read("qwen2-sliding")
    #expect(qwen2.windows == [nil, 6, 6] && qwen2.biases == [.qProj, .kProj, .vProj])
    let qwen3 = try read("qwen3-layer-types")
    #expect(qwen3.windows == [7, nil] && qwen3.normsHeads && qwen3.rope.magnitude == 0.9)
    let phi3 = try read("phi3-partial")
    #expect(phi3.rope.width == 6 && phi3.headSize == 8 && phi3.windows == [9, 9])
    #expect(try read("phi3-half-tied").rope.width == 6)
  }
}
