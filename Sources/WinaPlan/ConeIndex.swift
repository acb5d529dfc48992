import WinaDiagnostics
import WinaPipeline
import WinaSpec

/// What each stage may depend on, judged from the text: a safe overestimate that tells which cells
/// can share a task without planning it twice.
struct ConeIndex {
  private var cones: [String: Set<String>] = [:]
  private var own: [String: Set<String>] = [:]
  private var all: [String: Set<String>] = [:]
  private let used: Set<String>

  init(spec: ExperimentSpec, resolved: [String: ResolvedStage], inventoryAxes: Set<String>) {
    let names = Set(spec.stages.map(\.name.value))
    var edges: [String: Set<String>] = [:]
    // A reference may hide in a variable, so a stage that uses any may mean what any holds.
    let hidden = Set(
      spec.vars.flatMap(\.value.scalarTexts)
        + spec.axes.flatMap { $0.values.flatMap(\.scalarTexts) })
    for stage in spec.stages {
      let name = stage.name.value
      var texts = Set(stage.node.scalarTexts)
      if texts.contains(where: { $0.contains("${") }) { texts.formUnion(hidden) }
      let mentioned = texts.intersection(names)
      let wired = resolved[name].map { Array($0.inputs.values.joined()) } ?? []
      edges[name] = mentioned.union(wired).subtracting([name])
      own[name] = spec.axesUsed(by: stage)
    }
    used = Set(edges.values.joined())
    for name in names {
      var cone: Set<String> = []
      var pending = [name]
      while let next = pending.popLast() {
        if cone.insert(next).inserted { pending += edges[next] ?? [] }
      }
      cones[name] = cone
    }
    for name in names {
      all[name] = (cones[name] ?? []).reduce(into: inventoryAxes) { axes, member in
        axes.formUnion(own[member] ?? [])
      }
    }
  }

  /// The stages that a stage may depend on, itself included.
  func cone(of stage: String) -> Set<String> { cones[stage] ?? [] }

  /// The axes that a stage's own parameters use.
  func ownAxes(of stage: String) -> Set<String> { own[stage] ?? [] }

  /// The axes that a stage or anything upstream may use.
  func axes(of stage: String) -> Set<String> { all[stage] ?? [] }

  /// Whether another stage mentions this one.
  func isUsed(_ stage: String) -> Bool { used.contains(stage) }
}
