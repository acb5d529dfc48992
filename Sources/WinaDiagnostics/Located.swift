/// A value with the place where the user wrote it.
///
/// Decodes from any format; the range is known only where the decoder is a ``SourceRangeDecoder``
/// and `nil` otherwise. Encodes as the bare value.
public struct Located<Value> {
  /// The value itself.
  public var value: Value

  /// Where it was written, or `nil` if it did not come from a source file.
  public var range: SourceRange?

  /// Pairs a value with its place.
  public init(_ value: Value, at range: SourceRange?) {
    self.value = value
    self.range = range
  }

  /// Returns the same place with another value.
  public func map<Other>(_ transform: (Value) throws -> Other) rethrows -> Located<Other> {
    Located<Other>(try transform(value), at: range)
  }
}

extension Located: Sendable where Value: Sendable {}
extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}

extension Located: Decodable where Value: Decodable {
  public init(from decoder: any Decoder) throws {
    value = try Value(from: decoder)
    range = (decoder as? any SourceRangeDecoder)?.sourceRange
  }
}

extension Located: Encodable where Value: Encodable {
  public func encode(to encoder: any Encoder) throws {
    try value.encode(to: encoder)
  }
}

/// A decoder that knows where the value it is decoding was written.
///
/// `init(from:)` of a type that wants its place casts its decoder to this protocol.
public protocol SourceRangeDecoder: Decoder {
  /// The place of the value being decoded.
  var sourceRange: SourceRange? { get }
  /// The value being decoded if it is text, for types that take numbers or text: asking for the wrong
  /// one of them would be reported.
  var text: String? { get }
}
