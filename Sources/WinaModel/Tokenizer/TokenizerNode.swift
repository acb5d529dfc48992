/// A JSON value together with where it stands, so that every complaint names file and key.
struct TokenizerNode {
  let file: String
  let key: String
  let value: ModelJSON

  /// Whether the value is `null`.
  var isNull: Bool {
    if case .null = value { true } else { false }
  }

  /// The members of an object.
  func members() throws(TokenizerError) -> [ModelJSON.Member] {
    guard case .object(let members) = value else { throw wrongType("an object") }
    return members
  }

  /// The elements of an array, each knowing its index.
  func elements() throws(TokenizerError) -> [TokenizerNode] {
    guard case .array(let elements) = value else { throw wrongType("an array") }
    return elements.enumerated().map { index, element in
      TokenizerNode(file: file, key: "\(key)[\(index)]", value: element)
    }
  }

  /// The value of a member, or nil where it is absent or `null`.
  func optional(_ name: String) throws(TokenizerError) -> TokenizerNode? {
    var found: TokenizerNode?
    for member in try members() where member.key == name {
      let node = TokenizerNode(file: file, key: path(name), value: member.value)
      if found != nil { throw node.invalid("is given twice") }
      found = node
    }
    return found.flatMap { $0.isNull ? nil : $0 }
  }

  /// The value of a member that must be there and not be `null`.
  func required(_ name: String, hint: String? = nil) throws(TokenizerError) -> TokenizerNode {
    guard let node = try optional(name) else {
      throw .missing(file, key: path(name), hint: hint)
    }
    return node
  }

  /// The value as text.
  func string() throws(TokenizerError) -> String {
    guard case .string(let text) = value else { throw wrongType("a string") }
    return text
  }

  /// The value as the scalars of a text.
  func scalars() throws(TokenizerError) -> [Unicode.Scalar] {
    Array(try string().unicodeScalars)
  }

  /// The value as a text of exactly one scalar.
  func scalar() throws(TokenizerError) -> Unicode.Scalar {
    let scalars = try scalars()
    guard let first = scalars.first, scalars.count == 1 else { throw wrongType("one character") }
    return first
  }

  /// The value as a truth value.
  func bool() throws(TokenizerError) -> Bool {
    guard case .bool(let flag) = value else { throw wrongType("true or false") }
    return flag
  }

  /// The value as a count that is not negative.
  func count() throws(TokenizerError) -> Int {
    guard case .integer(let number) = value, number >= 0 else {
      throw wrongType("a whole number that is not negative")
    }
    return number
  }

  /// The value as a token id.
  func tokenID() throws(TokenizerError) -> Int32 {
    guard case .integer(let number) = value, (0..<TokenVocabulary.idLimit).contains(number) else {
      throw wrongType("a token id from 0 to \(TokenVocabulary.idLimit - 1)")
    }
    return Int32(number)
  }

  /// A member as a truth value, `fallback` where it is absent.
  func flag(_ name: String, default fallback: Bool) throws(TokenizerError) -> Bool {
    guard let node = try optional(name) else { return fallback }
    return try node.bool()
  }

  /// The value of `type`, which says what kind of component an object describes.
  func kind() throws(TokenizerError) -> String { try required("type").string() }

  /// Refuses members other than `names`, which the reader of this object handles or may ignore.
  func expectOnly(_ names: [String]) throws(TokenizerError) {
    for member in try members() where !names.contains(member.key) {
      throw .unknownKey(file, key: path(member.key), value: member.value.summary)
    }
  }

  /// The error for a value that is none of `known`.
  func unsupported(known: [String]) -> TokenizerError {
    .unsupported(file, key: key, value: value.summary, known: known)
  }

  /// The error for a value that contradicts something else.
  func invalid(_ reason: String) -> TokenizerError { .invalid(file, key: key, reason: reason) }

  private func wrongType(_ expected: String) -> TokenizerError {
    invalid("must be \(expected), not \(value.summary)")
  }

  private func path(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }
}
