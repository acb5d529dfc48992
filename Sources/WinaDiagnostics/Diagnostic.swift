/// Something to tell the user about a text: a fact, its place and what to do about it.
///
/// - Invariant: `message` is lower case without a full stop and puts user text in 'single quotes';
///   `help`, where there is one, names an action.
public struct Diagnostic: Error, Hashable, Sendable {
  /// How bad it is.
  public enum Severity: String, Hashable, Sendable, CaseIterable {
    /// The text cannot be used.
    case error
    /// The text can be used, but probably does not say what its author meant.
    case warning
    /// A remark.
    case note
  }

  /// A further place that belongs to a diagnostic.
  public struct Note: Hashable, Sendable {
    /// What is to be seen there.
    public var message: String

    /// The place, if there is one.
    public var range: SourceRange?

    /// Makes a note about a place.
    public init(_ message: String, at range: SourceRange? = nil) {
      self.message = message
      self.range = range
    }
  }

  /// The stable name, such as `spec.unknown-key`.
  public var id: String

  /// How bad it is.
  public var severity: Severity

  /// The fact.
  public var message: String

  /// Where the fact is to be seen.
  public var range: SourceRange?

  /// What to do about it.
  public var help: String?

  /// Further places.
  public var notes: [Note]

  /// Keys from the value under validation down to the fault, for code that knows no ranges.
  ///
  /// `Stage.validate` throws a diagnostic with `path: ["sparsity"]`; whoever holds the source turns
  /// the path into a range.
  public var path: [String]

  /// Makes a diagnostic; most callers use a named factory instead, so that wording stays together.
  public init(
    id: String, severity: Severity = .error, _ message: String, at range: SourceRange? = nil,
    help: String? = nil, notes: [Note] = [], path: [String] = []
  ) {
    self.id = id
    self.severity = severity
    self.message = message
    self.range = range
    self.help = help
    self.notes = notes
    self.path = path
  }
}

extension Diagnostic: CustomStringConvertible {
  public var description: String {
    let place = range.map { "\($0): " } ?? ""
    let advice = help.map { " (\($0))" } ?? ""
    return "\(place)\(severity.rawValue): \(message)\(advice)"
  }
}

/// The faults that make a text unusable, all found in one go.
public struct SpecError: Error, Hashable, Sendable {
  /// At least one error, and whatever else was noticed, in order of place.
  public var diagnostics: [Diagnostic]

  /// Bundles diagnostics for throwing.
  public init(_ diagnostics: [Diagnostic]) {
    self.diagnostics = diagnostics
  }
}

extension SpecError: CustomStringConvertible {
  public var description: String {
    diagnostics.map(\.description).joined(separator: "\n")
  }
}
