import Testing
import WinaTensor
import WinaTestSupport

/// The experiments of this repository over the real models and data.
@Suite(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct SharedDataTests {
  @Test func theSmokeTestOfMultipleChoiceRuns() throws {
    let cache = try TemporaryDirectory()
    let path = SharedData.packageRoot + "/experiments/smoke-choices.yaml"
    let process = try WinaProcess(
      ["run", path, "--json", "--cache", cache.path], in: cache.path)
    let outcome = process.wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try RunReport(outcome)
    let accuracy = try #require(
      report.results.first { $0.arm == "dense" && $0.label == nil && $0.metric == "acc" })
    #expect((0.1...0.6).contains(accuracy.value ?? 0))
  }

  @Test func firstLightIsValid() throws {
    let path = SharedData.packageRoot + "/experiments/first-light.yaml"
    let cache = try TemporaryDirectory()
    let outcome = try WinaProcess(
      ["validate", path, "--cache", cache.path], in: cache.path
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("3 cells"))
    #expect(!outcome.errors.contains("warning"))
  }

  @Test(arguments: [
    "repro-wina-uniform", "rq1-structure", "rq2-mechanisms", "rq3-routing", "rq4-latency",
    "wina-amp",
  ]) func studiesOfTextAreValid(name: String) throws {
    let cache = try TemporaryDirectory()
    let outcome = try WinaProcess(
      [
        "validate", SharedData.packageRoot + "/experiments/\(name)/textmix.yaml", "--cache",
        cache.path,
      ], in: cache.path
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(!outcome.errors.contains("warning"), "\(outcome.errors)")
    #expect(outcome.output.contains("swift test:"))
  }

  /// Whoever compares `wina forward` with a reference file does it by the tensors' names.
  @Test(
    arguments: [
      "llama_gqa", "llama_tied", "llama3_rope", "mistral_swa", "qwen2", "qwen3", "phi3",
    ], [false, true])
  func forwardWritesTheTensorsOfTheReferenceFiles(name: String, isIncremental: Bool) throws {
    let folder = SharedData.path("reference/" + name)
    let directory = try TemporaryDirectory()
    let golden = try SafetensorsFile(path: folder + "/golden_f32.safetensors")
    let outcome = try WinaProcess(
      [
        "forward", folder, "--ids", golden.path, "--taps", "--output", "out.safetensors",
      ] + (isIncremental ? ["--incremental"] : []), in: directory.path
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let found = try SafetensorsFile(path: directory.file("out.safetensors"))
    let wanted = golden.names.filter {
      $0 == "logits" || $0.hasPrefix("act.") || (!isIncremental && $0.hasPrefix("hidden."))
    }
    #expect(wanted == found.names.filter { $0 != "input_ids" })
    for name in wanted {
      let (expected, values) = (try golden.tensor(name), try found.tensor(name))
      #expect(values.shape == expected.shape)
      let worst =
        zip(try values.floats(), try expected.floats()).map { abs($0 - $1) / (1 + abs($1)) }
        .max() ?? .infinity
      #expect(worst < 1e-4, "\(name): \(worst)")
    }
  }
}
