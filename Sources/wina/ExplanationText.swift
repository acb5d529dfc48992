import WinaDiagnostics
import WinaExecution
import WinaPipeline
import WinaPlan
import WinaSpec

/// An explanation in words, with the place in the spec where a changed value stands.
struct ExplanationText {
  private let explanation: Explanation
  private let task: PlannedTask
  private let spec: ExperimentSpec

  init(_ explanation: Explanation, task: PlannedTask, spec: ExperimentSpec) {
    self.explanation = explanation
    self.task = task
    self.spec = spec
  }

  var text: String {
    var lines = ["\(explanation.task): \(explanation.status.rawValue), \(explanation.reason)"]
    if let nearest = explanation.nearest {
      lines.append("nearest earlier record: \(nearest.taskName) (\(nearest.key.digest.short))")
    }
    for change in explanation.changes { lines.append("  " + describe(change, stage: task.stage)) }
    for cause in explanation.rootCauses {
      lines.append("root cause: \(cause.task), \(cause.affected) tasks rerun because of it")
      let stage = String(cause.task.prefix { !".[#".contains($0) })
      for change in cause.changes { lines.append("  " + describe(change, stage: stage)) }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func describe(_ change: KeyChange, stage: String) -> String {
    var text = "\(change.path): \(change.old ?? "absent") → \(change.new ?? "absent")"
    if let place = place(of: change.path, stage: stage) { text += " (\(place))" }
    return text
  }

  private func place(of path: String, stage: String) -> String? {
    guard let cell = spec.cells().first, let stage = spec.stage(stage, in: cell) else { return nil }
    var node = stage.node
    for key in path.split(separator: ".") {
      guard let next = node[String(key)] else { return nil }
      node = next
    }
    return node.range.description
  }
}
