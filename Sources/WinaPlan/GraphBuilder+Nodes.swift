import WinaDiagnostics
import WinaPipeline
import WinaSpec

// What requests mean.
extension GraphBuilder {
  /// Returns the node that a request means; `nil` where something is wrong.
  mutating func node(
    _ request: ArtifactRequest, _ site: PlanSite, asker: Int?
  ) -> Int? {
    guard let stage = templates.resolved[site.cell][request.stage] else {
      fault(asker, "they ask for '\(request.stage)', which is no stage")
      return nil
    }
    if let asker, !nodes[asker].scope.contains(request.stage) {
      fault(asker, "they ask for stage '\(request.stage)', which the spec does not name")
      return nil
    }
    var site = site
    if stage.prepared.spansCells { site.cell = 0 }
    let scope = templates.cones.scope(of: request.stage, request.variant)
    site.overrides = site.overrides.filter { path, _ in
      scope.stages.contains(String(path.prefix { $0 != "." }))
    }
    let key = NodeKey(
      stage: request.stage, item: request.item, variant: request.variant,
      cell: templates.cells[site.cell].projected(onto: scope.axes), overrides: site.overrides)
    if let known = nodeNumbers[key] { return known }
    let made = templates.templates(of: stage, site: site, variant: request.variant)
    guard let template = made.first(where: { $0.item == request.item }) else {
      if !allDiagnostics.hasErrors {
        fault(asker, "they ask '\(request.stage)' for '\(request.item ?? "")', which it lacks")
      }
      return nil
    }
    usedStages.insert(request.stage)
    let shards = inventories[inventoryOfCell[site.cell]].names.count
    nodes.append(
      PlanNode(
        stage: stage, template: template, site: site, variant: request.variant,
        scope: scope.stages,
        key: KeyPreimage(
          domain: KeyPreimage.planDomain, kind: stage.type.kind, version: stage.type.version,
          numericsClass: numericsClass(of: stage),
          canonicalParams: template.params.canonicalText),
        slots: Array(repeating: .untouched, count: 1 + shards)))
    nodeNumbers[key] = nodes.count - 1
    return nodes.count - 1
  }

  func numericsClass(of stage: ResolvedStage) -> String? {
    stage.type.usesNumerics ? options.numericsClass : nil
  }

  private mutating func fault(_ node: Int?, _ text: String) {
    guard let stage = node.map({ nodes[$0].stage }) else { return }
    diagnostics.insert(PlanDiagnostics.stageFault(stage.spec, text))
  }

  /// Finds what every port of a node takes; `false` where something is wrong.
  mutating func bind(_ number: Int) -> Bool {
    let node = nodes[number]
    var ports: [BoundPort] = []
    var isComplete = true
    for port in node.stage.type.ports {
      guard let request = node.variant.inputs[port.name] ?? node.template.inputs[port.name] else {
        if port.arity == .one {
          fault(number, "nothing is bound to '\(port.name)'")
          isComplete = false
        }
        continue
      }
      if let source = source(request, number) {
        ports.append(BoundPort(name: port.name, source: source))
      } else {
        isComplete = false
      }
    }
    guard isComplete else { return false }
    let name = node.stage.spec.name.value
    if !node.stage.prepared.spansCells {
      var axes = templates.cones.ownAxes(of: name)
      if ports.contains(where: { if case .artifacts = $0.source { false } else { true } }) {
        axes.formUnion(inventoryAxes)
      }
      nodes[number].assignment = templates.planCells[node.site.cell].assignment.filter {
        axes.contains($0.key)
      }
      for (path, value) in node.site.overrides where path.hasPrefix(name + ".") {
        nodes[number].assignment[path] = value
      }
    }
    nodes[number].keyOrder = ports.indices.sorted { ports[$0].name < ports[$1].name }
    nodes[number].ports = ports
    return true
  }

  private mutating func source(_ request: PortRequest, _ number: Int) -> BoundPort.Source? {
    let stage = nodes[number].stage
    let inventory = inventories[inventoryOfCell[nodes[number].site.cell]].inventory
    switch request {
    case .artifacts(let requests): return children(requests, number).map { .artifacts($0) }
    case .model, .tokenizer:
      guard let leaf = request == .model ? inventory.model : inventory.tokenizer else {
        diagnostics.insert(
          inventory.model.map {
            PlanDiagnostics.noTokenizer(stage: stage.spec.name, model: $0.location)
          } ?? PlanDiagnostics.noModel(stage: stage.spec.name, specRange: spec.source.wholeRange))
        return nil
      }
      if stage.prepared.spansCells, request == .model,
        inventories.contains(where: { $0.inventory.model?.digest != leaf.digest })
      {
        diagnostics.insert(PlanDiagnostics.otherModels(stage: stage.spec.name))
        return nil
      }
      return .leaves([.leaf(leaf)])
    case .records:
      guard nodes[number].isPerShard else {
        fault(number, "they read the records of a shard, but are not expanded over shards")
        return nil
      }
      return .records
    case .files(let paths):
      let leaves = paths.compactMap { inventory.files[$0] }
      for path in paths where inventory.files[path] == nil {
        diagnostics.insert(PlanDiagnostics.missingFile(path, stage: stage.spec))
      }
      return leaves.count == paths.count ? .leaves(leaves.map { .leaf($0) }) : nil
    }
  }

  private mutating func children(
    _ requests: [ArtifactRequest], _ number: Int
  ) -> [BoundPort.Child]? {
    let asker = nodes[number]
    var children: [BoundPort.Child] = []
    var counts: [Split: Int] = [:]
    for request in requests {
      let site = PlanSite(
        cell: request.cell ?? asker.site.cell,
        overrides: asker.site.overrides.merging(request.overrides) { $1 })
      guard let node = node(request, site, asker: number) else { continue }
      var shards: [Int] = []
      if case .split(let split) = request.scope {
        shards = self.shards(of: split, cell: site.cell, for: asker.stage)
        if shards.isEmpty { continue }
        if asker.stage.prepared.spansCells {
          guard counts[split, default: shards.count] == shards.count else {
            diagnostics.insert(PlanDiagnostics.otherShards(stage: asker.stage.spec.name, split))
            return nil
          }
          counts[split] = shards.count
        }
      }
      guard nodes[node].isPerShard == (request.scope != .whole) else {
        fault(number, "they mistake whether '\(request.stage)' is expanded over shards")
        continue
      }
      if request.scope == .sameShard,
        !asker.isPerShard
          || inventoryOfCell[site.cell] != inventoryOfCell[asker.site.cell]
      {
        fault(number, "they ask '\(request.stage)' for the same shard, but there is none")
        continue
      }
      children.append(BoundPort.Child(node: node, scope: request.scope, shards: shards))
    }
    return children.count == requests.count ? children : nil
  }
}
