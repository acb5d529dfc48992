import WinaEvaluation
import WinaPipeline

extension Wiring {
  /// Warns of tasks whose prompts name the label that clusters and routers are held against.
  var subjectWarning: PlanProblem? {
    guard !data.stripsDescriptions else { return nil }
    let naming = data.tasks.filter { name in
      guard let task = try? BenchmarkTask.named(name) else { return false }
      return task.withoutDescription != task
    }
    guard !naming.isEmpty else { return nil }
    return PlanProblem(
      "plan.subject-in-prompt", [],
      "prompts of \(naming.joined(separator: ", ")) name their subject, so groups and routes may be "
        + "read off that line alone",
      help: "add `strip_description: true` to `data`")
  }
}
