import Testing
import WinaPipeline
import WinaSparsity
import WinaStages

/// Whether both halves of a sample's tokens are placed alike.
struct ClusterHalvesTests {
  private let lab: StageLab
  private let shard: StageLab.Shard

  init() throws {
    lab = try StageLab()
    shard = try lab.shards(StageLab.records(30), sizes: [30])[0]
  }

  private func half(_ half: String, kind: String = "mean_score") throws -> ContentDigest {
    try lab.run(
      "capture", ["slots": [], "features": ["kind": .string(kind), "half": .string(half)]],
      ["tokens": [.artifact(shard.tokens)], "model": [.leaf(lab.model)]])
  }

  private func cluster(
    _ params: [String: JSONValue], _ inputs: [String: [BoundInput]]
  ) throws -> ClusteringArtifact {
    let all: [String: JSONValue] = [
      "algorithm": "kmeans", "k": 3, "seed": 1, "pca": 8, "n_init": 4, "halves": true,
    ]
    return try lab.load(
      lab.run("cluster", .object(all.merging(params) { $1 }), inputs), as: ClusteringArtifact.self)
  }

  @Test func halvesMakeUpTheWhole() throws {
    let whole = try lab.load(shard.capture, as: CaptureArtifact.self)
    let parts = try ["first", "second"].map {
      try lab.load(half($0), as: CaptureArtifact.self)
    }
    let width = whole.shard.layout.layers * whole.shard.layout.channels
    for sample in whole.digests.indices {
      let tokens = Int(whole.shard.routeTokens[sample])
      let counts = [Float((tokens + 1) / 2), Float(tokens / 2)]
      for channel in stride(from: 0, to: width, by: 7) {
        let place = sample * width + channel
        let sum = zip(parts, counts).reduce(Float(0)) {
          $0 + ($1.0.traits?[place] ?? .nan) * $1.1
        }
        let mean = try whole.shard.routeMeans[place]
        #expect(abs(sum / Float(tokens) - mean) <= 1e-5 * max(1, abs(mean)))
      }
    }
    #expect(parts[0].traits != parts[1].traits)
  }

  @Test func distributionsAndRatesOfHalvesAreThoseOfTheirTokens() throws {
    let halves = try ["first", "second"].map {
      try #require(try lab.load(half($0, kind: "histogram"), as: CaptureArtifact.self).traits)
    }
    // Shares of a layer and stream sum to one in either half.
    for traits in halves {
      #expect(abs(traits[..<64].reduce(0, +) - 1) < 1e-5)
    }
    #expect(halves[0] != halves[1])
  }

  @Test func letteringsAreFoundFromEitherHalf() throws {
    let artifact = try cluster(
      [:],
      [
        "tokens": [.artifact(shard.tokens)], "capture": [.artifact(shard.capture)],
        "first_half": [.artifact(half("first"))], "second_half": [.artifact(half("second"))],
      ])
    let report = try #require(artifact.report.halves)
    #expect(report.samples == 30)
    #expect(report.agreement > 0.5 && report.agreement <= 1)
    #expect(report.withWhole > 0.6)
    #expect(report.rand > 0.2)
    #expect(artifact.lengths?.count == 30)
    let again = try ClusteringArtifact(decoding: artifact.encoded())
    #expect(again.report == artifact.report && again.lengths == artifact.lengths)
  }

  @Test func equalHalvesAlwaysAgree() throws {
    let whole = try half("first")
    let artifact = try cluster(
      [:],
      [
        "tokens": [.artifact(shard.tokens)], "capture": [.artifact(shard.capture)],
        "first_half": [.artifact(whole)], "second_half": [.artifact(whole)],
      ])
    #expect(artifact.report.halves?.agreement == 1 && artifact.report.halves?.rand == 1)
  }

  @Test func wordsNeedNoPasses() throws {
    let artifact = try cluster(
      ["features": "bag_of_tokens"], ["tokens": [.artifact(shard.tokens)]])
    let report = try #require(artifact.report.halves)
    #expect(report.agreement > 0.5 && report.samples == 30)
  }
}
