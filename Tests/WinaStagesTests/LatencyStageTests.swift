import Testing
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaStages

/// Times, with a clock that goes on by a millisecond at every question.
struct LatencyStageTests {
  private let lab: StageLab
  private let shard: StageLab.Shard
  private let plain: ContentDigest
  private let fixed: ContentDigest

  init() throws {
    lab = try StageLab()
    shard = try lab.shards(StageLab.records(12), sizes: [12])[0]
    let pooled = try lab.histogram([shard.capture])
    plain = try lab.profile(pooled, sparsity: 0.5)
    fixed = try lab.profile(pooled, sparsity: 0.5, gate: "static")
  }

  private func measure(
    prompts: [JSONValue], generated: Int, batch: [JSONValue], threads: [JSONValue] = [1],
    repeats: Int = 3
  ) throws -> LatencyArtifact {
    try lab.load(
      lab.run(
        "latency",
        [
          "dense": "dense", "arms": ["plain", "fixed"], "promptTokens": .array(prompts),
          "generatedTokens": .int(generated), "batch": .array(batch), "threads": .array(threads),
          "groups": "same", "repeats": .int(repeats), "warmUp": 1,
        ],
        [
          "tokens": [.artifact(shard.tokens)], "model": [.leaf(lab.model)],
          "profiles": [.artifact(plain), .artifact(fixed)],
        ]), as: LatencyArtifact.self)
  }

  @Test func everyShapeHasEveryArmAndStaticMasksTwice() throws {
    let found = try measure(prompts: [4, 6], generated: 9, batch: [1, 3])
    #expect(found.host == "memory")
    #expect(found.results.count == 4 * 4)
    #expect(
      found.results.prefix(4).map(\.subject) == ["dense", "plain", "fixed", "fixed (packed)"])
    for result in found.results {
      #expect(result.shape.threads == 1)
      // Every measured stretch lasts one tick; of nine steps the first three do not count.
      #expect(result.prefill.count == 3 && result.prefill.allSatisfy { abs($0 - 1) < 1e-6 })
      #expect(result.steps.count == 3 * 6 && result.steps.allSatisfy { abs($0 - 1) < 1e-6 })
      #expect(result.ratios.allSatisfy { abs($0 - 1) < 1e-6 })
      #expect((result.phases["down_proj"] ?? 0) > 0)
    }
    #expect(found.packing.keys.sorted() == ["fixed (packed)"])
  }

  /// A result without them would be found in the cache by runs that may use more.
  @Test func moreThreadsThanTheRunMayUseAreAnError() {
    let error = #expect(throws: ArtifactError.self) {
      try measure(prompts: [4], generated: 6, batch: [1], threads: [1, 2], repeats: 1)
    }
    #expect(error?.message.contains("`--jobs 2`") == true)
  }

  @Test func densityIsWhatStepsRead() throws {
    let found = try measure(prompts: [4], generated: 6, batch: [2], repeats: 1).results
    #expect(found[0].density == 1)
    #expect(abs(found[1].density - 0.5) < 0.2)
    #expect(abs(found[2].density - 0.5) < 0.1)
    #expect(found[2].density == found[3].density)
    #expect(found[2].bytes < found[0].bytes)
    #expect((found[0].phases["gate"] ?? 0) == 0)
    #expect((found[1].phases["gate"] ?? 0) > 0)
  }

  @Test func aRouterSaysHowLongItTakes() throws {
    let clusters = try lab.kmeans([shard])
    let router = try lab.classifier(
      shard, ["features": "embedding", "model": "nearest_centroid"], clusters: clusters)
    let found = try lab.load(
      lab.run(
        "latency",
        [
          "dense": "dense", "arms": ["plain"], "routed": ["plain"], "promptTokens": [3],
          "generatedTokens": 1, "batch": [1], "threads": [1], "groups": "same", "repeats": 3,
          "warmUp": 1,
        ],
        [
          "tokens": [.artifact(shard.tokens)], "model": [.leaf(lab.model)],
          "profiles": [.artifact(plain)], "routers": [.artifact(router)],
        ]), as: LatencyArtifact.self)
    let routing = try #require(found.routing.first)
    #expect(found.routing.count == 1 && routing.arm == "plain" && routing.requests == 12)
    #expect(routing.times.count == 3 * 12)
    for time in routing.times {
      #expect(abs(time.features - 1) < 1e-6 && abs(time.prediction - 1) < 1e-6)
    }
    let width = try lab.language.configuration.hidden
    // An embedding is looked up; a nearest centroid of three costs three products of its width.
    #expect(routing.macs == Double(3 * width))
  }

  @Test func oneStepIsMeasuredEvenIfThereIsNoOther() throws {
    let found = try measure(prompts: [3], generated: 1, batch: [1]).results
    #expect(found.allSatisfy { $0.steps.count == 3 })
  }
}
