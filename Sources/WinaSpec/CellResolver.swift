import WinaDiagnostics

/// Replaces references by the values that vars have in one cell.
struct CellResolver {
  private var values: [String: YAMLNode] = [:]

  /// Resolves the vars of a cell.
  ///
  /// - Parameters:
  ///   - vars: The vars as written.
  ///   - order: The names of the vars, each after those it refers to.
  ///   - assigned: Values that replace those written; resolved like them if `isRaw`.
  init(
    vars: [YAMLMapping.Entry], order: [String], assigned: [String: YAMLNode], isRaw: Bool = false
  ) {
    let written = Dictionary(vars.map { ($0.key.value, $0.value) }) { $1 }
    for name in order {
      if let value = assigned[name] {
        values[name] = isRaw ? resolve(value) : value
      } else if let value = written[name] {
        values[name] = resolve(value)
      }
    }
  }

  /// Returns the value of a var.
  subscript(name: String) -> YAMLNode? { values[name] }

  /// Returns a value with its references replaced; what names no var stays as it is.
  func resolve(_ node: YAMLNode) -> YAMLNode { changed(node) ?? node }

  /// Returns the resolved value, or `nil` if the value holds no reference.
  private func changed(_ node: YAMLNode) -> YAMLNode? {
    switch node.content {
    case .scalar(let scalar): return Template(node).map { filled($0, node, scalar) }
    case .sequence(var elements):
      var isChanged = false
      for index in elements.indices {
        guard let value = changed(elements[index]) else { continue }
        elements[index] = value
        isChanged = true
      }
      return isChanged ? YAMLNode(.sequence(elements), at: node.range, via: node.via) : nil
    case .mapping(let mapping):
      var entries = mapping.entries
      var isChanged = false
      for index in entries.indices {
        guard let value = changed(entries[index].value) else { continue }
        entries[index].value = value
        isChanged = true
      }
      let content = YAMLNode.Content.mapping(YAMLMapping(distinct: entries))
      return isChanged ? YAMLNode(content, at: node.range, via: node.via) : nil
    }
  }

  private func filled(_ template: Template, _ node: YAMLNode, _ scalar: YAMLScalar) -> YAMLNode {
    if let name = template.whole, var value = values[name.value] {
      let via = (name.range.map { [$0] } ?? []) + value.via
      value.via = Array(via.prefix(YAMLNode.maximumVia))
      return value
    }
    var text = ""
    for part in template.parts {
      switch part {
      case .text(let literal): text += literal
      case .reference(let name):
        text += values[name.value]?.inlineDescription ?? "${\(name.value)}"
      }
    }
    let filled = YAMLScalar(text: text, style: scalar.style, value: .string(text))
    return YAMLNode(.scalar(filled), at: node.range, via: node.via)
  }
}
