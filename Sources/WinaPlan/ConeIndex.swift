import WinaDiagnostics
import WinaPipeline
import WinaSpec

/// What each stage may depend on, judged from the text: a safe overestimate that tells which cells
/// can share a task without planning it twice.
struct ConeIndex {
  /// What a task may depend on.
  struct Scope {
    /// The stages that it may depend on, its own included.
    var stages: Set<String>
    /// The axes of the sweep that these stages, the model or the data use.
    var axes: Set<String>
  }

  private var scopes: [String: Scope] = [:]
  private var own: [String: Set<String>] = [:]
  private var used: Set<String> = []

  /// Judges the stages as they are in every cell.
  init(spec: ExperimentSpec, resolved: [[String: ResolvedStage]], inventoryAxes: Set<String>) {
    let names = Set(spec.stages.map(\.name.value))
    var edges: [String: Set<String>] = [:]
    var seen: [String: Set<YAMLNode>] = [:]
    for cell in resolved {
      for (name, stage) in cell where seen[name, default: []].insert(stage.spec.node).inserted {
        stage.spec.node.forEachText { text in
          if text != name, names.contains(text) { edges[name, default: []].insert(text) }
        }
        edges[name, default: []].formUnion(stage.inputs.values.joined())
      }
    }
    for stage in spec.stages { own[stage.name.value] = spec.axesUsed(by: stage) }
    for (name, others) in edges { used.formUnion(others.subtracting([name])) }
    for name in names {
      var cone: Set<String> = []
      var pending = [name]
      while let next = pending.popLast() {
        if cone.insert(next).inserted { pending += edges[next] ?? [] }
      }
      let axes = cone.reduce(into: inventoryAxes) { $0.formUnion(own[$1] ?? []) }
      scopes[name] = Scope(stages: cone, axes: axes)
    }
  }

  /// Returns what a task of a stage may depend on, given how a consumer varies it.
  func scope(of stage: String, _ variant: Variant) -> Scope {
    var scope = scopes[stage] ?? Scope(stages: [stage], axes: [])
    for value in variant.params.values { add(value, to: &scope) }
    for case .artifacts(let requests) in variant.inputs.values {
      for request in requests {
        let more = self.scope(of: request.stage, request.variant)
        scope.stages.formUnion(more.stages)
        scope.axes.formUnion(more.axes)
      }
    }
    return scope
  }

  private func add(_ value: JSONValue, to scope: inout Scope) {
    switch value {
    case .string(let name):
      guard let more = scopes[name] else { return }
      scope.stages.formUnion(more.stages)
      scope.axes.formUnion(more.axes)
    case .array(let elements): for element in elements { add(element, to: &scope) }
    case .object(let members): for member in members.values { add(member, to: &scope) }
    case .null, .bool, .int, .double: break
    }
  }

  /// The axes that a stage's own parameters use.
  func ownAxes(of stage: String) -> Set<String> { own[stage] ?? [] }

  /// Whether another stage mentions this one.
  func isUsed(_ stage: String) -> Bool { used.contains(stage) }
}
