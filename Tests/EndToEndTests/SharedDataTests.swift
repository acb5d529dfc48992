import Testing
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
}
