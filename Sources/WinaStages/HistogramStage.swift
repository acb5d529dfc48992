import WinaPipeline
import WinaSparsity

/// Adds the histograms of shards up: for all samples together and, with `groups`, for each cluster.
///
/// Pooled histograms are exact. Those of groups come from the samples' sketches or, with `exact`,
/// from a second pass of capture that keeps the groups apart. A centred histogram, which a profile
/// asks for, rests on a second pass with the means of the first.
///
/// Version 2. Raise the version when the same captures may give other counts.
public enum HistogramStage: Stage {
  public static let kind = "histogram"
  public static let version = 2
  public static let summary = "Adds score histograms up, pooled and by cluster."
  public static let dataUse = DataUse.fitted
  public static let internalPorts: Set<String> = ["features"]

  /// What a spec may set; `centring` and `scores` are set by profiles that centre.
  public struct Params: Codable, Sendable {
    var split: Split
    var exact: Bool
    var centring: CentringKind?
    var scores: [ScoreMethod]?

    enum CodingKeys: String, CodingKey { case split, exact, centring, scores }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .calibration
      exact = try container.decodeIfPresent(Bool.self, forKey: .exact) ?? false
      centring = try container.decodeIfPresent(CentringKind.self, forKey: .centring)
      scores = try container.decodeIfPresent([ScoreMethod].self, forKey: .scores)
    }
  }

  /// Nothing but the inputs decides the counts.
  public struct TaskParams: Codable, Sendable {}

  /// The captures of a split, the clusters to group by, and the tokens if these go by them.
  public struct Inputs: StageInputs {
    var capture: [Ref<CaptureArtifact>]
    var groups: Ref<ClusteringArtifact>?
    var tokens: [Ref<TokenizedShard>]
    var features: [Ref<CaptureArtifact>]

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      capture = try ports.read("capture")
      groups = try ports.read("groups")
      tokens = try ports.read("tokens")
      features = try ports.read("features")
    }
  }

  public static let parameters = [
    Parameter(
      "split", .choice(Split.allCases.map(\.rawValue)), default: .string("calibration"),
      "The part of the data to add up."),
    Parameter(
      "exact", .bool, default: .bool(false),
      "Whether histograms of groups come from a second pass instead of the samples' sketches."),
  ]

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let stage = wiring.stage
    let groups = stage.input("groups").map { ArtifactRequest($0, .whole) }
    let request = ArtifactRequest(
      stage.input("capture") ?? "", .split(params.split), variant: secondPass(params, wiring))
    var inputs: [String: PortRequest] = ["capture": .artifacts([request])]
    if let groups {
      inputs["groups"] = .artifacts([groups])
      if let tokens = wiring.tokens(assigningTo: groups.stage, .split(params.split)) {
        inputs["tokens"] = .artifacts([tokens])
      }
      let features = wiring.capture(assigningTo: groups.stage, .split(params.split))
      if let features,
        features.variant != Variant()
          || wiring.transform(ofCapture: features.stage)
            != wiring.transform(ofCapture: stage.input("capture"))
      {
        inputs["features"] = .artifacts([features])
      }
    }
    return [TaskTemplate(params: TaskParams(), inputs: inputs, fanOut: .once)]
  }

  /// Returns what capture is to do differently: centre, keep groups apart, or nothing.
  private static func secondPass(_ params: Params, _ wiring: Wiring) -> Variant {
    let stage = wiring.stage
    let groups = stage.input("groups")
    let centring = params.centring.flatMap { $0 == .none ? nil : $0 }
    let isExact = params.exact && groups != nil
    guard isExact || centring != nil else { return Variant() }
    var variant = Variant()
    var words: [String] = []
    if let centring {
      words.append("centring=" + centring.rawValue)
      variant.params["centring"] = .string(centring.rawValue)
      variant.params["scores"] = .array((params.scores ?? []).map { .string($0.rawValue) })
      variant.inputs["means"] = .artifacts([ArtifactRequest(stage.name, .whole)])
    }
    if isExact {
      words.append("exact")
      variant.params["exact"] = .bool(true)
    }
    if let groups, isExact || centring == .group {
      variant.inputs["clusters"] = .artifacts([ArtifactRequest(groups, .whole)])
      if let features = wiring.capture(assigningTo: groups, .sameShard) {
        variant.inputs["uncentred"] = .artifacts([features])
      }
    }
    variant.label = words.joined(separator: ",") + ":" + stage.name
    return variant
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> HistogramArtifact {
    let captures = try inputs.capture.map { try context.load($0) }
    let shards = captures.map(\.shard)
    guard let groups = inputs.groups else {
      return HistogramArtifact(histograms: try HistogramSet.pooled(shards))
    }
    let clustering = try context.load(groups)
    let features =
      try inputs.features.isEmpty ? captures : inputs.features.map { try context.load($0) }
    let labels =
      inputs.tokens.isEmpty
      ? try features.flatMap { try clustering.assign($0) }
      : try zip(inputs.tokens, captures).flatMap {
        try clustering.assign(context.load($0), capture: $1)
      }
    return HistogramArtifact(
      histograms: try HistogramSet.grouped(shards, labels: labels, names: clustering.groups))
  }
}
