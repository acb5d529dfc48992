/// A single value of a YAML document.
///
/// Two scalars are equal if their values are; the spelling does not count.
public struct YAMLScalar: Sendable {
  /// How a scalar is written.
  public enum Style: String, Hashable, Sendable {
    /// Without quotes: the only style that resolves to anything but text.
    case plain
    /// In single quotes.
    case single
    /// In double quotes.
    case double
    /// A block that keeps its line breaks.
    case literal
    /// A block that folds its line breaks.
    case folded
  }

  /// What a scalar means.
  public enum Value: Hashable, Sendable {
    /// No value.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number.
    case int(Int)
    /// A number with a fraction or an exponent, `.inf` or `.nan`.
    case double(Double)
    /// Anything else.
    case string(String)
  }

  /// The text without quotes and escapes.
  public let text: String

  /// How the text is written.
  public let style: Style

  /// What the text means.
  public let value: Value

  /// Pairs a text with its meaning.
  public init(text: String, style: Style, value: Value) {
    self.text = text
    self.style = style
    self.value = value
  }
}

extension YAMLScalar: Hashable {
  public static func == (left: YAMLScalar, right: YAMLScalar) -> Bool { left.value == right.value }

  public func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

extension YAMLScalar.Value: CustomStringConvertible {
  /// The shortest text that reads back as the same value, apart from text that looks like a number.
  public var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): String(value)
    case .double(let value):
      if value.isNaN {
        ".nan"
      } else if value.isInfinite {
        value < 0 ? "-.inf" : ".inf"
      } else {
        String(value)
      }
    case .string(let text): text
    }
  }
}
