/// A JSON value that keeps the order of its members and is written as Python's `json.dumps` does.
///
/// The harness's hashes are of such texts, so a record must be written back character by character
/// as Python would.
public indirect enum OrderedJSON: Sendable, Hashable {
  /// A member of an object.
  public struct Member: Sendable, Hashable {
    /// The name.
    public var name: String
    /// The value.
    public var value: OrderedJSON

    /// Pairs a name with a value.
    public init(_ name: String, _ value: OrderedJSON) {
      self.name = name
      self.value = value
    }
  }

  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([OrderedJSON])
  case object([Member])

  /// The value of a member, or `nil` where there is none.
  public subscript(_ name: String) -> OrderedJSON? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  /// The text of a string.
  public var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The elements of an array.
  public var array: [OrderedJSON]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The number of an integer, also one that is written as a whole float.
  public var integer: Int? {
    switch self {
    case .int(let value): value
    case .double(let value): Int(exactly: value)
    default: nil
    }
  }

  /// What Python's `str` gives for the value: text as it is, numbers and `True` as they print.
  ///
  /// Lists and objects are given as JSON.
  public var pythonText: String {
    switch self {
    case .null: "None"
    case .bool(let value): value ? "True" : "False"
    case .string(let text): text
    default: dumped()
    }
  }

  /// Returns the text of `json.dumps(value, ensure_ascii=False, indent=indent)`.
  public func dumped(indent: Int? = nil) -> String {
    var text = ""
    write(to: &text, indent: indent, depth: 0)
    return text
  }

  private func write(to text: inout String, indent: Int?, depth: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .double(let value): text += PythonText.representation(of: value)
    case .string(let value): OrderedJSON.quote(value, to: &text)
    case .array(let elements):
      OrderedJSON.list(elements, "[", "]", &text, indent, depth) { element, text in
        element.write(to: &text, indent: indent, depth: depth + 1)
      }
    case .object(let members):
      OrderedJSON.list(members, "{", "}", &text, indent, depth) { member, text in
        OrderedJSON.quote(member.name, to: &text)
        text += ": "
        member.value.write(to: &text, indent: indent, depth: depth + 1)
      }
    }
  }

  private static func list<Element>(
    _ elements: [Element], _ open: String, _ close: String, _ text: inout String, _ indent: Int?,
    _ depth: Int, write: (Element, inout String) -> Void
  ) {
    text += open
    for (index, element) in elements.enumerated() {
      if let indent {
        text += index > 0 ? ",\n" : "\n"
        text += String(repeating: " ", count: indent * (depth + 1))
      } else if index > 0 {
        text += ", "
      }
      write(element, &text)
    }
    if let indent, !elements.isEmpty {
      text += "\n" + String(repeating: " ", count: indent * depth)
    }
    text += close
  }

  private static func quote(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{C}": text += "\\f"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension OrderedJSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An integer.
  public init(integerLiteral value: Int) { self = .int(value) }
  /// A boolean.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  public init(arrayLiteral elements: OrderedJSON...) { self = .array(elements) }
  /// An object, its members in the order written.
  public init(dictionaryLiteral elements: (String, OrderedJSON)...) {
    self = .object(elements.map { Member($0, $1) })
  }
  /// `null`.
  public init(nilLiteral: ()) { self = .null }
}
