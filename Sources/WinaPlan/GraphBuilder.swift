import WinaDiagnostics
import WinaPipeline
import WinaSpec

/// Where a task is planned: the cell, the shard, and what a control sets differently.
struct PlanSite: Hashable {
  var cell: Int
  var shard: Int?
  var overrides: [String: JSONValue] = [:]
}

/// Builds the graph from the targets up, so that only what is asked for is planned.
struct GraphBuilder {
  let spec: ExperimentSpec
  let registry: StageRegistry
  let options: PlanOptions
  let cells: [SweepCell]
  let resolved: [[String: ResolvedStage]]
  let inventories: [SweepCell: Inventory]
  let inventoryAxes: Set<String>
  let planCells: [PlanCell]
  let cones: ConeIndex
  var diagnostics: DiagnosticSet
  private(set) var tasks: [PlannedTask] = []
  private(set) var targets: [TaskID] = []
  /// What is known of a task besides its plan: which data its cone saw and was fitted to.
  private var exposures: [Exposure] = []
  private var byPlanKey: [PlanKey: TaskID] = [:]
  private var planned: [NodeKey: TaskID] = [:]
  private var inProgress: [NodeKey] = []
  private var templateMemo: [TemplateKey: [AnyTemplate]] = [:]
  private var usedStages: Set<String> = []

  init(
    spec: ExperimentSpec, registry: StageRegistry, options: PlanOptions, cells: [SweepCell],
    resolved: [[String: ResolvedStage]], inventories: [SweepCell: Inventory],
    diagnostics: DiagnosticSet
  ) {
    self.spec = spec
    self.registry = registry
    self.options = options
    self.cells = cells
    self.resolved = resolved
    self.inventories = inventories
    self.diagnostics = diagnostics
    inventoryAxes = Planner.inventoryAxes(of: spec)
    planCells = cells.enumerated().map { index, cell in
      PlanCell(
        index: index,
        assignment: Dictionary(
          cell.assignments.map { ($0.path, $0.value.json) }, uniquingKeysWith: { $1 }))
    }
    cones = ConeIndex(spec: spec, resolved: resolved.first ?? [:], inventoryAxes: inventoryAxes)
  }

  /// Plans every target in every cell.
  mutating func build() {
    let names = chosenTargets()
    for name in names {
      let first = resolved[0][name]
      let indices = first?.prepared.spansCells == true ? [0] : Array(cells.indices)
      for cell in indices { addTarget(name, cell: cell) }
    }
    if options.only.isEmpty { warnAboutUnused() }
  }

  /// The stages that the run is for: those asked for, else the kinds that are targets, else those
  /// that nothing uses.
  private mutating func chosenTargets() -> [String] {
    let names = spec.stages.map(\.name.value)
    if !options.only.isEmpty {
      for name in options.only where !names.contains(name) {
        diagnostics.insert(PlanDiagnostics.unknownTarget(name, known: names))
      }
      return names.filter(options.only.contains)
    }
    let kinds = names.filter { resolved[0][$0]?.type.isTarget == true }
    return kinds.isEmpty ? names.filter { !cones.isUsed($0) } : kinds
  }

  private mutating func addTarget(_ name: String, cell: Int) {
    guard let stage = resolved[cell][name] else { return }
    let site = PlanSite(cell: cell)
    for template in templates(of: stage, site: site, variant: Variant()) {
      switch template.fanOut {
      case .once:
        insertTarget(plan(name, template.item, site, Variant()))
      case .perShard(let split):
        let shards = inventory(of: site).shards.indices.filter {
          inventory(of: site).shards[$0].split == split
        }
        if shards.isEmpty {
          diagnostics.insert(PlanDiagnostics.emptySplit(split.rawValue, stage: stage.spec.name))
        }
        for shard in shards {
          insertTarget(plan(name, template.item, PlanSite(cell: cell, shard: shard), Variant()))
        }
      }
    }
  }

  private mutating func insertTarget(_ id: TaskID?) {
    guard let id, !targetSet.contains(id) else { return }
    targetSet.insert(id)
    targets.append(id)
  }
  private var targetSet: Set<TaskID> = []

  private func inventory(of site: PlanSite) -> Inventory {
    inventories[cells[site.cell].projected(onto: inventoryAxes)] ?? Inventory()
  }

  private func wiring(of stage: ResolvedStage, site: PlanSite, data: DataSpec?) -> Wiring {
    let isDocuments: Bool
    if case .documents = data?.source { isDocuments = true } else { isDocuments = false }
    return Wiring(
      stage: stage.wired, stages: resolved[site.cell].mapValues(\.wired), cells: planCells,
      isDocuments: isDocuments,
      data: DataSettings(routeTokens: data?.routeTokens?.value ?? DataSettings().routeTokens))
  }

  /// The templates of a stage, with the parameters that a variant or a control sets.
  private mutating func templates(
    of stage: ResolvedStage, site: PlanSite, variant: Variant
  ) -> [AnyTemplate] {
    let name = stage.spec.name.value
    var changes = variant.params
    for (path, value) in site.overrides where path.hasPrefix(name + ".") {
      changes[String(path.dropFirst(name.count + 1))] = value
    }
    let key = TemplateKey(
      stage: name, cell: cells[site.cell].projected(onto: cones.axes(of: name)), changes: changes)
    if let known = templateMemo[key] { return known }
    var prepared = stage.prepared
    if !changes.isEmpty, case .object(let members) = prepared.params {
      do {
        prepared = try stage.type.prepare(
          JSONParamsSource(value: .object(members.merging(changes) { $1 })))
      } catch {
        diagnostics.insert(
          Diagnostic(
            id: "plan.variant", "stage '\(name)' cannot be varied with \(changes): \(error)",
            at: stage.spec.name.range))
        return []
      }
    }
    var templates: [AnyTemplate] = []
    do {
      templates = try prepared.templates(
        wiring(of: stage, site: site, data: spec.data(in: cells[site.cell])))
    } catch {
      report(error, stage: stage, cell: site.cell)
    }
    templateMemo[key] = templates
    return templates
  }

  private mutating func report(_ error: PlanProblem, stage: ResolvedStage, cell: Int) {
    var diagnostic = PlanDiagnostics.located(error.problem, id: error.id, in: stage.spec)
    if let related = error.related, let other = resolved[cell][related.stage] {
      let place = PlanDiagnostics.located(
        ParameterProblem(related.path, related.message), id: error.id, in: other.spec)
      diagnostic.notes.append(.init(related.message, at: place.range))
    }
    diagnostics.insert(diagnostic)
  }

  /// Plans one task and everything upstream of it; `nil` where something is wrong.
  private mutating func plan(
    _ name: String, _ item: String?, _ site: PlanSite, _ variant: Variant
  ) -> TaskID? {
    guard let stage = resolved[site.cell][name] else { return nil }
    usedStages.insert(name)
    let key = nodeKey(name, item, site, variant, spansCells: stage.prepared.spansCells)
    if let known = planned[key] { return known }
    if inProgress.contains(key) {
      reportCycle(to: key, cell: site.cell)
      return nil
    }
    let known = templates(of: stage, site: site, variant: variant)
    guard let template = known.first(where: { $0.item == item }) else { return nil }
    inProgress.append(key)
    defer { inProgress.removeLast() }
    var inputs: [PlannedInput] = []
    var isComplete = true
    for port in stage.type.ports {
      guard let request = variant.inputs[port.name] ?? template.inputs[port.name] else {
        if port.arity == .one { isComplete = false }
        continue
      }
      guard let sources = sources(request, stage: stage, site: site) else {
        isComplete = false
        continue
      }
      inputs.append(PlannedInput(port: port.name, sources: sources))
    }
    guard isComplete else { return nil }
    let id = insert(stage, template, inputs, site, variant)
    planned[key] = id
    return id
  }

  private func nodeKey(
    _ name: String, _ item: String?, _ site: PlanSite, _ variant: Variant, spansCells: Bool
  ) -> NodeKey {
    NodeKey(
      stage: name, item: item, shard: site.shard, variant: variant,
      cell: spansCells ? SweepCell() : cells[site.cell].projected(onto: cones.axes(of: name)),
      overrides: site.overrides.filter { cones.cone(of: name).contains(stagePart($0.key)) })
  }

  private func stagePart(_ path: String) -> String {
    String(path.prefix { $0 != "." })
  }

  private mutating func reportCycle(to key: NodeKey, cell: Int) {
    let start = inProgress.firstIndex(of: key) ?? 0
    let names = (inProgress[start...] + [key]).compactMap { resolved[cell][$0.stage]?.spec.name }
    diagnostics.insert(PlanDiagnostics.cycle(names))
  }

  private mutating func sources(
    _ request: PortRequest, stage: ResolvedStage, site: PlanSite
  ) -> [InputSource]? {
    let inventory = inventory(of: site)
    switch request {
    case .artifacts(let requests):
      return artifactSources(requests, stage: stage, site: site)
    case .model:
      guard let leaf = inventory.model else { return missingModel(stage) }
      return [.leaf(leaf)]
    case .tokenizer:
      guard let leaf = inventory.tokenizer else { return missingModel(stage) }
      return [.leaf(leaf)]
    case .records:
      guard let shard = site.shard else {
        diagnostics.insert(PlanDiagnostics.noData(stage: stage.spec.name))
        return nil
      }
      return [.leaf(inventory.shards[shard].records)]
    case .files(let paths):
      var leaves: [InputSource] = []
      for path in paths {
        guard let leaf = inventory.files[path] else {
          diagnostics.insert(PlanDiagnostics.missingFile(path, stage: stage.spec.name))
          return nil
        }
        leaves.append(.leaf(leaf))
      }
      return leaves
    }
  }

  private mutating func missingModel(_ stage: ResolvedStage) -> [InputSource]? {
    diagnostics.insert(
      PlanDiagnostics.noModel(stage: stage.spec.name, specRange: spec.source.wholeRange))
    return nil
  }

  private mutating func artifactSources(
    _ requests: [ArtifactRequest], stage: ResolvedStage, site: PlanSite
  ) -> [InputSource]? {
    var sources: [InputSource] = []
    var isComplete = true
    for request in requests {
      var target = PlanSite(
        cell: request.cell ?? site.cell, shard: nil,
        overrides: site.overrides.merging(request.overrides) { $1 })
      var shards: [Int?] = [nil]
      switch request.scope {
      case .whole: break
      case .sameShard: shards = [site.shard]
      case .split(let split):
        let all = inventory(of: target).shards
        shards = all.indices.filter { all[$0].split == split }
        if shards.isEmpty {
          let name = stage.spec.name
          diagnostics.insert(
            all.isEmpty
              ? PlanDiagnostics.noData(stage: name)
              : PlanDiagnostics.emptySplit(split.rawValue, stage: name))
          isComplete = false
        }
      }
      for shard in shards {
        target.shard = shard
        if let id = plan(request.stage, request.item, target, request.variant) {
          sources.append(.task(id))
        } else {
          isComplete = false
        }
      }
    }
    return isComplete ? sources : nil
  }

  /// Adds a task unless one with the same plan key is there already.
  private mutating func insert(
    _ stage: ResolvedStage, _ template: AnyTemplate, _ inputs: [PlannedInput], _ site: PlanSite,
    _ variant: Variant
  ) -> TaskID {
    let numerics = stage.type.usesNumerics ? options.numericsClass : nil
    let key = KeyParts(
      kind: stage.type.kind, version: stage.type.version, numericsClass: numerics,
      params: template.params,
      inputs: inputs.map { input in
        KeyParts.Input(
          port: input.port,
          digests: input.sources.map { source in
            switch source {
            case .task(let id): tasks[id.index].planKey.digest
            case .leaf(let leaf): leaf.digest
            }
          })
      }
    ).planKey
    if let known = byPlanKey[key] { return known }
    let upstream = inputs.flatMap(\.sources).compactMap { source -> TaskID? in
      if case .task(let id) = source { id } else { nil }
    }
    let shard = site.shard.map { inventory(of: site).shards[$0] }
    let exposure = exposure(of: stage, shard: shard, inputs: inputs, upstream: upstream)
    let assignment = assignment(
      of: stage, inputs: inputs, site: site, upstream: upstream, spans: stage.prepared.spansCells)
    let id = TaskID(tasks.count)
    let name = TaskName(
      stage: stage.spec.name.value, item: template.item, variant: variant.label,
      assignment: assignment, order: spec.axes.map(\.path.value),
      shard: template.fanOut == .once ? nil : shard?.name)
    tasks.append(
      PlannedTask(
        id: id, name: name.text, stage: stage.spec.name.value, item: template.item,
        kind: stage.type.kind, params: template.params, inputs: inputs,
        format: stage.type.outputFormat, resources: template.resources, planKey: key,
        version: stage.type.version, numericsClass: numerics, assignment: assignment,
        shard: shard?.name, isLeaky: exposure.isLeaky))
    exposures.append(exposure)
    byPlanKey[key] = id
    return id
  }

  private func assignment(
    of stage: ResolvedStage, inputs: [PlannedInput], site: PlanSite, upstream: [TaskID],
    spans: Bool
  ) -> [String: JSONValue] {
    guard !spans else { return [:] }
    var axes = cones.ownAxes(of: stage.spec.name.value)
    if inputs.contains(where: { $0.sources.contains { if case .leaf = $0 { true } else { false } } }
    ) {
      axes.formUnion(inventoryAxes)
    }
    var assignment = planCells[site.cell].assignment.filter { axes.contains($0.key) }
    for (path, value) in site.overrides where stagePart(path) == stage.spec.name.value {
      assignment[path] = value
    }
    for id in upstream { assignment.merge(tasks[id.index].assignment) { first, _ in first } }
    return assignment
  }

  private mutating func exposure(
    of stage: ResolvedStage, shard: Inventory.Shard?, inputs: [PlannedInput], upstream: [TaskID]
  ) -> Exposure {
    var exposure = Exposure()
    for id in upstream { exposure.merge(exposures[id.index]) }
    if let shard { exposure.seen.insert(shard.split) }
    let name = stage.spec.name
    switch stage.type.dataUse {
    case .perSample, .derived: break
    case .fitted:
      for split in exposure.seen { exposure.fitted[split, default: []].insert(name.value) }
      if exposure.seen.contains(.test) {
        exposure.isLeaky = true
        if !spec.leaky { diagnostics.insert(PlanDiagnostics.fittedToTest(stage: name)) }
      }
    case .scored:
      if let split = shard?.split, let fitted = exposure.fitted[split] {
        exposure.isLeaky = true
        if !spec.leaky {
          diagnostics.insert(
            PlanDiagnostics.scoresFittedData(
              stage: name, split: split.rawValue,
              fitted: spec.stages.map(\.name).filter { fitted.contains($0.value) }))
        }
      }
    }
    return exposure
  }

  private mutating func warnAboutUnused() {
    guard !diagnostics.hasErrors else { return }
    for stage in spec.stages where !usedStages.contains(stage.name.value) {
      diagnostics.insert(PlanDiagnostics.unusedStage(stage.name))
    }
  }
}

/// Which splits a task's cone saw, and which stages were fitted to which.
private struct Exposure {
  var seen: Set<Split> = []
  var fitted: [Split: Set<String>] = [:]
  var isLeaky = false

  mutating func merge(_ other: Exposure) {
    seen.formUnion(other.seen)
    fitted.merge(other.fitted) { $0.union($1) }
    isLeaky = isLeaky || other.isLeaky
  }
}

private struct NodeKey: Hashable {
  var stage: String
  var item: String?
  var shard: Int?
  var variant: Variant
  var cell: SweepCell
  var overrides: [String: JSONValue]
}

private struct TemplateKey: Hashable {
  var stage: String
  var cell: SweepCell
  var changes: [String: JSONValue]
}
