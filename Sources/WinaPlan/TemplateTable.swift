import WinaDiagnostics
import WinaPipeline
import WinaSpec

/// The templates of every stage in every cell, made once for all cells that cannot differ.
struct TemplateTable {
  let spec: ExperimentSpec
  let cells: [SweepCell]
  let resolved: [[String: ResolvedStage]]
  let planCells: [PlanCell]
  let cones: ConeIndex
  /// What the stage types found wrong.
  var diagnostics = DiagnosticSet()
  /// What the stage types warn of, which is worth reading once nothing is wrong.
  private(set) var warnings = DiagnosticSet()
  private let dataAxes: Set<String>
  private var memo: [Key: [AnyTemplate]] = [:]
  private var wired: [Int: [String: WiredStage]] = [:]
  private var data: [SweepCell: DataSpec?] = [:]

  private struct Key: Hashable {
    var stage: String
    var cell: SweepCell
    var changes: [String: JSONValue]
  }

  init(
    spec: ExperimentSpec, cells: [SweepCell], resolved: [[String: ResolvedStage]], cones: ConeIndex
  ) {
    self.spec = spec
    self.cells = cells
    self.resolved = resolved
    self.cones = cones
    dataAxes = spec.axesUsedByData()
    planCells = cells.enumerated().map { index, cell in
      PlanCell(
        index: index,
        assignment: Dictionary(
          cell.assignments.map { ($0.path, $0.value.json) }, uniquingKeysWith: { $1 }))
    }
  }

  /// Asks every stage in every cell for its templates, for the sake of ``diagnostics``.
  mutating func check() {
    for cell in cells.indices {
      for stage in spec.stages {
        guard let stage = resolved[cell][stage.name.value] else { continue }
        _ = templates(of: stage, site: PlanSite(cell: cell), variant: Variant())
      }
    }
  }

  /// Returns the templates of a stage, with the parameters that a variant or a control sets.
  mutating func templates(
    of stage: ResolvedStage, site: PlanSite, variant: Variant
  ) -> [AnyTemplate] {
    let name = stage.spec.name.value
    let cell = stage.prepared.spansCells ? 0 : site.cell
    var changes = variant.params
    for (path, value) in site.overrides where path.hasPrefix(name + ".") {
      changes[String(path.dropFirst(name.utf8.count + 1))] = value
    }
    let axes = cones.scope(of: name, variant).axes
    let key = Key(stage: name, cell: cells[cell].projected(onto: axes), changes: changes)
    if let known = memo[key] { return known }
    var templates: [AnyTemplate] = []
    if let prepared = prepared(stage, changes) {
      do {
        let wiring = wiring(of: stage, prepared.params, cell: cell)
        templates = try prepared.templates(wiring)
        if changes.isEmpty {
          for warning in prepared.warnings(wiring) {
            var diagnostic = diagnostic(warning, stage: stage, cell: cell)
            diagnostic.severity = .warning
            warnings.insert(diagnostic)
          }
        }
      } catch {
        diagnostics.insert(diagnostic(error, stage: stage, cell: cell))
      }
    }
    memo[key] = templates
    return templates
  }

  private mutating func prepared(
    _ stage: ResolvedStage, _ changes: [String: JSONValue]
  ) -> PreparedStage? {
    guard !changes.isEmpty, case .object(let members) = stage.prepared.params else {
      return stage.prepared
    }
    do {
      let prepared = try stage.type.prepare(
        JSONParamsSource(value: .object(members.merging(changes) { $1 })))
      for problem in prepared.problems {
        diagnostics.insert(PlanDiagnostics.located(problem, id: "plan.parameter", in: stage.spec))
      }
      return prepared.problems.isEmpty ? prepared : nil
    } catch {
      diagnostics.insert(
        PlanDiagnostics.cannotVary(stage.spec.name, JSONValue.object(changes), because: "\(error)"))
      return nil
    }
  }

  private mutating func wiring(
    of stage: ResolvedStage, _ params: JSONValue, cell: Int
  ) -> Wiring {
    let all = stage.prepared.spansCells ? cells.indices.map { surroundings(in: $0) } : []
    let settings = data(in: cell)
    var own = stage.wired
    own.params = params
    return Wiring(
      stage: own, stages: wiredStages(in: cell), cells: planCells, surroundings: all,
      isDocuments: TemplateTable.isDocuments(settings), data: TemplateTable.settings(of: settings))
  }

  private mutating func surroundings(in cell: Int) -> Wiring.Surroundings {
    let settings = data(in: cell)
    return Wiring.Surroundings(
      stages: wiredStages(in: cell), isDocuments: TemplateTable.isDocuments(settings),
      data: TemplateTable.settings(of: settings))
  }

  private mutating func data(in cell: Int) -> DataSpec? {
    let projected = cells[cell].projected(onto: dataAxes)
    if let known = data[projected] { return known }
    let settings = spec.data(in: projected)
    data[projected] = .some(settings)
    return settings
  }

  private static func isDocuments(_ settings: DataSpec?) -> Bool {
    if case .documents = settings?.source { true } else { false }
  }

  private mutating func wiredStages(in cell: Int) -> [String: WiredStage] {
    if let known = wired[cell] { return known }
    let stages = resolved[cell].mapValues(\.wired)
    wired[cell] = stages
    return stages
  }

  private static func settings(of data: DataSpec?) -> DataSettings {
    var settings = DataSettings()
    if let tokens = data?.routeTokens?.value { settings.routeTokens = tokens }
    if case .tasks(let tasks, _)? = data?.source { settings.tasks = tasks.map(\.value) }
    settings.stripsDescriptions = data?.stripDescription?.value ?? false
    return settings
  }

  private func diagnostic(
    _ problem: PlanProblem, stage: ResolvedStage, cell: Int
  ) -> Diagnostic {
    var diagnostic = PlanDiagnostics.located(problem.problem, id: problem.id, in: stage.spec)
    if let related = problem.related, let other = resolved[cell][related.stage] {
      let place = PlanDiagnostics.located(
        ParameterProblem(related.path, related.message), id: problem.id, in: other.spec)
      diagnostic.notes.append(.init(related.message, at: place.range))
    }
    return diagnostic
  }
}
