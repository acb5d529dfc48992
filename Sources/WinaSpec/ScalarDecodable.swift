import WinaDiagnostics

/// A type that is read from one scalar.
protocol ScalarDecodable {
  /// What stands in for a value that could not be read.
  static var placeholder: Self { get }

  /// Reads a node, or says why it cannot.
  static func read(_ node: YAMLNode, name: String?) -> Result<Self, Diagnostic>
}

extension Bool: ScalarDecodable {
  static let placeholder = false

  static func read(_ node: YAMLNode, name: String?) -> Result<Bool, Diagnostic> {
    if case .bool(let value)? = node.scalar?.value { return .success(value) }
    let isOldSpelling = ["yes", "no", "on", "off"].contains(node.string?.lowercased())
    return .failure(
      .wrongType(
        expected: "true or false", for: name, found: node,
        help: isOldSpelling ? "write true or false" : nil))
  }
}

extension String: ScalarDecodable {
  static let placeholder = ""

  static func read(_ node: YAMLNode, name: String?) -> Result<String, Diagnostic> {
    if let text = node.string { return .success(text) }
    let spelling = node.scalar.map(\.text) ?? ""
    return .failure(
      .wrongType(
        expected: "text", for: name, found: node,
        help: spelling.isEmpty ? nil : "quote it: \"\(spelling)\""))
  }
}

extension ScalarDecodable where Self: BinaryFloatingPoint {
  static var placeholder: Self { 0 }

  static func read(_ node: YAMLNode, name: String?) -> Result<Self, Diagnostic> {
    switch node.scalar?.value {
    case .double(let value)? where !Self(value).isFinite:
      return .failure(.notFinite(node, for: name))
    case .double(let value)?: return .success(Self(value))
    case .int(let value)?: return .success(Self(value))
    default: return .failure(.wrongType(expected: "a number", for: name, found: node))
    }
  }
}

extension Double: ScalarDecodable {}
extension Float: ScalarDecodable {}

extension ScalarDecodable where Self: FixedWidthInteger {
  static var placeholder: Self { 0 }

  static func read(_ node: YAMLNode, name: String?) -> Result<Self, Diagnostic> {
    switch node.scalar?.value {
    case .int(let value)?:
      if let exact = Self(exactly: value) { return .success(exact) }
      return .failure(.numberOutOfRange(node, for: name, "\(Self.min) to \(Self.max)"))
    case .double(let value)?:
      let help = Int(exactly: value).map { "write \($0)" }
      return .failure(
        .wrongType(expected: "a whole number", for: name, found: node, help: help))
    default: return .failure(.wrongType(expected: "a whole number", for: name, found: node))
    }
  }
}

extension Int: ScalarDecodable {}
extension Int8: ScalarDecodable {}
extension Int16: ScalarDecodable {}
extension Int32: ScalarDecodable {}
extension Int64: ScalarDecodable {}
extension UInt: ScalarDecodable {}
extension UInt8: ScalarDecodable {}
extension UInt16: ScalarDecodable {}
extension UInt32: ScalarDecodable {}
extension UInt64: ScalarDecodable {}
