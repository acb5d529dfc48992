import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity

/// Fits thresholds, counts or static masks to histograms: one set for all, or one a cluster.
///
/// Version 4. Raise the version when the same histograms may give another profile.
public enum ProfileStage: Stage {
  public static let kind = "profile"
  public static let version = 4
  public static let summary = "Fits a sparsity profile to histograms."
  public static let dataUse = DataUse.fitted
  public static let internalPorts: Set<String> = ["means", "activity", "transform", "capture"]

  /// What a spec may set; exactly one of `sparsity`, `macs` and `coverage`.
  public struct Params: Codable, Sendable {
    var score: ScoreMethod
    var sparsity: Double?
    var macs: Double?
    var coverage: Double?
    var gate: GateKind
    var centring: CentringKind
    var minimumTokens: Int
    var beta: Double
    var shrinkage: ShrinkageKind
    var shrinkageTokens: Int?
    var neverActive: Double?

    enum CodingKeys: String, CodingKey {
      case score, sparsity, macs, coverage, gate, centring, beta, shrinkage
      case minimumTokens = "min_tokens"
      case neverActive = "never_active"
      case shrinkageTokens = "shrinkage_tokens"
    }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      score = try container.decodeIfPresent(ScoreMethod.self, forKey: .score) ?? .wina
      sparsity = try container.decodeIfPresent(Double.self, forKey: .sparsity)
      macs = try container.decodeIfPresent(Double.self, forKey: .macs)
      coverage = try container.decodeIfPresent(Double.self, forKey: .coverage)
      gate = try container.decodeIfPresent(GateKind.self, forKey: .gate) ?? .threshold
      centring = try container.decodeIfPresent(CentringKind.self, forKey: .centring) ?? .none
      minimumTokens = try container.decodeIfPresent(Int.self, forKey: .minimumTokens) ?? 1000
      beta = try container.decodeIfPresent(Double.self, forKey: .beta) ?? 1
      shrinkage = try container.decodeIfPresent(ShrinkageKind.self, forKey: .shrinkage) ?? .none
      shrinkageTokens = try container.decodeIfPresent(Int.self, forKey: .shrinkageTokens)
      if shrinkage == .tokens, shrinkageTokens == nil { shrinkageTokens = 20_000 }
      neverActive = try container.decodeIfPresent(Double.self, forKey: .neverActive)
      if gate == .hybrid, neverActive == nil { neverActive = 0.01 }
    }

    /// How thresholds of groups are drawn towards the pooled ones.
    var pooling: Shrinkage {
      switch shrinkage {
      case .none: .none
      case .variance: .variance
      case .tokens: .tokens(Double(shrinkageTokens ?? 0))
      }
    }
  }

  /// By what thresholds of groups are drawn towards the pooled ones.
  public enum ShrinkageKind: String, Codable, Sendable, CaseIterable {
    case none, variance, tokens
  }

  /// Histograms, centred where the profile is, the means to centre with, histograms of held-out
  /// samples, and the model, for its shape and the norms of its weights.
  public struct Inputs: StageInputs {
    var histogram: Ref<HistogramArtifact>
    var means: Ref<HistogramArtifact>?
    var heldOut: Ref<HistogramArtifact>?
    var allocation: Ref<AllocationArtifact>?
    var activity: [Ref<CaptureArtifact>]
    var transform: Ref<TransformArtifact>?
    /// Captures of a transformed model, which hold the norms of its weights.
    var capture: [Ref<CaptureArtifact>]
    var model: LeafRef<ModelFiles>

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      histogram = try ports.read("histogram")
      means = try ports.read("means")
      heldOut = try ports.read("held_out")
      allocation = try ports.read("allocation")
      activity = try ports.read("activity")
      transform = try ports.read("transform")
      capture = try ports.read("capture")
      model = try ports.read("model")
    }
  }

  public static let parameters = [
    Parameter(
      "score", .choice(ScoreMethod.allCases.map(\.rawValue)), default: .string("wina"),
      "What coordinates are ranked by."),
    Parameter(
      "sparsity", .number(from: 0, below: 1),
      "The fraction of input coordinates to zero, over all seven projections of every layer."),
    Parameter(
      "macs", .number(from: 0, below: 1.000_000_1),
      "Instead of `sparsity`: the share of the dense MACs per token to keep, the head's among them "
        + "and attention's not."),
    Parameter(
      "coverage", .number(from: 0, below: 1.000_000_1),
      "Instead of `sparsity`: the share of the squared scores that static masks keep."),
    Parameter(
      "gate", .choice(GateKind.allCases.map(\.rawValue)), default: .string("threshold"),
      "Which coordinates are kept: those above a fitted threshold, the largest k of every token, the "
        + "same for every token (`static`), or those above a threshold among the ones that the "
        + "group ever uses (`hybrid`)."),
    Parameter(
      "centring", .choice(CentringKind.allCases.map(\.rawValue)), default: .string("none"),
      "Whether the mean of a channel, over all samples or over the group, is subtracted first."),
    Parameter(
      "beta", .number(from: 0, below: 1.000_000_1), default: .double(1),
      "Where thresholds of groups lie between the pooled ones (0) and their own (1), geometrically."
    ),
    Parameter(
      "shrinkage", .choice(ShrinkageKind.allCases.map(\.rawValue)), default: .string("none"),
      "Whether thresholds of groups are drawn towards the pooled ones: by their variance between "
        + "samples, or by mixing in `shrinkage_tokens` pooled tokens."),
    Parameter(
      "shrinkage_tokens", .integer(1...1_000_000_000),
      "How many pooled tokens are mixed in (`shrinkage: tokens`); 20000 if not given."),
    Parameter(
      "never_active", .number(from: 0, below: 1),
      "The activity that an input must surely stay below to be removed (`hybrid`); 0.01 if not given."
    ),
    Parameter(
      "min_tokens", .integer(0...1_000_000_000), default: .int(1000),
      "Groups with fewer calibration tokens use the pooled thresholds or masks."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    var problems = targetProblems(params)
    if params.score.gatesNeurons {
      let name = params.score.rawValue
      if params.centring != .none {
        problems.append(
          ParameterProblem(
            ["centring"], "score '\(name)' cannot be centred",
            help: "CATS gates SiLU(gate), which has no projection to add a mean back to"))
      }
      if params.gate != .threshold {
        problems.append(
          ParameterProblem(
            ["gate"], "score '\(name)' has no \(params.gate.rawValue) gate",
            help: "use gate: threshold"))
      }
    }
    if !(0...1).contains(params.beta) {
      problems.append(
        ParameterProblem(
          ["beta"], "beta \(JSONValue.double(params.beta).canonicalText) is not in [0, 1]",
          help: "0 is the pooled threshold, 1 the group's own"))
    }
    let hasThresholds = params.gate == .threshold || params.gate == .hybrid
    for (name, isSet) in [("beta", params.beta != 1), ("shrinkage", params.shrinkage != .none)]
    where isSet && !hasThresholds {
      problems.append(
        ParameterProblem(
          [name], "'\(name)' mixes thresholds, and gate '\(params.gate.rawValue)' has none",
          help: "use gate: threshold, or remove it"))
    }
    if let limit = params.neverActive, !(limit > 0 && limit < 1) || params.gate != .hybrid {
      problems.append(
        ParameterProblem(
          ["never_active"],
          params.gate != .hybrid
            ? "'never_active' is only for gate: hybrid"
            : "never_active \(JSONValue.double(limit).canonicalText) is not in (0, 1)",
          help: params.gate != .hybrid ? "remove it" : "write a small share such as 0.01"))
    }
    if params.shrinkageTokens != nil, params.shrinkage != .tokens {
      problems.append(
        ParameterProblem(
          ["shrinkage_tokens"], "'shrinkage_tokens' is only for shrinkage: tokens",
          help: "add `shrinkage: tokens`, or remove it"))
    }
    return problems
  }

  private static func targetProblems(_ params: Params) -> [ParameterProblem] {
    let given = [
      ("sparsity", params.sparsity), ("macs", params.macs), ("coverage", params.coverage),
    ].filter { $0.1 != nil }
    guard given.count == 1 else {
      let names = given.map { "'\($0.0)'" }.joined(separator: " and ")
      return [
        ParameterProblem(
          given.count > 1 ? [given[1].0] : [],
          given.isEmpty
            ? "a profile needs 'sparsity', 'macs' or 'coverage'" : "\(names) are given together",
          help: given.isEmpty ? "add `sparsity: 0.5`, say" : "keep one of them")
      ]
    }
    var problems: [ParameterProblem] = []
    if let sparsity = params.sparsity, !(0..<1).contains(sparsity) {
      let share = sparsity / 100
      problems.append(
        ParameterProblem(
          ["sparsity"],
          "sparsity \(JSONValue.double(sparsity).canonicalText) is not in [0, 1)",
          help: (0..<1).contains(share)
            ? "sparsity is the fraction that is zeroed: did you mean \(share)?"
            : "sparsity is the fraction that is zeroed, such as 0.5"))
    }
    for (name, value) in [("macs", params.macs), ("coverage", params.coverage)] {
      guard let value, !(value > 0 && value <= 1) else { continue }
      problems.append(
        ParameterProblem(
          [name], "\(name) \(JSONValue.double(value).canonicalText) is not in (0, 1]",
          help: "it is the share that is kept, such as 0.6"))
    }
    if params.coverage != nil, params.gate != .fixed {
      problems.append(
        ParameterProblem(
          ["coverage"], "'coverage' sizes static masks, not gate '\(params.gate.rawValue)'",
          help: "use gate: static, or give a sparsity"))
    }
    return problems
  }

  public static func run(
    _ params: Params, _ inputs: Inputs, _ context: any StageContext
  ) throws -> ProfileArtifact {
    let histograms = try context.load(inputs.histogram).histograms
    let configuration = try ModelConfiguration.load(path: inputs.model.leaf.location)
    let shape = ModelShape(configuration)
    var evidence = ProfileEvidence()
    evidence.means = try inputs.means.flatMap {
      try context.load($0).histograms.centringMeans(params.centring)
    }
    evidence.heldOut = try inputs.heldOut.map { try context.load($0).histograms }
    if params.gate == .fixed, inputs.transform != nil {
      guard let capture = inputs.capture.first else {
        throw ArtifactError("static masks of a transformed model need a capture of it")
      }
      evidence.norms = try context.load(capture).norms
    } else if params.gate == .fixed {
      let model = try CaptureModel.load(inputs.model, context)
      evidence.norms = ColumnNorms(layers: try model.columnNorms(inputs.model, context))
    }
    for reference in inputs.activity {
      guard let counts = try context.load(reference).activity else {
        throw ArtifactError("a hybrid gate needs a capture that counted active inputs")
      }
      evidence.activity = try evidence.activity.map { try $0 + counts } ?? counts
    }
    if let reference = inputs.allocation {
      let allocation = try context.load(reference).allocation
      evidence.allocation = { (group, target) in
        try allocation.sparsities(group: group, target: target)
      }
      evidence.hasOwnAllocations = allocation.isGrouped
    }
    let (target, unreachable) = target(
      params, CostModel(shape, isTransformed: inputs.transform != nil))
    var profile = try SparsityProfile.fit(
      histograms, shapes: ProjectionShapes(shape),
      options: ProfileOptions(
        method: params.score, target: target, gate: params.gate, centring: params.centring,
        minimumTokens: params.minimumTokens, beta: params.beta, shrinkage: params.pooling,
        neverActive: params.neverActive ?? 0.01),
      evidence: evidence)
    if let unreachable { profile = profile.unreachable(because: unreachable) }
    if let transform = inputs.transform { profile = profile.transformed(by: transform.digest.hex) }
    if params.score == .wina, configuration.fusesProjections {
      profile = profile.noting(
        "the checkpoint holds q, k and v, and gate and up, in one tensor each: the paper's WINA for it "
          + "is score wina_fused")
    }
    return ProfileArtifact(profile: profile)
  }

  /// The size of the profile, and why it cannot be reached if it cannot.
  private static func target(
    _ params: Params, _ cost: CostModel
  ) -> (ProfileTarget, unreachable: String?) {
    if let coverage = params.coverage { return (.coverage(coverage), nil) }
    guard let macs = params.macs else { return (.sparsity(params.sparsity ?? 0), nil) }
    let dense = cost.linearMACs + cost.headMACs
    // A transformed model makes its rotations whatever is dropped.
    let rotations = cost.isTransformed ? cost.executedRotationMACs : 0
    let sparsity = ((1 - macs) * dense + rotations) / cost.linearMACs
    guard sparsity < 1 else {
      let least = ((cost.headMACs + rotations) / dense * 1000).rounded() / 10
      let parts =
        cost.isTransformed ? "the head and the rotations alone take" : "the head alone takes"
      return (.sparsity(0), "\(parts) \(least) % of the MACs")
    }
    return (.sparsity(max(0, sparsity)), nil)
  }
}
