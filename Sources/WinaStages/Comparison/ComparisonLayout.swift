import WinaPipeline

/// What a comparison asks for: which arm, cell and control stands where.
///
/// Arms and cells are put in an order of their own and stages are told apart by number, so that
/// neither the order of keys in a spec nor the names of its stages change a key.
struct ComparisonLayout {
  var cells: [PlanCell]
  var arms: [ComparedArm] = []
  var entries: [CompareStage.TaskParams.Entry] = []
  var requests: [ArtifactRequest] = []
  /// The stages of the clusters that arms use, by ``ComparedArm/clusters``.
  var clusters: [String] = []
  /// The stages of the routers that arms use, by ``ComparedArm/router``.
  var routers: [String] = []
  /// The profiles, likewise.
  var profiles: [String] = []
  /// The axes on which the sparsity of an arm's profile varies.
  var curveAxes: [String] = []

  init(
    _ params: CompareStage.Params, evaluate: WiredStage, wiring: Wiring
  ) throws(PlanProblem) {
    cells = ComparisonLayout.ordered(wiring.cells)
    let splitAxis = evaluate.name + ".split"
    if wiring.cells.contains(where: { $0.assignment[splitAxis] != nil }) {
      throw PlanProblem(
        "plan.other-samples", [],
        "'\(splitAxis)' is swept, but cells that score other samples cannot be compared",
        help: "run the spec once for each split, with `--set \(splitAxis)=…`")
    }
    let listed = ComparisonLayout.arms(of: evaluate)
    try ComparisonLayout.check(params, arms: listed.map(\.name), wiring: wiring)
    try ComparisonLayout.checkSeeds(params, evaluate, wiring)
    try ComparisonLayout.checkArms(of: evaluate, wiring)
    // An arm that another stage refuses may have the name of the implied one.
    let names = Dictionary(listed.map { ($0.name, $0.profile) }) { first, _ in first }
    curveAxes = ComparisonLayout.curveAxes(of: listed, wiring)
    var described: [(arm: ComparedArm, groups: String?, router: String?)] = []
    for listedArm in listed {
      described.append(ComparisonLayout.describe(listedArm, params.controls, wiring))
    }
    described.sort { $0.arm.order.lexicographicallyPrecedes($1.arm.order) }
    for (arm, groups, router) in described {
      var arm = arm
      arm.clusters = groups.map { ComparisonLayout.number(of: $0, in: &clusters) }
      arm.router = router.map { ComparisonLayout.number(of: $0, in: &routers) }
      arm.profile = (names[arm.name] ?? nil).map { ComparisonLayout.number(of: $0, in: &profiles) }
      arms.append(arm)
    }
    let split = evaluate.text("split").flatMap(Split.init(rawValue:)) ?? .test
    for (place, cell) in cells.enumerated() {
      for arm in arms {
        entries.append(.init(cell: place, arm: arm.name, control: nil))
        requests.append(
          ArtifactRequest(evaluate.name, item: arm.name, .split(split), cell: cell.index))
      }
    }
    if let controls = params.controls {
      add(
        controls, of: Set(arms.filter(\.isControl).map(\.name)), params.primary, evaluate, split,
        wiring, as: \.control)
    }
    if let seeds = params.seeds, let primary = params.primary {
      let varied = ComparisonLayout.arms(
        of: evaluate, in: primary, dependingOn: seeds.stage, wiring)
      add(seeds, of: varied, primary, evaluate, split, wiring, as: \.seed)
    }
  }

  private static func ordered(_ cells: [PlanCell]) -> [PlanCell] {
    cells.sorted { precedes($0.assignment, $1.assignment) }
  }

  /// Returns the cell whose arms and samples the report describes: that of the primary endpoint, or the
  /// first.
  static func described(_ params: CompareStage.Params, _ cells: [PlanCell]) -> Int {
    let cells = ordered(cells)
    let cell = params.primary.flatMap { primary in
      cells.first { primary.matches($0.assignment) }
    }
    return (cell ?? cells.first)?.index ?? 0
  }

  /// What asks for the whole of stages, of each in every cell.
  func inEveryCell(_ stages: [String]) -> [ArtifactRequest] {
    stages.flatMap { stage in
      cells.map { ArtifactRequest(stage, .whole, cell: $0.index) }
    }
  }

  /// Adds arms with the seeds after a stage's own, in the cells of the primary endpoint.
  private mutating func add(
    _ repetitions: CompareStage.Controls, of names: Set<String>, _ primary: CompareStage.Primary?,
    _ evaluate: WiredStage, _ split: Split, _ wiring: Wiring,
    as number: WritableKeyPath<CompareStage.TaskParams.Entry, Int?>
  ) {
    for (place, cell) in cells.enumerated() where primary?.matches(cell.assignment) ?? true {
      for arm in arms where names.contains(arm.name) {
        for repetition in 1...repetitions.count {
          var entry = CompareStage.TaskParams.Entry(cell: place, arm: arm.name)
          entry[keyPath: number] = repetition
          entries.append(entry)
          requests.append(
            ArtifactRequest(
              evaluate.name, item: arm.name, .split(split), cell: cell.index,
              overrides: ComparisonLayout.override(repetitions.stage, by: repetition, wiring)))
        }
      }
    }
  }

  /// The arms of the primary contrast that depend on a stage.
  static func arms(
    of evaluate: WiredStage, in primary: CompareStage.Primary, dependingOn stage: String,
    _ wiring: Wiring
  ) -> Set<String> {
    guard let contrast = Contrast(primary.contrast) else { return [] }
    let listed = arms(of: evaluate).filter { [contrast.arm, contrast.baseline].contains($0.name) }
    return Set(
      listed.filter { arm in
        [arm.profile, arm.route].compactMap(\.self).contains {
          wiring.stages[$0] != nil && ($0 == stage || wiring.depends($0, on: stage))
        }
      }.map(\.name))
  }

  /// The setting that gives a stage the seed `number` after its own.
  private static func override(
    _ stage: String, by number: Int, _ wiring: Wiring
  ) -> [String: JSONValue] {
    let declared = wiring.stages[stage]?.params["seed"]
    let seed: Int = if case .int(let value)? = declared { value } else { 1 }
    return ["\(stage).seed": .int((seed &+ number) & Int.max)]
  }

  /// An arm as `evaluate` lists it.
  struct ListedArm {
    var name: String
    var profile: String?
    var route: String?
    var policy: String?
  }

  /// The arms by name, with the dense one that is planned even if not listed.
  static func arms(of evaluate: WiredStage) -> [ListedArm] {
    guard case .object(let members)? = evaluate.params["arms"] else { return [] }
    var arms = members.sorted { $0.key < $1.key }.map { name, arm in
      ListedArm(
        name: name, profile: arm.text("profile"), route: arm.text("route"),
        policy: arm.text("policy"))
    }
    if !arms.contains(where: { $0.profile == nil }) {
      arms.insert(ListedArm(name: EvaluateStage.implicitDenseArm), at: 0)
    }
    return arms
  }

  private static func describe(
    _ listed: ListedArm, _ controls: CompareStage.Controls?, _ wiring: Wiring
  ) -> (arm: ComparedArm, groups: String?, router: String?) {
    let profile = listed.profile.flatMap { wiring.stages[$0] }
    let groups = profile.flatMap { wiring.groups(ofProfile: $0) }
    let router = listed.route.flatMap { wiring.stages[$0] }
      .flatMap { $0.kind == ClassifierStage.kind ? $0.name : nil }
    let arm = ComparedArm(
      name: listed.name, score: profile?.text("score"), gate: profile?.text("gate"),
      centring: profile?.text("centring"), isGrouped: groups != nil,
      route: listed.route.map { EvaluateStage.Route(rawValue: $0) ?? .classifier },
      policy: listed.policy.flatMap(EvaluateStage.Policy.init(rawValue:)),
      isControl: controls.map { controls in
        listed.profile.map { wiring.depends($0, on: controls.stage) } ?? false
      } ?? false,
      transform: wiring.transform(ofProfile: listed.profile))
    var described = arm
    described.variation = profile.flatMap { variation(of: $0, wiring) }
    described.settings = profile.map { profile in
      let names = ["sparsity", "min_tokens", "never_active", "shrinkage_tokens"]
      return Dictionary(
        uniqueKeysWithValues: names.compactMap { name in profile.params[name].map { (name, $0) } })
    }
    return (described, groups, router)
  }

  /// The axes on which alone the sparsity, MACs or coverage of an arm's profile differ somewhere.
  private static func curveAxes(of listed: [ListedArm], _ wiring: Wiring) -> [String] {
    let profiles = Set(listed.compactMap(\.profile))
    let targets = wiring.cells.map { cell in
      let stages = wiring.inCell(cell.index).stages
      return profiles.sorted().map { name in
        ["sparsity", "macs", "coverage"].map { stages[name]?.params[$0] }
      }
    }
    let axes = Set(wiring.cells.flatMap(\.assignment.keys))
    return axes.sorted().filter { axis in
      wiring.cells.indices.contains { cell in
        wiring.cells.indices.contains { other in
          targets[cell] != targets[other]
            && axes.allSatisfy {
              ($0 == axis)
                != (wiring.cells[cell].assignment[$0] == wiring.cells[other].assignment[$0])
            }
        }
      }
    }
  }

  /// The splits that arms' profiles and routers were fitted to, in the order of splits.
  static func fittedSplits(of evaluate: WiredStage, _ wiring: Wiring) -> [Split] {
    let roots = arms(of: evaluate).flatMap { [$0.profile, $0.route].compactMap(\.self) }
      .filter { wiring.stages[$0] != nil }
    let kinds = [HistogramStage.kind, ClusterStage.kind, ClassifierStage.kind, AllocateStage.kind]
    let used = wiring.stages.values.filter { stage in
      kinds.contains(stage.kind) && roots.contains { wiring.depends($0, on: stage.name) }
    }
    var splits = Set(used.compactMap { $0.text("split").flatMap(Split.init(rawValue:)) })
    // Numbers of clusters and temperatures are chosen there.
    if used.contains(where: {
      $0.params["k_among"] != nil || $0.params["calibrate"] == .bool(true)
    }) {
      splits.insert(.validation)
    }
    return Split.allCases.filter(splits.contains)
  }

  /// What tells a profile's mechanism apart beside score, gate and centring.
  private static func variation(
    of profile: WiredStage, _ wiring: Wiring
  ) -> ComparedArm.Variation? {
    var variation = ComparedArm.Variation()
    let beta = profile.params["beta"]?.number
    variation.beta = beta == 1 ? nil : beta
    let shrinkage = profile.text("shrinkage")
    variation.shrinkage = shrinkage == "none" ? nil : shrinkage
    variation.coverage = profile.params["coverage"]?.number
    variation.macs = profile.params["macs"]?.number
    if let allocation = profile.input("allocation").flatMap({ wiring.stages[$0] }) {
      variation.allocation = allocation.text("method")
      let histogram = allocation.input("histogram").flatMap { wiring.stages[$0] }
      variation.hasGroupedAllocation = histogram?.input("groups") != nil ? true : nil
    }
    let histogram = profile.input("histogram").flatMap { wiring.stages[$0] }
    let propagation = histogram?.text("propagation")
    variation.propagation = propagation == "dense" ? nil : propagation
    return variation == ComparedArm.Variation() ? nil : variation
  }

  private static func number(of name: String, in names: inout [String]) -> Int {
    if let known = names.firstIndex(of: name) { return known }
    names.append(name)
    return names.count - 1
  }

  /// Whether a cell comes before another: by the values of its axes, in the order of their names.
  private static func precedes(
    _ left: [String: JSONValue], _ right: [String: JSONValue]
  ) -> Bool {
    for axis in Set(left.keys).union(right.keys).sorted() where left[axis] != right[axis] {
      if let one = left[axis]?.number, let other = right[axis]?.number { return one < other }
      return (left[axis]?.canonicalText ?? "") < (right[axis]?.canonicalText ?? "")
    }
    return false
  }
}

extension ComparedArm {
  /// What arms are sorted by: dense, pooled, grouped, controls; then by score, centring and name.
  fileprivate var order: [String] {
    [
      isDense ? "0" : "1", isControl ? "1" : "0", isGrouped ? "1" : "0", score ?? "",
      centring == "none" ? "" : centring ?? "", name,
    ]
  }
}

extension CompareStage.Primary {
  /// Whether a cell has the values that `at` names.
  func matches(_ assignment: [String: JSONValue]) -> Bool {
    (at ?? [:]).allSatisfy { name, wanted in
      switch (assignment[name], wanted) {
      case (.string(let text)?, .text(let wanted)): text == wanted
      case (let value?, .number(let wanted)): value.number == wanted
      default: false
      }
    }
  }
}

extension JSONValue {
  /// Returns a member that is a string.
  func text(_ name: String) -> String? {
    if case .string(let text)? = self[name] { text } else { nil }
  }

  /// The value as a number.
  var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }
}

extension WiredStage {
  /// Returns a parameter that is a string.
  func text(_ name: String) -> String? { params.text(name) }
}
