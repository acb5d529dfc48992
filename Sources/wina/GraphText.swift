import WinaPipeline
import WinaPlan

/// A task graph in the languages of drawing programs.
struct GraphText {
  private let graph: TaskGraph

  init(_ graph: TaskGraph) { self.graph = graph }

  /// Graphviz.
  var dot: String {
    var lines = ["digraph wina {", "  rankdir=LR;", "  node [shape=box];"]
    for task in graph.tasks {
      lines.append("  t\(task.id.index) [label=\"\(escaped(task.name))\"];")
      for dependency in task.dependencies {
        lines.append("  t\(dependency.index) -> t\(task.id.index);")
      }
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  /// Mermaid.
  var mermaid: String {
    var lines = ["flowchart LR"]
    for task in graph.tasks {
      lines.append("  t\(task.id.index)[\"\(task.name.replacing("\"", with: "#quot;"))\"]")
      for dependency in task.dependencies {
        lines.append("  t\(dependency.index) --> t\(task.id.index)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// One JSON object a line, a task each.
  var json: String {
    graph.tasks.map { task in
      JSONValue.object([
        "type": .string("task"), "name": .string(task.name), "kind": .string(task.kind),
        "plan_key": .string(task.planKey.digest.hex), "params": task.params,
        "depends_on": .array(task.dependencies.map { .string(graph[$0].name) }),
        "target": .bool(graph.targets.contains(task.id)),
      ]).canonicalText + "\n"
    }.joined()
  }

  private func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }
}
