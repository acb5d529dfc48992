public import WinaDiagnostics

/// One stage as the spec states it.
public struct StageSpec: Hashable, Sendable {
  /// The name under which other stages refer to it.
  public let name: Located<String>

  /// The kind of work; the name unless the spec gives another.
  public let kind: Located<String>

  /// The mapping without `kind`: inputs and parameters.
  public let node: YAMLNode

  /// Makes a stage from its parts.
  public init(name: Located<String>, kind: Located<String>, node: YAMLNode) {
    self.name = name
    self.kind = kind
    self.node = node
  }

  /// Inputs and parameters in the order in which they are written.
  public var entries: [YAMLMapping.Entry] { node.mapping?.entries ?? [] }
}
