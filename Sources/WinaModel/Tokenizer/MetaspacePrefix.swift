/// Where `Metaspace` puts its mark in front of a text that does not start with one.
enum MetaspacePrefix: String, CaseIterable, Sendable {
  case always
  case first
  case never

  /// The members of a `Metaspace` object, older spellings included.
  static let keys = [
    "type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep",
  ]

  /// Reads `prepend_scheme`, or `add_prefix_space` in older files.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    if let scheme = try node.optional("prepend_scheme") {
      guard let prefix = MetaspacePrefix(rawValue: try scheme.string()) else {
        throw scheme.unsupported(known: Self.allCases.map(\.rawValue))
      }
      self = prefix
    } else {
      self = try node.flag("add_prefix_space", default: true) ? .always : .never
    }
  }
}
