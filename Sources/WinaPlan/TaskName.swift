import WinaPipeline

/// The name of a task without its shard, `stage.item[variant,var=value,…]`, each part where it
/// applies.
struct TaskName {
  var stage: String
  var item: String?
  var variant: String?
  var assignment: [String: JSONValue]
  /// The axes in the order of the spec; others follow, sorted.
  var order: [String]

  var text: String {
    var text = stage
    if let item { text += "." + item }
    let known = order.filter { assignment[$0] != nil }
    let others = assignment.keys.filter { !order.contains($0) }.sorted()
    var parts = variant.map { [$0] } ?? []
    parts += (known + others).map { path in
      "\(path)=\(TaskName.display(assignment[path] ?? .null))"
    }
    if !parts.isEmpty { text += "[" + parts.joined(separator: ",") + "]" }
    return text
  }

  private static func display(_ value: JSONValue) -> String {
    if case .string(let text) = value { text } else { value.canonicalText }
  }
}
