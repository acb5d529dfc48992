import Testing
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaTensor

/// Allocations searched on a tiny model.
struct AllocateStageTests {
  private let lab: StageLab
  private let shards: [StageLab.Shard]
  private let clusters: ContentDigest
  private let pooled: ContentDigest
  private let grouped: ContentDigest

  init() throws {
    lab = try StageLab()
    shards = try lab.shards(StageLab.records(24), sizes: [10, 14])
    clusters = try lab.kmeans(shards, k: 2)
    pooled = try lab.histogram(shards.map(\.capture))
    grouped = try lab.histogram(shards.map(\.capture), groups: clusters)
  }

  private func allocate(
    _ params: [String: JSONValue], grouped isGrouped: Bool = false, tokens: [StageLab.Shard]? = nil
  ) throws -> ContentDigest {
    var inputs: [String: [BoundInput]] = [
      "histogram": [.artifact(isGrouped ? grouped : pooled)],
      "tokens": (tokens ?? shards).map { .artifact($0.tokens) }, "model": [.leaf(lab.model)],
    ]
    if isGrouped { inputs["clusters"] = [.artifact(clusters)] }
    return try lab.run("allocate", .object(params), inputs)
  }

  private let greedy: [String: JSONValue] = [
    "method": "greedy", "score": "wina", "samples": 3, "maxTokens": 24, "seed": 1, "step": 0.2,
    "end": 0.6, "blockError": "rel_l2",
  ]

  @Test func greedyPathsHarmTheirSamplesLessThanUniformSparsity() throws {
    let fine = greedy.merging(["step": 0.05]) { $1 }
    let artifact = try lab.load(allocate(fine), as: AllocationArtifact.self)
    guard case .greedy(let paths) = artifact.allocation.evidence else {
      Issue.record("no path")
      return
    }
    #expect(artifact.report.samples == [3] && artifact.report.heldOut == [3])
    #expect((artifact.report.reuse ?? 0) > 1.1)
    let rows = paths.joined().flatMap(\.rows)
    #expect(rows.allSatisfy { $0.error.isFinite && $0.heldOutError.isFinite })
    // The first few steps can only be taken whole, where uniform sparsity is spread.
    let later = rows.filter { $0.effective > 0.2 }
    let better = later.filter { $0.error <= $0.uniformError }.count
    #expect(Double(better) >= 0.95 * Double(later.count))
    for path in paths[0] {
      #expect(abs((path.rows.last?.effective ?? 0) - 0.6) < 0.03)
      #expect(abs(path.rows.last?.sparsities.max() ?? 1) <= GreedySearch.largest)
    }
    // The order of shards does not change which samples are drawn.
    let other = try lab.load(
      allocate(fine, tokens: shards.reversed()), as: AllocationArtifact.self)
    #expect(other.allocation == artifact.allocation)
  }

  @Test func groupsHaveSearchesOfTheirOwn() throws {
    let artifact = try lab.load(allocate(greedy, grouped: true), as: AllocationArtifact.self)
    #expect(artifact.allocation.isGrouped)
    #expect(artifact.allocation.groups.count == 2)
    #expect(
      try artifact.allocation.sparsities(group: 0, target: 0.5)
        != artifact.allocation.sparsities(group: 1, target: 0.5))
  }

  @Test(arguments: ["block", "kl"])
  func curvesRiseAndDivisionsAreReadOffForEveryTarget(error: String) throws {
    let artifact = try lab.load(
      allocate([
        "method": "lagrangian", "score": "teal", "samples": 3, "maxTokens": 24, "seed": 1,
        "curveError": .string(error),
      ]), as: AllocationArtifact.self)
    guard case .lagrangian(let curves) = artifact.allocation.evidence else {
      Issue.record("no curves")
      return
    }
    #expect(curves.count == 1)
    for curve in curves[0] {
      #expect(curve.errors[0] == 0)
      #expect(curve.errors[19] > curve.errors[4])
    }
    let weights = artifact.allocation.weights
    for target in [0.2, 0.5, 0.7] {
      let division = try artifact.allocation.sparsities(group: 0, target: target)
      let total = division.reduce(0) { sum, layer in
        sum + zip(layer, weights).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let mean = total / weights.reduce(0, +) / Double(division.count)
      #expect(abs(mean - target) < 1e-9)
    }
    #expect(artifact.report.checks.map(\.sparsity) == [0.25, 0.5, 0.65])
    #expect(artifact.report.checks.allSatisfy { $0.joint > 0 && $0.uniform > 0 })
    #expect(artifact.report.checks.allSatisfy { ($0.predicted != nil) == (error == "kl") })
  }

  @Test func artifactsReadBackAsTheyWereAndFitProfiles() throws {
    let digests = try [
      allocate(greedy), allocate(["method": "lagrangian", "score": "wina", "samples": 2]),
      allocate(["method": "depth"]),
    ]
    for digest in digests {
      let artifact = try lab.load(digest, as: AllocationArtifact.self)
      let payload = try artifact.encoded()
      let again = try AllocationArtifact(decoding: payload)
      #expect(try again.encoded() == payload)
      let profile = try lab.load(
        lab.run(
          "profile", ["score": "wina", "sparsity": 0.5, "min_tokens": 0],
          [
            "histogram": [.artifact(pooled)], "allocation": [.artifact(digest)],
            "model": [.leaf(lab.model)],
          ]), as: ProfileArtifact.self
      ).profile
      #expect(abs(profile.summary.expectedSparsity - 0.5) < 0.02)
    }
  }

  @Test func targetsBeyondAPathAndGroupsWithoutSamplesAreErrors() throws {
    let digest = try allocate(greedy)
    let error = #expect(throws: (any Error).self) {
      try lab.run(
        "profile", ["score": "wina", "sparsity": 0.8, "min_tokens": 0],
        [
          "histogram": [.artifact(pooled)], "allocation": [.artifact(digest)],
          "model": [.leaf(lab.model)],
        ])
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("raise `to`"))
    #expect(throws: (any Error).self) { try allocate(greedy, tokens: []) }
  }
}
