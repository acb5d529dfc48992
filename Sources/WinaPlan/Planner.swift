import WinaDiagnostics
import WinaPipeline
import WinaSpec

/// What a plan depends on besides the spec and the stages.
public struct PlanOptions: Sendable {
  /// What may change the bits of a float result on another machine; named in keys of stages that
  /// declare it.
  public var numericsClass: String
  /// The stages to run, by name, instead of every target.
  public var only: [String]

  /// Makes options.
  public init(numericsClass: String, only: [String] = []) {
    self.numericsClass = numericsClass
    self.only = only
  }
}

/// A spec turned into a graph, or what is wrong with it.
public struct Plan: Sendable {
  /// The graph, or `nil` where there are errors.
  public let graph: TaskGraph?
  /// Errors and warnings in the order of the spec.
  public let diagnostics: [Diagnostic]
}

/// Compiles a spec into the graph of its tasks.
///
/// Pure: the plan is a function of the spec's text, the registry, the inventory and the options.
///
/// - Complexity: O(cells · stages + tasks · inputs), with stages that do not depend on a swept
///   value planned once.
public enum Planner {
  /// Checks parameters and wiring in every cell without needing the data.
  ///
  /// - Returns: Errors and warnings in the order of the spec.
  public static func validate(_ spec: ExperimentSpec, registry: StageRegistry) -> [Diagnostic] {
    let (templates, found) = resolve(spec, registry: registry)
    var diagnostics = found
    if let templates, !diagnostics.hasErrors {
      diagnostics.insert(contentsOf: templates.warnings.sorted)
    }
    return diagnostics.sorted
  }

  /// Plans a spec.
  ///
  /// - Parameters:
  ///   - spec: The experiment.
  ///   - registry: The stages there are.
  ///   - options: What else the keys depend on, and which stages are asked for.
  ///   - inventory: Returns the inventory for a cell restricted to ``inventoryAxes(of:)``.
  /// - Returns: The graph, or every error found.
  public static func plan(
    _ spec: ExperimentSpec, registry: StageRegistry, options: PlanOptions,
    inventory: (SweepCell) -> Inventory
  ) -> Plan {
    let (templates, diagnostics) = resolve(spec, registry: registry)
    guard let templates else {
      return Plan(graph: nil, diagnostics: diagnostics.sorted)
    }
    let axes = inventoryAxes(of: spec)
    var numbers: [SweepCell: Int] = [:]
    var inventories: [IndexedInventory] = []
    let inventoryOfCell = templates.cells.map { cell in
      let projected = cell.projected(onto: axes)
      if let known = numbers[projected] { return known }
      numbers[projected] = inventories.count
      inventories.append(IndexedInventory(inventory(projected)))
      return inventories.count - 1
    }
    var builder = GraphBuilder(
      options: options, templates: templates, inventories: inventories,
      inventoryOfCell: inventoryOfCell, diagnostics: diagnostics)
    builder.build()
    var found = builder.allDiagnostics
    if !found.hasErrors { found.insert(contentsOf: builder.templates.warnings.sorted) }
    return Plan(
      graph: found.hasErrors ? nil : TaskGraph(tasks: builder.tasks, targets: builder.targets),
      diagnostics: found.sorted)
  }

  /// Gives every stage in every cell its type, its parameters, its wiring and its templates.
  private static func resolve(
    _ spec: ExperimentSpec, registry: StageRegistry
  ) -> (templates: TemplateTable?, diagnostics: DiagnosticSet) {
    var resolver = StageResolver(registry: registry)
    let cells = spec.cells()
    let resolved = cells.map { resolver.resolve(spec.stages(in: $0)) }
    var diagnostics = resolver.diagnostics
    if spec.stages.isEmpty {
      diagnostics.insert(PlanDiagnostics.nothingToRun(spec.experiment.fallbackRange(spec)))
    }
    for stages in resolved {
      var cycles = StageCycles(stages)
      cycles.check(spec.stages.map(\.name.value))
      diagnostics.insert(contentsOf: cycles.diagnostics.sorted)
    }
    for stage in spec.stages {
      let spans = resolved.contains { $0[stage.name.value]?.prepared.spansCells == true }
      let axes = spans ? spec.axesUsed(by: stage) : []
      if !axes.isEmpty {
        diagnostics.insert(
          PlanDiagnostics.spanningVaries(stage: stage.name, axes: axes.sorted()))
      }
    }
    guard !diagnostics.hasErrors else { return (nil, diagnostics) }
    let cones = ConeIndex(spec: spec, resolved: resolved, inventoryAxes: inventoryAxes(of: spec))
    var templates = TemplateTable(spec: spec, cells: cells, resolved: resolved, cones: cones)
    templates.check()
    diagnostics.insert(contentsOf: templates.diagnostics.sorted)
    return (templates, diagnostics)
  }

  /// Returns the axes of the sweep that the model or the data vary on, each combination of which
  /// needs an inventory of its own.
  public static func inventoryAxes(of spec: ExperimentSpec) -> Set<String> {
    spec.axesUsedByModel().union(spec.axesUsedByData())
  }

  /// Returns the values on the axes of the sweep, cell by cell in the order of the spec.
  public static func assignments(of spec: ExperimentSpec) -> [[String: JSONValue]] {
    spec.cells().map { cell in
      Dictionary(
        cell.assignments.map { ($0.path, $0.value.json) }, uniquingKeysWith: { $1 })
    }
  }
}

extension Located where Value == String {
  fileprivate func fallbackRange(_ spec: ExperimentSpec) -> SourceRange {
    range ?? spec.source.wholeRange
  }
}
