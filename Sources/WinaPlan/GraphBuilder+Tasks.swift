import WinaDiagnostics
import WinaPipeline
import WinaSpec

// What nodes are for a shard.
extension GraphBuilder {
  /// Plans one task and everything upstream of it; `nil` where something is wrong.
  mutating func plan(_ number: Int, shard: Int?) -> TaskID? {
    let slot = nodes[number].isPerShard ? (shard ?? -1) + 1 : 0
    switch nodes[number].slots[slot] {
    case .planned(let id): return id
    case .impossible: return nil
    case .open:
      let start = path.firstIndex(of: number) ?? 0
      diagnostics.insert(PlanDiagnostics.cycle(path[start...].map { nodes[$0].stage.spec.name }))
      return nil
    case .untouched: break
    }
    guard path.count < GraphBuilder.maximumDepth else {
      diagnostics.insert(
        PlanDiagnostics.tooDeep(
          stage: nodes[number].stage.spec.name, limit: GraphBuilder.maximumDepth))
      return nil
    }
    nodes[number].slots[slot] = .open
    path.append(number)
    let id = realise(number, shard)
    path.removeLast()
    nodes[number].slots[slot] = id.map { .planned($0) } ?? .impossible
    return id
  }

  private mutating func realise(_ number: Int, _ shard: Int?) -> TaskID? {
    if nodes[number].ports == nil, !bind(number) { return nil }
    let ports = nodes[number].ports ?? []
    let inventory = inventoryOfCell[nodes[number].site.cell]
    var inputs: [PlannedInput] = []
    inputs.reserveCapacity(ports.count)
    var isComplete = true
    for port in ports {
      switch port.source {
      case .leaves(let leaves): inputs.append(PlannedInput(port: port.name, sources: leaves))
      case .records:
        guard let shard else { return nil }
        let leaf = inventories[inventory].inventory.shards[shard].records
        inputs.append(PlannedInput(port: port.name, sources: [.leaf(leaf)]))
      case .artifacts(let children):
        var sources: [InputSource] = []
        for child in children {
          if !add(child, shard, to: &sources) { isComplete = false }
        }
        inputs.append(PlannedInput(port: port.name, sources: sources))
      }
    }
    return isComplete ? insert(number, shard, inputs) : nil
  }

  private mutating func add(
    _ child: BoundPort.Child, _ shard: Int?, to sources: inout [InputSource]
  ) -> Bool {
    switch child.scope {
    case .whole, .sameShard:
      guard let id = plan(child.node, shard: child.scope == .whole ? nil : shard) else {
        return false
      }
      sources.append(.task(id))
      return true
    case .split:
      var isComplete = true
      sources.reserveCapacity(sources.count + child.shards.count)
      for shard in child.shards {
        if let id = plan(child.node, shard: shard) {
          sources.append(.task(id))
        } else {
          isComplete = false
        }
      }
      return isComplete
    }
  }

  /// Adds a task unless one with the same plan key is there already.
  private mutating func insert(
    _ number: Int, _ shard: Int?, _ inputs: [PlannedInput]
  ) -> TaskID {
    let planKey = planKey(number, inputs)
    if let known = byPlanKey[planKey] { return known }
    let node = nodes[number]
    let shard = node.isPerShard ? shard : nil
    let inventory = inventories[inventoryOfCell[node.site.cell]]
    let split = shard.map { inventory.inventory.shards[$0].split }
    let lineage = lineage(number, split, inputs)
    let id = TaskID(tasks.count)
    let shardName = shard.map { inventory.names[$0] }
    let stem = stem(number, lineage)
    tasks.append(
      PlannedTask(
        id: id, name: shardName.map { stem + "#" + $0 } ?? stem, stage: node.stage.spec.name.value,
        item: node.template.item, kind: node.stage.type.kind, params: node.template.params,
        inputs: inputs, format: node.stage.type.outputFormat, resources: node.template.resources,
        planKey: planKey, version: node.stage.type.version,
        numericsClass: numericsClass(of: node.stage),
        assignment: lineages[lineage].assignment, shard: shardName,
        isLeaky: lineages[lineage].isLeaky))
    lineageOfTask.append(lineage)
    byPlanKey[planKey] = id
    return id
  }

  private func planKey(_ number: Int, _ inputs: [PlannedInput]) -> PlanKey {
    var key = nodes[number].key
    for index in nodes[number].keyOrder {
      let sources = inputs[index].sources
      key.append(port: inputs[index].port, count: sources.count)
      for source in sources {
        switch source {
        case .task(let id): key.append(tasks[id.index].planKey.digest)
        case .leaf(let leaf): key.append(leaf.digest)
        }
      }
    }
    return PlanKey(digest: key.digest)
  }

  /// Returns what a task has behind it, which most tasks of a node share.
  private mutating func lineage(
    _ number: Int, _ split: Split?, _ inputs: [PlannedInput]
  ) -> Int {
    var all: [Int] = []
    for input in inputs {
      for case .task(let id) in input.sources { all.append(lineageOfTask[id.index]) }
    }
    let upstream = lineages.distinct(all)
    let key = PlanNode.LineageKey(split: split, upstream: upstream)
    if let known = nodes[number].lineages[key] { return known }
    let stage = nodes[number].stage
    var lineage = Lineage(assignment: nodes[number].assignment)
    for other in upstream {
      lineage.merge(lineages[other], withAssignment: !stage.prepared.spansCells)
    }
    let leak = lineage.use(by: stage, split: split, stages: spec.stages.map(\.name))
    if let leak, !spec.leaky { diagnostics.insert(leak) }
    let result = lineages.number(of: lineage)
    nodes[number].lineages[key] = result
    return result
  }

  private mutating func stem(_ number: Int, _ lineage: Int) -> String {
    if let known = nodes[number].stems[lineage] { return known }
    let node = nodes[number]
    let stem = TaskName(
      stage: node.stage.spec.name.value, item: node.template.item, variant: node.variant.label,
      assignment: lineages[lineage].assignment, order: spec.axes.map(\.path.value)
    ).text
    nodes[number].stems[lineage] = stem
    return stem
  }
}
