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
    var resolver = StageResolver(registry: registry)
    for cell in spec.cells() { _ = resolver.resolve(spec.stages(in: cell)) }
    if spec.stages.isEmpty {
      resolver.diagnostics.insert(PlanDiagnostics.nothingToRun(spec.experiment.fallbackRange(spec)))
    }
    return resolver.diagnostics.sorted
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
    var resolver = StageResolver(registry: registry)
    let cells = spec.cells()
    let resolved = cells.map { resolver.resolve(spec.stages(in: $0)) }
    if spec.stages.isEmpty {
      resolver.diagnostics.insert(PlanDiagnostics.nothingToRun(spec.experiment.fallbackRange(spec)))
    }
    guard !resolver.diagnostics.hasErrors else {
      return Plan(graph: nil, diagnostics: resolver.diagnostics.sorted)
    }
    let axes = inventoryAxes(of: spec)
    var inventories: [SweepCell: Inventory] = [:]
    for cell in cells {
      let projected = cell.projected(onto: axes)
      if inventories[projected] == nil { inventories[projected] = inventory(projected) }
    }
    var builder = GraphBuilder(
      spec: spec, registry: registry, options: options, cells: cells, resolved: resolved,
      inventories: inventories, diagnostics: resolver.diagnostics)
    builder.build()
    let diagnostics = builder.diagnostics.sorted
    guard !builder.diagnostics.hasErrors else { return Plan(graph: nil, diagnostics: diagnostics) }
    return Plan(
      graph: TaskGraph(tasks: builder.tasks, targets: builder.targets), diagnostics: diagnostics)
  }

  /// Returns the axes of the sweep that the model or the data vary on, each combination of which
  /// needs an inventory of its own.
  public static func inventoryAxes(of spec: ExperimentSpec) -> Set<String> {
    spec.axesUsedByModel().union(spec.axesUsedByData())
  }
}

extension Located where Value == String {
  fileprivate func fallbackRange(_ spec: ExperimentSpec) -> SourceRange {
    range ?? spec.source.wholeRange
  }
}
