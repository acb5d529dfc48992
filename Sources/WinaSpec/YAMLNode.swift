public import WinaDiagnostics

/// A value of a YAML document, resolved by the 1.2 core schema, with the place where it is written.
///
/// A node that was reached through an alias, a merge key, `extends` or `${…}` keeps the place where
/// its text stands; ``via`` lists the `${…}` through which it came.
///
/// Two nodes are equal if their values are: places, scalar styles and the order of keys do not count.
public struct YAMLNode: Sendable {
  /// What a node holds.
  public enum Content: Hashable, Sendable {
    /// A single value.
    case scalar(YAMLScalar)
    /// A list.
    case sequence([YAMLNode])
    /// Keys with values.
    case mapping(YAMLMapping)
  }

  /// What the node holds.
  public var content: Content

  /// Where it is written.
  public var range: SourceRange

  /// The number of references that a node remembers.
  static let maximumVia = 8

  /// The references `${…}` through which the value came, outermost first; at most eight.
  public var via: [SourceRange]

  /// Makes a node.
  public init(_ content: Content, at range: SourceRange, via: [SourceRange] = []) {
    self.content = content
    self.range = range
    self.via = via
  }
}

extension YAMLNode: Hashable {
  public static func == (left: YAMLNode, right: YAMLNode) -> Bool { left.content == right.content }

  public func hash(into hasher: inout Hasher) { hasher.combine(content) }
}

extension YAMLNode {
  /// The scalar, if the node is one.
  public var scalar: YAMLScalar? {
    if case .scalar(let scalar) = content { scalar } else { nil }
  }

  /// The elements, if the node is a list.
  public var sequence: [YAMLNode]? {
    if case .sequence(let elements) = content { elements } else { nil }
  }

  /// The keys and values, if the node is a mapping.
  public var mapping: YAMLMapping? {
    if case .mapping(let mapping) = content { mapping } else { nil }
  }

  /// The text, if the node is a scalar that resolves to text.
  public var string: String? {
    if case .string(let text)? = scalar?.value { text } else { nil }
  }

  /// Whether the node is null, written or left out.
  public var isNull: Bool { scalar?.value == .null }

  /// Returns the value of a key, or `nil` if the node is no mapping or lacks the key.
  public subscript(key: String) -> YAMLNode? { mapping?[key] }

  /// A short form on one line, for labels and messages: `0.5`, `kmeans`, `[1, 2]`, `{a: 1}`.
  public var inlineDescription: String {
    switch content {
    case .scalar(let scalar): scalar.value.description
    case .sequence(let elements):
      "[" + elements.map(\.inlineDescription).joined(separator: ", ") + "]"
    case .mapping(let mapping):
      "{"
        + mapping.entries.map { "\($0.key.value): \($0.value.inlineDescription)" }
        .joined(separator: ", ") + "}"
    }
  }
}
