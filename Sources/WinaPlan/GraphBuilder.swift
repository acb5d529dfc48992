import WinaDiagnostics
import WinaPipeline
import WinaSpec

/// Builds the graph from the targets up, so that only what is asked for is planned.
///
/// Nodes are found by name once; their tasks, one for each shard, by position.
struct GraphBuilder {
  let options: PlanOptions
  let inventories: [IndexedInventory]
  let inventoryOfCell: [Int]
  let inventoryAxes: Set<String>
  var templates: TemplateTable
  var diagnostics: DiagnosticSet
  var tasks: [PlannedTask] = []
  private(set) var targets: [TaskID] = []
  private var targetSet: Set<TaskID> = []
  var byPlanKey: [PlanKey: TaskID] = [:]
  var lineages = LineageTable()
  var lineageOfTask: [Int] = []
  var nodes: [PlanNode] = []
  var nodeNumbers: [NodeKey: Int] = [:]
  var path: [Int] = []
  var usedStages: Set<String> = []

  /// How many tasks may need each other in a row; a bound on the depth of the recursion.
  static let maximumDepth = 200

  init(
    options: PlanOptions, templates: TemplateTable, inventories: [IndexedInventory],
    inventoryOfCell: [Int], diagnostics: DiagnosticSet
  ) {
    self.options = options
    self.templates = templates
    self.inventories = inventories
    self.inventoryOfCell = inventoryOfCell
    self.diagnostics = diagnostics
    inventoryAxes = Planner.inventoryAxes(of: templates.spec)
  }

  var spec: ExperimentSpec { templates.spec }

  /// Everything found, by the builder and by the stage types.
  var allDiagnostics: DiagnosticSet {
    var all = diagnostics
    all.insert(contentsOf: templates.diagnostics.sorted)
    return all
  }

  /// Plans every target in every cell.
  mutating func build() {
    for name in chosenTargets() {
      let spans = templates.resolved[0][name]?.prepared.spansCells == true
      for cell in spans ? [0] : Array(templates.cells.indices) { addTarget(name, cell: cell) }
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
    let kinds = names.filter { templates.resolved[0][$0]?.type.isTarget == true }
    return kinds.isEmpty ? names.filter { !templates.cones.isUsed($0) } : kinds
  }

  private mutating func addTarget(_ name: String, cell: Int) {
    guard let stage = templates.resolved[cell][name] else { return }
    let site = PlanSite(cell: cell)
    for template in templates.templates(of: stage, site: site, variant: Variant()) {
      let request = ArtifactRequest(name, item: template.item, .whole)
      guard let node = node(request, site, asker: nil) else { continue }
      switch template.fanOut {
      case .once: addTarget(plan(node, shard: nil))
      case .perShard(let split):
        for shard in shards(of: split, cell: cell, for: stage) {
          addTarget(plan(node, shard: shard))
        }
      }
    }
  }

  private mutating func addTarget(_ id: TaskID?) {
    guard let id, targetSet.insert(id).inserted else { return }
    targets.append(id)
  }

  /// Returns the shards of a split, saying so if there are none.
  mutating func shards(
    of split: Split, cell: Int, for stage: ResolvedStage
  ) -> [Int] {
    let inventory = inventories[inventoryOfCell[cell]]
    let shards = inventory.shards(of: split)
    if shards.isEmpty {
      let name = stage.spec.name
      diagnostics.insert(
        inventory.names.isEmpty && spec.data == nil
          ? PlanDiagnostics.noData(stage: name)
          : PlanDiagnostics.emptySplit(split.rawValue, stage: name))
    }
    return shards
  }

  private mutating func warnAboutUnused() {
    guard !allDiagnostics.hasErrors else { return }
    for stage in spec.stages where !usedStages.contains(stage.name.value) {
      diagnostics.insert(PlanDiagnostics.unusedStage(stage.name))
    }
  }
}
