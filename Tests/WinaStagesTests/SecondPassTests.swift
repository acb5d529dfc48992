import Testing
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaTensor
import WinaTestSupport

/// Histograms against scores computed one by one.
struct SecondPassTests {
  private let lab: StageLab
  private let shard: StageLab.Shard
  private let clusters: ContentDigest

  init() throws {
    lab = try StageLab()
    shard = try lab.shards(StageLab.records(12), sizes: [12])[0]
    clusters = try lab.kmeans([shard])
  }

  /// Scores of the gated rows of all samples of a group (all samples for nil), by slot.
  private func histograms(
    layer: Int, slots: [ScoreSlot], means: CentringMeans?, groups: [Int], group: Int?
  ) throws -> [ScoreSlot: ScoreHistogram] {
    let model = try lab.language
    let tokens = try lab.load(shard.tokens, as: TokenizedShard.self)
    var histograms = Dictionary(uniqueKeysWithValues: slots.map { ($0, ScoreHistogram()) })
    for (index, sample) in tokens.samples.enumerated() {
      if let group, groups[index] != group { continue }
      let fed = Array(sample.goldSequence.tokens.dropLast())
      _ = try model.forward(
        fed, ForwardRequest(logitRows: .none), workspace: ForwardWorkspace()
      ) { point, block in
        guard case .stream(let stream, layer) = point else { return }
        let mean = means?.mean(group: groups[index], layer: layer, stream: stream)
        for slot in slots {
          var norms: [Float]?
          switch slot {
          case .stream(stream): break
          case .weighted(let projection) where projection.stream == stream:
            norms = model.columnNorms(layer: layer, projection: projection)
          default: continue
          }
          for row in StageLab.routeTokens..<block.rows {
            for column in 0..<block.columns {
              let value = block.values[row * block.columns + column] - (mean?[column] ?? 0)
              histograms[slot]?.add(abs(value) * (norms?[column] ?? 1))
            }
          }
        }
      }
    }
    return histograms
  }

  private func assigned() throws -> [Int] {
    try lab.load(clusters, as: ClusteringArtifact.self).clustering.labels
  }

  @Test func aGloballyCentredHistogramIsThatOfTheCentredScores() throws {
    let means = try lab.histogram([shard.capture])
    let capture = try lab.capture(
      shard.tokens, slots: StageLab.centredSlots, centring: "global", means: means)
    let set = try lab.load(try lab.histogram([capture]), as: HistogramArtifact.self).histograms
    #expect(set.centring == .global)
    let first = try lab.load(means, as: HistogramArtifact.self).histograms
    let slots = set.layout.slots
    let expected = try histograms(
      layer: 1, slots: slots, means: first.centringMeans(.global),
      groups: Array(repeating: 0, count: 12),
      group: nil)
    let width = ScoreHistogram.binCount
    for (index, slot) in slots.enumerated() {
      let start = (slots.count + index) * width
      #expect(Array(set.pooledCounts[start..<start + width]) == expected[slot]?.counts, "\(slot)")
    }
  }

  @Test func exactHistogramsOfGroupsAreThoseOfTheGroupsScores() throws {
    let capture = try lab.capture(
      shard.tokens, exact: true, clusters: clusters, uncentred: shard.capture)
    let set = try lab.load(
      try lab.histogram([capture], groups: clusters), as: HistogramArtifact.self
    ).histograms
    #expect(set.resolution == .exact)
    #expect(set.isGrouped)
    let slots: [ScoreSlot] = [.stream(.attentionInput), .weighted(.gateProj), .stream(.downInput)]
    let groups = try assigned()
    for group in set.groups.indices {
      let expected = try histograms(
        layer: 0, slots: slots, means: nil, groups: groups, group: group)
      for slot in slots {
        for q in [0.1, 0.25, 0.5, 0.65, 0.9] {
          #expect(
            try set.quantile(group: group, layer: 0, slot: slot, q) == expected[slot]?.quantile(q))
        }
      }
    }
    let sketched = try lab.load(
      try lab.histogram([shard.capture], groups: clusters), as: HistogramArtifact.self
    ).histograms
    #expect(sketched.resolution == .sketch)
    #expect(sketched.pooledCounts == set.pooledCounts)
    #expect(sketched.groupMeans == set.groupMeans)
  }

  @Test func exactAndGroupCentredAtOnce() throws {
    let means = try lab.histogram([shard.capture], groups: clusters)
    let capture = try lab.capture(
      shard.tokens, slots: StageLab.centredSlots, centring: "group", exact: true, means: means,
      clusters: clusters, uncentred: shard.capture)
    let set = try lab.load(
      try lab.histogram([capture], groups: clusters), as: HistogramArtifact.self
    ).histograms
    let first = try lab.load(means, as: HistogramArtifact.self).histograms
    let groups = try assigned()
    let expected = try histograms(
      layer: 0, slots: [.weighted(.kProj)], means: first.centringMeans(.group), groups: groups,
      group: 1)
    #expect(set.centring == .group)
    #expect(
      try set.quantile(group: 1, layer: 0, slot: .weighted(.kProj), 0.5)
        == expected[.weighted(.kProj)]?.quantile(0.5))
  }

  @Test func aCentredPassWithoutMeansIsRefused() throws {
    #expect(throws: (any Error).self) {
      try lab.capture(shard.tokens, slots: StageLab.centredSlots, centring: "global")
    }
  }

  @Test(arguments: [[4, 4, 4], [1, 11], [7, 5]])
  func shardsOfAnySizeGiveTheSameBits(_ sizes: [Int]) throws {
    let parts = try lab.shards(StageLab.records(12), sizes: sizes)
    let whole = try lab.load(shard.capture, as: CaptureArtifact.self).shard
    let joined = try ShardCapture.concatenate(
      parts.map { try lab.load($0.capture, as: CaptureArtifact.self).shard })
    #expect(joined == whole)
    #expect(try lab.histogram(parts.map(\.capture)) == lab.histogram([shard.capture]))
    let divided = try lab.kmeans(parts)
    #expect(divided == clusters)
    #expect(
      try lab.histogram(parts.map(\.capture), groups: divided)
        == lab.histogram([shard.capture], groups: clusters))
  }

  @Test func everyRuleAssignsFittedSamplesToTheirOwnGroups() throws {
    let tokens: [String: [BoundInput]] = ["tokens": [.artifact(shard.tokens)]]
    let labels = try lab.run("cluster", ["algorithm": "label"], tokens)
    let random = try lab.run(
      "cluster", ["algorithm": "random", "seed": 5],
      tokens.merging(["like": [.artifact(clusters)]]) { $1 })
    let pooled = try lab.histogram([shard.capture])
    let dense = try lab.evaluate(shard)
    for rule in [clusters, labels, random] {
      let fitted = try lab.load(rule, as: ClusteringArtifact.self)
      let profile = try lab.profile(
        try lab.histogram([shard.capture], groups: rule), sparsity: 0.5)
      let scores = try lab.load(
        try lab.evaluate(shard, route: "assign", profile: profile, dense: dense, clusters: rule),
        as: EvaluationShard.self)
      #expect(scores.groups == fitted.clustering.labels)
    }
    #expect(
      try lab.load(random, as: ClusteringArtifact.self).clustering.summary.sizes.count
        == lab.load(clusters, as: ClusteringArtifact.self).clustering.summary.sizes.count)
    #expect(try lab.load(pooled, as: HistogramArtifact.self).histograms.groups == ["all"])
  }

  @Test func aModelReadLayerByLayerGivesTheSameCapture() throws {
    let lab = try StageLab()
    let tokens = try lab.tokenize(StageLab.records(9))
    let whole = try lab.context.payload(try lab.capture(tokens))
    let other = try StageLab()
    _ = try other.context.shared("capture-model:" + other.model.digest.hex) {
      CaptureModel.layerwise(try LayerwiseModel(directory: other.model.location))
    }
    let parts = try other.context.payload(
      try other.capture(try other.tokenize(StageLab.records(9))))
    #expect(parts.tensors == whole.tensors)
    #expect(parts.metadata == whole.metadata)
  }

  @Test func aProfileOfAnotherModelIsRefused() throws {
    let lab = try StageLab()
    let tokens = try lab.tokenize(StageLab.records(9))
    let histogram = try lab.histogram([try lab.capture(tokens)])
    let artifact = try lab.profile(histogram, sparsity: 0.5)
    let profile = try ProfileArtifact(decoding: lab.context.payload(artifact)).profile
    _ = try ProfileGates.gates(of: profile, group: 0, for: lab.language)
    var other = TinyModel()
    other.vocabulary = 256
    other.feedForward += 8
    let directory = try TemporaryDirectory()
    try other.write(to: directory.path)
    let model = try LanguageModel.load(directory: directory.path)
    let error = #expect(throws: ArtifactError.self) {
      try ProfileGates.gates(of: profile, group: 0, for: model)
    }
    #expect(error.map { "\($0)" }?.contains("fitted to this model") == true)
  }
}
