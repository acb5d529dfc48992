extension SuiteItem {
  /// The item as one line of JSON with its keys in a fixed order, the same bytes everywhere.
  public var line: String {
    let answers = choices.map(SuiteItem.quoted).joined(separator: ", ")
    return """
      {"id": \(SuiteItem.quoted(id)), "split": "\(split.rawValue)", "level": \(level), \
      "query": \(SuiteItem.quoted(query)), "choices": [\(answers)], "gold": \(gold), \
      "state": \(SuiteItem.quoted(state))}

      """
  }

  /// Items are printable ASCII and newlines; what JSON wants escaped among them is escaped.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
