import WinaDiagnostics
import WinaSpec

/// Finds stages that take each other's artifacts in a circle, as the spec wires them.
struct StageCycles {
  private let stages: [String: ResolvedStage]
  private var state: [String: Bool] = [:]
  private var path: [String] = []
  private(set) var diagnostics = DiagnosticSet()

  init(_ stages: [String: ResolvedStage]) { self.stages = stages }

  /// Reports one circle for every edge that closes one.
  mutating func check(_ names: [String]) {
    for name in names { visit(name) }
  }

  private mutating func visit(_ start: String) {
    guard state[start] == nil else { return }
    var pending: [(name: String, inputs: [String])] = []
    enter(start, &pending)
    while let (name, inputs) = pending.last {
      guard let next = inputs.last else {
        pending.removeLast()
        path.removeLast()
        state[name] = true
        continue
      }
      pending[pending.count - 1].inputs.removeLast()
      switch state[next] {
      case nil: enter(next, &pending)
      case true?: break
      case false?: report(closing: next)
      }
    }
  }

  private mutating func enter(
    _ name: String, _ pending: inout [(name: String, inputs: [String])]
  ) {
    state[name] = false
    path.append(name)
    let inputs = stages[name]?.inputs.sorted { $0.key < $1.key }.flatMap(\.value) ?? []
    pending.append((name, inputs.reversed()))
  }

  private mutating func report(closing name: String) {
    let start = path.firstIndex(of: name) ?? 0
    diagnostics.insert(
      PlanDiagnostics.cycle(path[start...].compactMap { stages[$0]?.spec.name }))
  }
}
