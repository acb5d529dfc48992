import WinaDiagnostics
import WinaEvaluation
import WinaPipeline
import WinaSparsity

/// Compares the arms of every cell: intervals, paired tests, random-cluster null, verdict.
///
/// Runs once over all cells. Tests are paired by sample; intervals resample documents within labels.
///
/// Version 8. Raise the version when the same scores may give another report.
public enum CompareStage: Stage {
  public static let kind = "compare"
  public static let version = 8
  public static let summary = "Compares the arms of all cells and states a verdict."
  public static let dataUse = DataUse.derived
  public static let isTarget = true
  public static let internalPorts: Set<String> = [
    "clusters", "routers", "profiles", "scored_tokens", "subject_tokens", "other_tokens",
  ]

  /// The one endpoint that is not corrected for multiplicity.
  public struct Primary: Codable, Sendable, Hashable {
    /// What is compared.
    public enum Metric: String, Codable, Sendable, CaseIterable {
      case kl, nll, acc
      case normalizedAccuracy = "acc_norm"
    }

    var metric: Metric
    /// `arm - baseline`.
    var contrast: String
    /// The values of swept variables that say in which cell.
    var at: [String: AxisValue]?
  }

  /// The value of a swept variable.
  public enum AxisValue: Codable, Sendable, Hashable {
    case number(Double)
    case text(String)

    var json: JSONValue {
      switch self {
      case .number(let number): .double(number)
      case .text(let text): .string(text)
      }
    }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = (decoder as? any SourceRangeDecoder)?.text {
        self = .text(text)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      }
    }
  }

  /// A repetition with other seeds of one stage, for the null distribution.
  public struct Controls: Codable, Sendable, Hashable {
    var stage: String
    var count: Int

    enum CodingKeys: String, CodingKey {
      case stage
      case count = "repeat"
    }
  }

  /// How the p values of all but the primary contrast are corrected.
  public enum Correction: String, Codable, Sendable, CaseIterable {
    /// The family-wise error rate, by Holm's method.
    case holm
    /// The false discovery rate, by that of Benjamini and Hochberg.
    case benjaminiHochberg = "bh"
  }

  /// What is drawn together when intervals and tests resample.
  public enum Resampling: String, Codable, Sendable, CaseIterable {
    /// Every sample is drawn alone.
    case sample
    /// All samples of a label with one subject, such as a passage, are drawn together.
    case subject
  }

  /// What a spec may set.
  public struct Params: Codable, Sendable {
    var primary: Primary?
    var controls: Controls?
    var seeds: Controls?
    var correction: Correction
    var resample: Resampling
    var equivalence: Double?
    var area: [Double]
    var bootstrap: Int
    var permutations: Int
    var seed: UInt64

    enum CodingKeys: String, CodingKey {
      case primary, controls, seeds, correction, resample, equivalence, area, bootstrap
      case permutations, seed
    }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      primary = try container.decodeIfPresent(Primary.self, forKey: .primary)
      controls = try container.decodeIfPresent(Controls.self, forKey: .controls)
      seeds = try container.decodeIfPresent(Controls.self, forKey: .seeds)
      correction =
        try container.decodeIfPresent(Correction.self, forKey: .correction) ?? .holm
      resample =
        try container.decodeIfPresent(Resampling.self, forKey: .resample) ?? .sample
      equivalence = try container.decodeIfPresent(Double.self, forKey: .equivalence)
      area = try container.decodeIfPresent([Double].self, forKey: .area) ?? [0.25, 0.7]
      bootstrap = try container.decodeIfPresent(Int.self, forKey: .bootstrap) ?? 2000
      permutations = try container.decodeIfPresent(Int.self, forKey: .permutations) ?? 10_000
      seed = UInt64(clamping: try container.decodeIfPresent(Int.self, forKey: .seed) ?? 1)
    }
  }

  /// What the report depends on besides the scores: which is which, and how it is compared.
  public struct TaskParams: Codable, Sendable {
    var cells: [[String: JSONValue]]
    var arms: [ComparedArm]
    var entries: [Entry]
    var densePrefix: Int?
    var routeTokens: Int?
    var denseFraction: Double?
    var prompt: EvaluationPolicy.PromptGating?
    var primary: Primary?
    /// The stage whose seed is varied.
    var seeds: String?
    /// How p values are corrected, unless by Holm's method.
    var correction: Correction?
    /// What is drawn together, unless every sample is drawn alone.
    var resample: Resampling?
    var equivalence: Double?
    var area: [Double]?
    /// The axes along which arms have curves; all of them if absent.
    var curveAxes: [String]?
    var bootstrap: Int
    var permutations: Int
    var seed: UInt64

    enum CodingKeys: String, CodingKey {
      case cells, arms, entries, primary, seeds, correction, equivalence, area, bootstrap
      case permutations, seed, prompt, resample
      case curveAxes = "curve_axes"
      case denseFraction = "dense_fraction"
      case densePrefix = "dense_prefix"
      case routeTokens = "route_tokens"
    }

    /// Which cell, arm and control the next shards of the `results` port belong to.
    struct Entry: Codable, Sendable, Hashable {
      var cell: Int
      var arm: String
      /// Which control, or `nil` for another reason to be there.
      var control: Int?
      /// Which other seed.
      var seed: Int?
    }
  }

  /// The scores of every arm in every cell, and the clusters, routers and profiles: of a stage in all
  /// cells, then of the next.
  public struct Inputs: StageInputs {
    var results: [Ref<EvaluationShard>]
    var clusters: [Ref<ClusteringArtifact>]
    var routers: [Ref<RouterArtifact>]
    var profiles: [Ref<ProfileArtifact>]
    var scoredTokens: [Ref<TokenizedShard>]
    /// The scored samples of all cells, where subjects are drawn together.
    var subjectTokens: [Ref<TokenizedShard>]
    var otherTokens: [Ref<TokenizedShard>]
    var model: LeafRef<ModelFiles>

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      results = try ports.read("results")
      clusters = try ports.read("clusters")
      routers = try ports.read("routers")
      profiles = try ports.read("profiles")
      scoredTokens = try ports.read("scored_tokens")
      subjectTokens = try ports.read("subject_tokens")
      otherTokens = try ports.read("other_tokens")
      model = try ports.read("model")
    }
  }

  public static func spansCells(_ params: Params) -> Bool { true }

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let cell = ComparisonLayout.described(params, wiring.cells)
    let wiring = wiring.inCell(cell)
    let evaluate = try wiring.require(
      wiring.stage.input("results") ?? "", kinds: [EvaluateStage.kind], at: ["results"])
    let layout = try ComparisonLayout(params, evaluate: evaluate, wiring: wiring)
    let tokens = evaluate.input("tokens") ?? ""
    let settings = wiring.stages[tokens]
    var densePrefix: Int?
    if case .int(let count)? = settings?.params["dense_prefix"] { densePrefix = count }
    let fraction = settings?.params["dense_fraction"]?.number
    let prompt = settings?.text("prompt").flatMap(EvaluationPolicy.PromptGating.init(rawValue:))
    let scored = evaluate.text("split").flatMap(Split.init(rawValue:)) ?? .test
    let others = ComparisonLayout.fittedSplits(of: evaluate, wiring)
      .filter { $0 != scored }.map { ArtifactRequest(tokens, .split($0), cell: cell) }
    return [
      TaskTemplate(
        params: TaskParams(
          cells: layout.cells.map(\.assignment), arms: layout.arms, entries: layout.entries,
          densePrefix: densePrefix, routeTokens: wiring.data.routeTokens,
          denseFraction: fraction == 0 ? nil : fraction, prompt: prompt == .gated ? nil : prompt,
          primary: params.primary, seeds: params.seeds?.stage,
          correction: params.correction == .holm ? nil : params.correction,
          resample: params.resample == .sample ? nil : params.resample,
          equivalence: params.equivalence,
          area: params.area == [0.25, 0.7] ? nil : params.area, curveAxes: layout.curveAxes,
          bootstrap: params.bootstrap, permutations: params.permutations, seed: params.seed),
        inputs: [
          "results": .artifacts(layout.requests),
          "clusters": .artifacts(layout.inEveryCell(layout.clusters)),
          "routers": .artifacts(layout.inEveryCell(layout.routers)),
          "profiles": .artifacts(layout.inEveryCell(layout.profiles)),
          "scored_tokens": .artifacts([ArtifactRequest(tokens, .split(scored), cell: cell)]),
          "subject_tokens": .artifacts(
            params.resample == .subject
              ? layout.cells.map { ArtifactRequest(tokens, .split(scored), cell: $0.index) } : []),
          "other_tokens": .artifacts(others), "model": .model,
        ], fanOut: .once)
    ]
  }

  /// As many threads as there are: nothing else is left to do.
  public static func resources(for params: TaskParams) -> Resources {
    Resources(threads: 1024, memory: 512 << 20)
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> ComparisonArtifact {
    let cost = CostModel(try inputs.model.shape())
    let scored = try scoredArms(params, inputs, cost, context)
    var policy: EvaluationPolicy?
    if let densePrefix = params.densePrefix, let routeTokens = params.routeTokens {
      policy = EvaluationPolicy(
        densePrefix: densePrefix, denseFraction: params.denseFraction ?? 0,
        prompt: params.prompt ?? .gated, routeTokens: routeTokens)
    }
    let area = params.area ?? [0.25, 0.7]
    let tokens = try inputs.scoredTokens.map { try context.load($0) }
    let comparison = try Comparison(
      cells: params.cells, arms: params.arms, scored: scored, cost: cost,
      options: .init(
        bootstrap: params.bootstrap, permutations: params.permutations, seed: params.seed,
        policy: policy, equivalence: params.equivalence, area: (area[0], area[1]),
        threads: context.threads, correction: params.correction ?? .holm, seeds: params.seeds,
        subjects: params.resample == .subject
          ? subjects(of: Set(inputs.subjectTokens).map { try context.load($0) }) : nil,
        curveAxes: params.curveAxes,
        overlaps: try OverlapAudit(
          scored: tokens, others: inputs.otherTokens.map { try context.load($0) }
        ).facts()))
    return ComparisonArtifact(
      report: try comparison.report(
        primary: params.primary,
        made: MadeByStages(
          clusters: variants(inputs.clusters, params) { try context.load($0) },
          routers: variants(inputs.routers, params) { try context.load($0) },
          profiles: variants(inputs.profiles, params) { try context.load($0).profile.summary })))
  }

  /// What stages made, by stage, each different result read once.
  ///
  /// - Parameter references: Those of all cells for one stage, then those for the next.
  private static func variants<Artifact, Value>(
    _ references: [Ref<Artifact>], _ params: TaskParams, read: (Ref<Artifact>) throws -> Value
  ) throws -> [[CellVariant<Value>]] {
    let count = params.cells.count
    guard count > 0, references.count % count == 0 else {
      throw ArtifactError("\(references.count) artifacts do not divide over \(count) cells")
    }
    return try stride(from: 0, to: references.count, by: count).map { start in
      try CellVariant.equal(references[start..<start + count].map(Optional.some))
        .map { try $0.map(read) }
    }
  }

  /// The subject of every sample that has one.
  private static func subjects(of shards: [TokenizedShard]) -> [ContentDigest: String] {
    let pairs = shards.flatMap { zip($0.digests, $0.samples.map(\.subject)) }
    return Dictionary(pairs.filter { !$0.1.isEmpty }, uniquingKeysWith: { first, _ in first })
  }

  /// Reads every arm's scores, each shard once, keeping no predictions of dense arms.
  private static func scoredArms(
    _ params: TaskParams, _ inputs: Inputs, _ cost: CostModel, _ context: any StageContext
  ) throws -> [ScoredArm] {
    guard !params.entries.isEmpty, inputs.results.count % params.entries.count == 0 else {
      throw ArtifactError(
        "\(inputs.results.count) shards do not divide over \(params.entries.count) arms and cells: "
          + "cells with other data cannot be compared")
    }
    let shards = inputs.results.count / params.entries.count
    let halves = Set(params.arms.filter { $0.route == .best }.map(\.name))
    var read: [Ref<EvaluationShard>: EvaluationShard] = [:]
    return try params.entries.enumerated().map { index, entry in
      try context.checkCancellation()
      let parts = try inputs.results[index * shards..<(index + 1) * shards].map { reference in
        if let known = read[reference] { return known }
        var shard = try context.load(reference)
        shard.references = nil
        read[reference] = shard
        return shard
      }
      context.progress(index + 1, of: params.entries.count)
      return ScoredArm(
        cell: entry.cell, arm: entry.arm, control: entry.control, seed: entry.seed, shards: parts,
        cost: cost,
        isSecondHalf: halves.contains(entry.arm))
    }
  }
}

/// Two arms with a minus between them.
struct Contrast: Hashable {
  var arm: String
  var baseline: String

  init?(_ text: String) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 3, parts[1] == "-" else { return nil }
    arm = String(parts[0])
    baseline = String(parts[2])
  }

  init(arm: String, baseline: String) {
    self.arm = arm
    self.baseline = baseline
  }

  var text: String { "\(arm) - \(baseline)" }
}
