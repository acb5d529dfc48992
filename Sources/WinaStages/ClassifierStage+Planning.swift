import WinaPipeline
import WinaSparsity

extension ClassifierStage {
  public static let parameters = [
    Parameter(
      "features", .choice(RouterFeatures.Kind.allCases.map(\.rawValue)),
      default: .string("embedding"),
      "What the router looks at: the mean embedding of the routing tokens, the hidden state after "
        + "`layers` layers, how often channels of these layers exceed pooled thresholds of "
        + "`histogram`, or as a control hashed tokens and pairs of tokens."),
    Parameter(
      "layers", .integer(1...100_000), default: .int(2),
      "The first layers that are run densely (hidden, early_layers)."),
    Parameter(
      "pooling", .choice(RouterFeatures.Pooling.allCases.map(\.rawValue)),
      default: .string("mean"),
      "Whether hidden states are averaged over the routing tokens, or taken from the last (hidden)."
    ),
    Parameter(
      "buckets", .integer(1...1 << 20), default: .int(4096), "The buckets of the hash (ngrams)."),
    Parameter(
      "sparsity", .number(from: 0, below: 1), default: .double(0.5),
      "The pooled quantile that magnitudes must exceed (early_layers)."),
    Parameter(
      "model", .choice(RouterModel.allCases.map(\.rawValue)), default: .string("logistic"),
      "Multinomial logistic regression, the nearest mean of a cluster, the most frequent cluster, a "
        + "network with one hidden layer, a vote of neighbours, a balanced linear gate, or a linear "
        + "gate that minimises the divergence it chooses."),
    Parameter(
      "l2", .number(from: 0, below: 1e9), default: .double(1e-3),
      "The weight of the squared norm (logistic, regret)."),
    Parameter(
      "hidden_units", .integer(1...65_536), default: .int(64), "The hidden units (mlp)."),
    Parameter(
      "neighbours", .integer(1...10_000), default: .int(5), "The samples that vote (knn)."),
    Parameter(
      "balance", .number(from: 0, below: 1e9), default: .double(0.01),
      "The weight of the load-balancing loss (moe_gate)."),
    Parameter(
      "seed", .integer(0...Int.max), default: .int(1),
      "The seed of training (mlp, moe_gate), and of the samples of the learning curve."),
    Parameter(
      "calibrate", .bool, default: .bool(false),
      "Whether the router is calibrated and measured on the validation split."),
    Parameter(
      "leave_out", .bool, default: .bool(false),
      "Whether routers trained without one label at a time are measured on its validation samples "
        + "(calibrate)."),
    Parameter(
      "split", .choice(Split.allCases.map(\.rawValue)), default: .string("routing"),
      "The part of the data to learn from."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    var problems: [ParameterProblem] = []
    if !(params.l2 >= 0 && params.l2.isFinite) {
      problems.append(ParameterProblem(["l2"], "'l2' is below zero", help: "write 0 or more"))
    }
    if !(params.balance >= 0 && params.balance.isFinite) {
      problems.append(
        ParameterProblem(["balance"], "'balance' is below zero", help: "write 0 or more"))
    }
    if !(0..<1).contains(params.sparsity) {
      problems.append(
        ParameterProblem(
          ["sparsity"],
          "sparsity \(JSONValue.double(params.sparsity).canonicalText) is not in [0, 1)",
          help: "it is the quantile that magnitudes must exceed, such as 0.5"))
    }
    for (name, value) in [
      ("layers", params.layers), ("buckets", params.buckets),
      ("hidden_units", params.hiddenUnits), ("neighbours", params.neighbours),
    ] where value < 1 {
      problems.append(
        ParameterProblem([name], "'\(name)' is \(value), below 1", help: "use 1 or more"))
    }
    if params.calibrate, params.split == .validation {
      problems.append(
        ParameterProblem(
          ["calibrate"],
          "a router that learns from the validation split cannot be calibrated on it",
          help: "use split: routing, or calibrate: false"))
    }
    if params.leaveOut, !params.calibrate {
      problems.append(
        ParameterProblem(
          ["leave_out"], "routers without a label are measured on the validation split",
          help: "add `calibrate: true`"))
    }
    return problems
  }

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    try check(params, wiring)
    let stage = wiring.stage
    var templates: [TaskTemplate<TaskParams>] = []
    let shard: [String: PortRequest] = [
      "tokens": .artifacts([ArtifactRequest(stage.input("tokens") ?? "", .sameShard)]),
      "model": .model,
    ]
    var items: [String: String] = [:]
    if params.runsModel {
      items["features"] = "features"
      var inputs = shard
      if params.features == .earlyLayers, let histogram = stage.input("histogram") {
        inputs["histogram"] = .artifacts([ArtifactRequest(histogram, .whole)])
      }
      templates.append(
        TaskTemplate(
          item: "features", params: featureParams(params, part: .features), inputs: inputs,
          fanOut: .perShard(asTarget: params.split)))
    }
    if let profile = stage.input("profile") {
      items["regrets"] = "regret"
      var inputs = shard
      inputs["profile"] = .artifacts([ArtifactRequest(profile, .whole)])
      templates.append(
        TaskTemplate(
          item: "regret", params: TaskParams(part: .regret), inputs: inputs,
          fanOut: .perShard(asTarget: params.split)))
    }
    templates.insert(
      TaskTemplate(
        params: routerParams(params), inputs: routerInputs(params, items, wiring), fanOut: .once),
      at: 0)
    return templates
  }

  private static func routerInputs(
    _ params: Params, _ items: [String: String], _ wiring: Wiring
  ) -> [String: PortRequest] {
    let stage = wiring.stage
    let labels = stage.input("labels") ?? ""
    var inputs: [String: PortRequest] = [
      "labels": .artifacts([ArtifactRequest(labels, .whole)]), "model": .model,
    ]
    if params.features == .earlyLayers, let histogram = stage.input("histogram") {
      inputs["histogram"] = .artifacts([ArtifactRequest(histogram, .whole)])
    }
    let parts: [(String, Split)] =
      [("", params.split)] + (params.calibrate ? [("validation_", .validation)] : [])
    for (prefix, split) in parts {
      inputs[prefix + "tokens"] = .artifacts([
        ArtifactRequest(stage.input("tokens") ?? "", .split(split))
      ])
      if let capture = wiring.capture(assigningTo: labels, .split(split)) {
        inputs[prefix + "capture"] = .artifacts([capture])
      }
      for (port, item) in items {
        inputs[prefix + port] = .artifacts([
          ArtifactRequest(stage.name, item: item, .split(split))
        ])
      }
    }
    return inputs
  }

  private static func featureParams(_ params: Params, part: Part? = nil) -> TaskParams {
    var task = TaskParams(part: part, features: params.features)
    if params.runsModel { task.layers = params.layers }
    switch params.features {
    case .embedding: break
    case .hidden: task.pooling = params.pooling
    case .earlyLayers: task.sparsity = params.sparsity
    case .ngrams: task.buckets = params.buckets
    }
    return task
  }

  private static func routerParams(_ params: Params) -> TaskParams {
    var task = featureParams(params)
    task.model = params.model
    switch params.model {
    case .logistic, .regret: task.l2 = params.l2
    case .mlp: task.hiddenUnits = params.hiddenUnits
    case .knn: task.neighbours = params.neighbours
    case .moeGate: task.balance = params.balance
    case .majority, .nearestCentroid: break
    }
    if params.calibrate || params.model == .mlp || params.model == .moeGate {
      task.seed = params.seed
    }
    if params.leaveOut { task.leaveOut = true }
    return task
  }

  private static func check(_ params: Params, _ wiring: Wiring) throws(PlanProblem) {
    let stage = wiring.stage
    if let labels = stage.inputs["labels"], labels.count > 1 {
      throw PlanProblem(
        "plan.labels", ["labels"], "a router has the clusters of one stage, not of \(labels.count)",
        help: "name one of " + labels.joined(separator: ", "))
    }
    try checkProfile(params, wiring)
    guard params.features == .earlyLayers else { return }
    guard let name = stage.input("histogram") else {
      throw PlanProblem(
        "plan.histogram", ["features"],
        "features 'early_layers' need the thresholds of a histogram",
        help: "add `histogram: STAGE`, a pooled one")
    }
    let histogram = try wiring.require(name, kinds: [HistogramStage.kind], at: ["histogram"])
    guard let capture = histogram.input("capture").flatMap({ wiring.stages[$0] }),
      case .array(let scores)? = capture.params["scores"]
    else { return }
    guard scores.contains(.string("wina")) || scores.contains(.string("teal")) else {
      throw PlanProblem(
        "plan.score-not-captured", ["histogram"],
        "capture '\(capture.name)' keeps no histograms of magnitudes alone",
        help: "add 'teal' to its scores",
        related: .init(
          stage: capture.name, path: ["scores"], message: "the scores are named here"))
    }
  }

  private static func checkProfile(_ params: Params, _ wiring: Wiring) throws(PlanProblem) {
    let stage = wiring.stage
    guard let name = stage.input("profile") else {
      guard params.model == .regret else { return }
      throw PlanProblem(
        "plan.profile", ["model"],
        "model 'regret' needs the profile whose divergences it is to keep low",
        help: "add `profile: STAGE`, one that is grouped by the clusters")
    }
    let profile = try wiring.require(name, kinds: [ProfileStage.kind], at: ["profile"])
    let groups = wiring.groups(ofProfile: profile)
    guard groups == stage.input("labels") else {
      throw PlanProblem(
        "plan.profile", ["profile"],
        groups.map { "profile '\(name)' has the groups '\($0)'" }
          ?? "profile '\(name)' has no groups",
        help: "name a profile whose histogram has `groups: \(stage.input("labels") ?? "")`")
    }
    guard wiring.transform(ofProfile: name) == nil else {
      throw PlanProblem(
        "plan.profile", ["profile"],
        "profile '\(name)' is of the transformed model, and regrets are measured on the model as it is",
        help: "name a profile whose histogram rests on a capture without `transform`")
    }
  }
}

extension ClassifierStage.Params {
  /// Whether the model must run for the features.
  var runsModel: Bool { RouterFeatures(kind: features).runsModel }
}
