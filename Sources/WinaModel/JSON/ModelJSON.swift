/// A JSON value that keeps the order of members and tells apart keys that are canonically equivalent.
///
/// Foundation's decoders collect members in dictionaries keyed by `String`, whose equality ignores
/// the difference between `é` and `e` + U+0301. A vocabulary may hold both.
enum ModelJSON: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([ModelJSON])
  case object([Member])

  /// One `"key": value` of an object.
  struct Member: Sendable {
    var key: String
    var value: ModelJSON
  }

  /// The value as it is quoted in messages, cut to a readable length.
  var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "'\(value.count > 60 ? value.prefix(60) + "…" : value)'"
    case .array(let elements): "an array of \(elements.count)"
    case .object(let members): "an object of \(members.count)"
    }
  }
}
