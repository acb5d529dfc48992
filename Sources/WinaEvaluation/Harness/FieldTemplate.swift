/// Text with the fields of a record in braces, such as `Question: {question|strip}\nAnswer:`.
///
/// A field is a path: names separated by dots, `[0]` for an element. `{{` and `}}` are braces. After
/// `|` stand changes of the text, applied in order: `strip`, `lower`, `capitalize` (as Python's) and
/// `spaces`, which makes underscores spaces.
public struct FieldTemplate: Sendable, Hashable {
  /// What is wrong with a template, and where.
  public struct Problem: Error, Sendable, Hashable {
    /// The fact.
    public var message: String
    /// The Unicode scalars before the place.
    public var offset: Int
  }

  private enum Part: Sendable, Hashable {
    case text(String)
    case field(FieldPath, [Change])
  }

  private enum Change: String, Sendable, Hashable, CaseIterable {
    case strip, lower, capitalize, spaces

    func callAsFunction(_ text: String) -> String {
      switch self {
      case .strip: PythonText.strip(text)
      case .lower: text.lowercased()
      case .capitalize: PythonText.capitalized(text)
      case .spaces: PythonText.replacing(text, "_", with: " ")
      }
    }
  }

  private let parts: [Part]

  /// Reads a template.
  ///
  /// - Throws: ``Problem`` for a brace without its partner, a path that is none, and an unknown
  ///   change.
  public init(_ text: String) throws(Problem) {
    let scalars = Array(text.unicodeScalars)
    var parts: [Part] = []
    var literal = String.UnicodeScalarView()
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      if scalar == "{" || scalar == "}", index + 1 < scalars.count, scalars[index + 1] == scalar {
        literal.append(scalar)
        index += 2
      } else if scalar == "{" {
        guard let end = scalars[index...].firstIndex(of: "}") else {
          throw Problem(message: "'{' has no '}'", offset: index)
        }
        if !literal.isEmpty { parts.append(.text(String(literal))) }
        literal = String.UnicodeScalarView()
        parts.append(try FieldTemplate.field(scalars[(index + 1)..<end], at: index))
        index = end + 1
      } else if scalar == "}" {
        throw Problem(message: "'}' has no '{'; write '}}' for a brace", offset: index)
      } else {
        literal.append(scalar)
        index += 1
      }
    }
    if !literal.isEmpty { parts.append(.text(String(literal))) }
    self.parts = parts
  }

  private static func field(
    _ scalars: ArraySlice<Unicode.Scalar>, at offset: Int
  ) throws(Problem) -> Part {
    let pieces = scalars.split(separator: "|", omittingEmptySubsequences: false).map {
      PythonText.strip(String(String.UnicodeScalarView($0)))
    }
    guard let path = FieldPath(pieces[0]) else {
      throw Problem(message: "'\(pieces[0])' is not the path of a field", offset: offset)
    }
    var changes: [Change] = []
    for name in pieces.dropFirst() {
      guard let change = Change(rawValue: name) else {
        let known = Change.allCases.map(\.rawValue).joined(separator: ", ")
        throw Problem(message: "there is no '\(name)'; there are \(known)", offset: offset)
      }
      changes.append(change)
    }
    return .field(path, changes)
  }

  /// Returns the text for a record.
  ///
  /// - Throws: ``EvaluationError`` that names the missing field.
  func text(_ fields: DocumentFields) throws(EvaluationError) -> String {
    var text = ""
    for part in parts {
      switch part {
      case .text(let literal): text += literal
      case .field(let path, let changes):
        text += changes.reduce(try fields.value(path).pythonText) { $1($0) }
      }
    }
    return text
  }

  /// Returns the value of the one field that the template is, or its text.
  func value(_ fields: DocumentFields) throws(EvaluationError) -> OrderedJSON {
    if parts.count == 1, case .field(let path, let changes) = parts[0], changes.isEmpty {
      return try fields.value(path)
    }
    return .string(try text(fields))
  }
}

/// The way to a value in a record: names and positions.
public struct FieldPath: Sendable, Hashable, CustomStringConvertible {
  enum Step: Sendable, Hashable {
    case member(String)
    case element(Int)
  }

  let steps: [Step]
  /// The path as it was written.
  public let description: String

  /// Reads a path such as `choices.text[0]`; `nil` if it is none.
  public init?(_ text: String) {
    var steps: [Step] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
      guard let name = pieces.first, !name.isEmpty,
        name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == " " })
      else { return nil }
      steps.append(.member(String(name)))
      for piece in pieces.dropFirst() {
        guard piece.hasSuffix("]"), let index = Int(piece.dropLast()), index >= 0 else {
          return nil
        }
        steps.append(.element(index))
      }
    }
    self.steps = steps
    description = text
  }
}

/// A record whose fields are read by path, with errors that say which task, file and line.
struct DocumentFields {
  let task: String
  let origin: RecordOrigin
  let doc: OrderedJSON

  func value(_ path: FieldPath) throws(EvaluationError) -> OrderedJSON {
    var value = doc
    for step in path.steps {
      let next: OrderedJSON?
      switch step {
      case .member(let name): next = value[name]
      case .element(let index):
        next = value.array.flatMap { $0.indices.contains(index) ? $0[index] : nil }
      }
      guard let next, next != .null else {
        throw .missingField(task, origin, key: path.description)
      }
      value = next
    }
    return value
  }

  func texts(_ path: FieldPath) throws(EvaluationError) -> [String] {
    guard let elements = try value(path).array else {
      throw wrong(path.description, "must be a list")
    }
    return elements.map(\.pythonText)
  }

  func wrong(_ key: String, _ problem: String) -> EvaluationError {
    .wrongField(task, origin, key: key, problem: problem)
  }
}
