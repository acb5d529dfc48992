import Foundation
import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// Real checkpoints against the numbers that transformers gives for them.
@Suite(.enabled(if: SharedData.isPresent, "needs ../shared/data, which is absent"))
struct ReferenceTests {
  /// Relative and absolute; the references' own two ways of computing differ by up to 1.4e-5.
  private let tolerance: Float = 5e-5

  static let models = [
    "models/stories260K", "reference/llama_gqa", "reference/llama_tied", "reference/llama3_rope",
    "reference/mistral_swa", "reference/qwen2", "reference/qwen3", "reference/phi3",
  ]
  static let random = Array(models.dropFirst())

  @Test(arguments: models)
  func logitsHiddenStatesAndProjectionInputsMatch(path: String) throws {
    let model = try LanguageModel.load(directory: SharedData.path(path))
    let golden = try GoldenFile(path: SharedData.path(path) + "/golden_f32.safetensors")
    let workspace = ForwardWorkspace()
    for (index, tokens) in golden.sequences.enumerated() {
      var taps: [TapPoint: [Float]] = [:]
      let result = try model.forward(
        tokens, ForwardRequest(keepHidden: true), workspace: workspace
      ) { taps[$0] = $1.values }
      #expect(difference(result.logits, try golden.floats("logits", sequence: index)) < tolerance)
      #expect(result.hidden.count == model.configuration.layers + 1)
      for (state, values) in result.hidden.enumerated() {
        let expected = try golden.floats("hidden.\(state)", sequence: index)
        #expect(difference(values, expected) < tolerance)
      }
      for layer in 0..<model.configuration.layers {
        for projection in Projection.allCases {
          let name = "act." + model.configuration.linearName(of: projection, layer: layer)
          let expected = try golden.floats(name, sequence: index)
          let found = try #require(taps[.stream(projection.stream, layer: layer)])
          #expect(difference(found, expected) < tolerance)
        }
      }
    }
  }

  @Test(arguments: random)
  func tokenByTokenMatches(path: String) throws {
    let model = try LanguageModel.load(directory: SharedData.path(path))
    let golden = try GoldenFile(path: SharedData.path(path) + "/golden_f32.safetensors")
    let decoder = IncrementalDecoder(model)
    var logits: [Float] = []
    for token in golden.sequences[0] { logits += try decoder.append(token) }
    #expect(difference(logits, try golden.file.tensor("incr_logits").floats()) < tolerance)
  }

  @Test(arguments: random)
  func halfPrecisionWeightsMatch(path: String) throws {
    let model = try LanguageModel.load(directory: SharedData.path(path) + "/bf16")
    let golden = try GoldenFile(path: SharedData.path(path) + "/golden_bf16.safetensors")
    for (index, tokens) in golden.sequences.enumerated() {
      let result = try model.forward(tokens, ForwardRequest(), workspace: ForwardWorkspace())
      let expected = try golden.floats("logits_f32math", sequence: index)
      #expect(difference(result.logits, expected) < tolerance)
    }
  }

  @Test func theStoryContinuesAsInTheReference() throws {
    struct Story: Decodable {
      var prompt_ids: [Int32]
      var greedy_ids: [Int32]
    }
    let folder = SharedData.path("models/stories260K")
    let model = try LanguageModel.load(directory: folder)
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/greedy.json"))
    let story = try JSONDecoder().decode(Story.self, from: data)
    let added = try IncrementalDecoder(model).generateGreedy(
      prompt: story.prompt_ids, count: story.greedy_ids.count - story.prompt_ids.count,
      stopsAtEnd: false)
    #expect(story.prompt_ids + added == story.greedy_ids)
  }

  @Test(arguments: random, [true, false])
  func bothLayoutsOfTheConfigurationAreRead(path: String, isCurrent: Bool) throws {
    let folder = SharedData.path(path)
    let name = isCurrent ? "/config_v5.json" : "/config.json"
    let configuration = try ModelConfiguration.load(path: folder + name)
    #expect(configuration == (try ModelConfiguration.load(path: folder)))
  }
}
