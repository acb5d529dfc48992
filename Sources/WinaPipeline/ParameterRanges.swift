extension Parameter {
  /// Returns what lies outside of the range that the parameter is described with, at any depth.
  ///
  /// Values of another type than described are not looked at: decoding speaks of them.
  ///
  /// - Parameter values: The parameters of a stage as the spec has them.
  public func rangeProblems(in values: JSONValue) -> [ParameterProblem] {
    guard case .object(let members) = values, let value = members[name] else { return [] }
    return Self.problems(of: value, kind, at: [name])
  }

  private static func problems(
    of value: JSONValue, _ kind: Kind, at path: [String]
  ) -> [ParameterProblem] {
    switch (kind, value) {
    case (.integer(let range), .int(let number)) where !range.contains(number):
      return [problem(path, value, text(of: range))]
    case (.number(let from, let below), _):
      let number: Double
      switch value {
      case .int(let value): number = Double(value)
      case .double(let value): number = value
      default: return []
      }
      guard !(number >= from && number < below) else { return [] }
      return [problem(path, value, "a number from \(text(from)) to below \(text(below))")]
    case (.list(let kind), .array(let elements)):
      return elements.enumerated().flatMap { index, element in
        problems(of: element, kind, at: path + [String(index)])
      }
    case (.map(let kind), .object(let members)):
      return members.sorted { $0.key < $1.key }.flatMap {
        problems(of: $0.value, kind, at: path + [$0.key])
      }
    case (.record(let parameters), .object(let members)):
      return parameters.flatMap { parameter in
        members[parameter.name].map {
          problems(of: $0, parameter.kind, at: path + [parameter.name])
        } ?? []
      }
    default: return []
    }
  }

  private static func problem(
    _ path: [String], _ value: JSONValue, _ expected: String
  ) -> ParameterProblem {
    let name = path.last(where: { Int($0) == nil }) ?? ""
    return ParameterProblem(
      path, "'\(name)' is \(value.canonicalText), out of range", help: "write \(expected)")
  }

  private static func text(of range: ClosedRange<Int>) -> String {
    range.upperBound == .max
      ? "an integer from \(range.lowerBound)"
      : "an integer from \(range.lowerBound) to \(range.upperBound)"
  }

  private static func text(_ number: Double) -> String {
    JSONValue.double((number * 1e6).rounded() / 1e6).canonicalText
  }
}
