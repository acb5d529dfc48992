import WinaDiagnostics
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// Measures how long prompts and decode steps take under profiles, on this machine.
///
/// Arms take turns on the same tokens, so that ratios to the dense model are paired. An arm with static
/// masks is measured twice: skipping columns, and with the kept weights packed into smaller matrices.
/// A result is a measurement: it is kept like any other, and names the machine that it was made on.
///
/// An arm with a route also says how long its classifier takes for a request.
///
/// Version 2. Raise the version when something else is measured.
public enum LatencyStage: Stage {
  public static let kind = "latency"
  public static let version = 2
  public static let summary = "Measures prefill and decode times under profiles."
  public static let dataUse = DataUse.derived
  public static let usesNumerics = true
  public static let isTarget = true
  public static let internalPorts: Set<String> = ["profiles", "transforms", "routers"]

  /// One configuration that is measured.
  public struct Arm: Codable, Sendable, Hashable {
    /// The profile stage, or `nil` for the dense model.
    var profile: String?
    /// The classifier stage that chooses among the profile's groups, if its time is asked for.
    var route: String?
  }

  /// Which profiles of groups the sequences of a batch use.
  public enum Grouping: String, Codable, Sendable, CaseIterable {
    /// The first group's, all.
    case same
    /// One after the other.
    case mixed
  }

  /// What a spec may set.
  public struct Params: Codable, Sendable {
    var arms: OrderedMap<Arm>
    var promptTokens: [Int]
    var generatedTokens: Int
    var batch: [Int]
    var threads: [Int]
    var groups: Grouping
    var repeats: Int
    var warmUp: Int
    var split: Split

    enum CodingKeys: String, CodingKey {
      case arms, batch, threads, groups, repeats, split
      case promptTokens = "prompt_tokens"
      case generatedTokens = "generated_tokens"
      case warmUp = "warm_up"
    }

    public init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      arms =
        try container.decodeIfPresent(OrderedMap<Arm>.self, forKey: .arms) ?? ["dense": Arm()]
      promptTokens = try container.decodeIfPresent([Int].self, forKey: .promptTokens) ?? [32]
      generatedTokens = try container.decodeIfPresent(Int.self, forKey: .generatedTokens) ?? 32
      batch = try container.decodeIfPresent([Int].self, forKey: .batch) ?? [1]
      threads = try container.decodeIfPresent([Int].self, forKey: .threads) ?? [1]
      groups = try container.decodeIfPresent(Grouping.self, forKey: .groups) ?? .same
      repeats = try container.decodeIfPresent(Int.self, forKey: .repeats) ?? 5
      warmUp = try container.decodeIfPresent(Int.self, forKey: .warmUp) ?? 2
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .test
    }
  }

  /// What a task measures; arms in the order of the `profiles` port.
  public struct TaskParams: Codable, Sendable {
    var dense: String
    var arms: [String]
    /// The arms with a router, in the order of the `routers` port.
    var routed: [String]?
    var promptTokens: [Int]
    var generatedTokens: Int
    var batch: [Int]
    var threads: [Int]
    var groups: Grouping
    var repeats: Int
    var warmUp: Int
  }

  /// Text to run, the model, and the profile of every arm but the dense one.
  public struct Inputs: StageInputs {
    var tokens: [Ref<TokenizedShard>]
    var model: LeafRef<ModelFiles>
    var profiles: [Ref<ProfileArtifact>]
    /// The transforms that profiles rest on, each once; a profile names its own.
    var transforms: [Ref<TransformArtifact>]
    /// The routers of routed arms.
    var routers: [Ref<RouterArtifact>]

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      tokens = try ports.read("tokens")
      model = try ports.read("model")
      profiles = try ports.read("profiles")
      transforms = try ports.read("transforms")
      routers = try ports.read("routers")
    }
  }

  public static let parameters = [
    Parameter(
      "arms",
      .map(
        .record([
          Parameter("profile", .stage, "The profile stage; none for the dense model."),
          Parameter("route", .stage, "The classifier stage whose time is measured, too."),
        ])),
      default: .object(["dense": .object([:])]), "The configurations to measure."),
    Parameter(
      "prompt_tokens", .list(.integer(1...1_000_000)), default: .array([.int(32)]),
      "Lengths of prompts."),
    Parameter(
      "generated_tokens", .integer(1...1_000_000), default: .int(32),
      "How many tokens are decoded after each prompt."),
    Parameter(
      "batch", .list(.integer(1...1024)), default: .array([.int(1)]),
      "How many sequences run together."),
    Parameter(
      "threads", .list(.integer(1...256)), default: .array([.int(1)]),
      "How many threads a pass uses; more than the run may use are left out."),
    Parameter(
      "groups", .choice(Grouping.allCases.map(\.rawValue)), default: .string("same"),
      "Whether the sequences of a batch share a group's profile or use the groups' in turn."),
    Parameter("repeats", .integer(1...10_000), default: .int(5), "Repetitions that count."),
    Parameter(
      "warm_up", .integer(0...10_000), default: .int(2), "Repetitions before, which do not."),
    Parameter(
      "split", .choice(Split.allCases.map(\.rawValue)), default: .string("test"),
      "The part of the data whose text is run."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    [
      ("prompt_tokens", params.promptTokens), ("batch", params.batch), ("threads", params.threads),
    ].filter { $0.1.isEmpty || $0.1.contains { $0 < 1 } }.map { name, _ in
      ParameterProblem([name], "'\(name)' needs numbers from 1 up", help: "write [1], say")
    }
  }

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    var arms: [String] = []
    var profiles: [ArtifactRequest] = []
    var routers: [(arm: String, router: ArtifactRequest)] = []
    for (name, arm) in params.arms {
      if let route = arm.route {
        guard arm.profile != nil else {
          throw PlanProblem(
            "plan.latency-route", ["arms", name, "route"],
            "the dense model has no groups to choose",
            help: "give arm '\(name)' a profile, or remove its route")
        }
        _ = try wiring.require(
          route, kinds: [ClassifierStage.kind], at: ["arms", name, "route"])
        routers.append((name, ArtifactRequest(route, .whole)))
      }
      guard let profile = arm.profile else { continue }
      _ = try wiring.require(
        profile, kinds: [ProfileStage.kind], at: ["arms", name, "profile"])
      arms.append(name)
      profiles.append(ArtifactRequest(profile, .whole))
    }
    let transforms = Set(profiles.compactMap { wiring.transform(ofProfile: $0.stage) }).sorted()
    var inputs: [String: PortRequest] = [
      "tokens": .artifacts([
        ArtifactRequest(wiring.stage.input("tokens") ?? "", .split(params.split))
      ]),
      "model": .model, "profiles": .artifacts(profiles),
    ]
    if !transforms.isEmpty {
      inputs["transforms"] = .artifacts(transforms.map { ArtifactRequest($0, .whole) })
    }
    if !routers.isEmpty { inputs["routers"] = .artifacts(routers.map(\.router)) }
    let dense = params.arms.entries.first { $0.value.profile == nil }?.key
    return [
      TaskTemplate(
        params: TaskParams(
          dense: dense ?? EvaluateStage.implicitDenseArm, arms: arms,
          routed: routers.isEmpty ? nil : routers.map(\.arm),
          promptTokens: params.promptTokens, generatedTokens: params.generatedTokens,
          batch: params.batch, threads: params.threads, groups: params.groups,
          repeats: params.repeats, warmUp: params.warmUp),
        inputs: inputs, fanOut: .once)
    ]
  }

  /// All threads that are asked for, so that nothing else runs meanwhile.
  public static func resources(for params: TaskParams) -> Resources {
    Resources(threads: max(params.threads.max() ?? 1, 1024), memory: 1 << 30)
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> LatencyArtifact {
    if let most = params.threads.max(), most > context.threads {
      // Left out, they would be missing for every run that finds this result in the cache.
      throw ArtifactError(
        "\(most) threads are to be measured, but the run may use \(context.threads); run with "
          + "`--jobs \(most)` on a machine with as many cores, or remove \(most) from `threads`")
    }
    let model = try LoadedModel.load(inputs.model, context)
    var tokens: [Int32] = []
    var prefix = 0
    let routing = try routing(params, inputs, model, context)
    let longest = (params.promptTokens.max() ?? 0) + params.generatedTokens
    for reference in inputs.tokens where tokens.count < longest * (params.batch.max() ?? 1) {
      let shard = try context.load(reference)
      prefix = shard.policy.densePrefix
      tokens += shard.samples.flatMap(\.goldSequence.tokens)
    }
    guard !tokens.isEmpty else { throw ArtifactError("there are no tokens to run") }
    while tokens.count < longest * (params.batch.max() ?? 1) { tokens += tokens }
    let now = { UInt64(context.seconds() * 1e9) }
    var packing: [String: Double] = [:]
    var subjects = [LatencySubject(name: params.dense, arms: [])]
    for (name, reference) in zip(params.arms, inputs.profiles) {
      let profile = try context.load(reference).profile
      guard profile.summary.unreachable == nil else { continue }
      let own = inputs.transforms.first { $0.digest.hex == profile.summary.transform }
      let model = try LoadedModel.load(inputs.model, transform: own, context)
      subjects.append(
        LatencySubject(
          name: name, arms: try arms(profile, model, params, packs: false), model: model.language))
      guard ProfileGates.hasFixedMasks(profile) else { continue }
      let start = now()
      let packed = try arms(profile, model, params, packs: true)
      packing[name + packedSuffix] = Double(now() - start) / 1e6 / Double(packed.count)
      subjects.append(
        LatencySubject(name: name + packedSuffix, arms: packed, model: model.language))
    }
    let probe = LatencyProbe(model: model.language, firstGatedRow: prefix, now: now)
    let shapes = shapes(params)
    var results: [LatencyResult] = []
    for (index, shape) in shapes.enumerated() {
      try context.checkCancellation()
      results += try probe.measure(
        subjects, shape, tokens: tokens, repeats: params.repeats, warmUp: params.warmUp)
      context.progress(index + 1, of: shapes.count)
    }
    return LatencyArtifact(
      host: context.host, kernels: "\(Kernels.level)", results: results, packing: packing,
      routing: routing)
  }

  /// Measures how long the classifiers of arms take for a request, on the samples of the first shard.
  private static func routing(
    _ params: TaskParams, _ inputs: Inputs, _ model: LoadedModel, _ context: any StageContext
  ) throws -> [RoutingTime] {
    guard let reference = inputs.tokens.first, !inputs.routers.isEmpty else { return [] }
    let shard = try context.load(reference)
    guard !shard.samples.isEmpty else { return [] }
    let requests = zip(shard.samples, shard.digests).map {
      TokenizedShard(policy: shard.policy, samples: [$0], digests: [$1])
    }
    let cost = CostModel(model.shape)
    return try zip(params.routed ?? [], inputs.routers).map { arm, reference in
      let artifact = try context.load(reference)
      let extractor = artifact.extractor
      var times: [RoutingTime.Sample] = []
      for round in 0..<(params.warmUp + params.repeats) {
        for request in requests {
          let start = context.seconds()
          let rows = try extractor.rows(of: request, model.language, context)
          let middle = context.seconds()
          _ = try artifact.router.predict(rows.vector(0))
          let end = context.seconds()
          guard round >= params.warmUp else { continue }
          times.append(.init(features: (middle - start) * 1e3, prediction: (end - middle) * 1e3))
        }
      }
      let macs = shard.samples.map {
        extractor.macs(of: $0, shard.policy, cost) + Double(artifact.router.macs)
      }
      return RoutingTime(
        arm: arm, times: times, macs: macs.reduce(0, +) / Double(macs.count),
        requests: requests.count)
    }
  }

  /// What is added to the name of an arm whose kept weights are packed.
  static let packedSuffix = " (packed)"

  private static func arms(
    _ profile: SparsityProfile, _ model: LoadedModel, _ params: TaskParams, packs: Bool
  ) throws -> [GatedArm] {
    let groups = params.groups == .same ? 1 : profile.summary.groups.count
    return try (0..<groups).map { group in
      try GatedArm(
        ProfileGates.gates(of: profile, group: group, for: model.language), for: model.language,
        packsMasks: packs)
    }
  }

  private static func shapes(_ params: TaskParams) -> [LatencyShape] {
    params.threads.flatMap { threads in
      params.batch.flatMap { batch in
        params.promptTokens.map { prompt in
          LatencyShape(
            batch: batch, threads: threads, promptTokens: prompt,
            generatedTokens: params.generatedTokens)
        }
      }
    }
  }
}
