/// The SHA-256 of a blob's uncompressed logical bytes, or of an artifact's canonical manifest.
public struct ContentDigest: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The four big-endian words of the digest.
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// Makes a digest from exactly 32 bytes; anything else is `nil`.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    var parsed: [UInt64] = [0, 0, 0, 0]
    for (index, byte) in bytes.enumerated() {
      parsed[index / 8] = parsed[index / 8] << 8 | UInt64(byte)
    }
    words = (parsed[0], parsed[1], parsed[2], parsed[3])
  }

  /// Makes a digest from 64 lowercase hexadecimal digits; anything else is `nil`.
  public init?(hex: some StringProtocol) {
    let digits = Array(hex.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    for index in stride(from: 0, to: 64, by: 2) {
      guard let high = nibble(digits[index]), let low = nibble(digits[index + 1]) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    self.init(bytes: bytes)
  }

  /// The 32 bytes, most significant first.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    append(to: &bytes)
    return bytes
  }

  /// Appends the 32 bytes to an array.
  package func append(to bytes: inout [UInt8]) {
    ContentDigest.append(words.0, to: &bytes)
    ContentDigest.append(words.1, to: &bytes)
    ContentDigest.append(words.2, to: &bytes)
    ContentDigest.append(words.3, to: &bytes)
  }

  private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
    var shift: UInt64 = 64
    while shift > 0 {
      shift -= 8
      bytes.append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  /// The 64 lowercase hexadecimal digits.
  public var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The first twelve hexadecimal digits, for people.
  public var short: String { String(hex.prefix(12)) }

  public var description: String { hex }

  public static func == (left: ContentDigest, right: ContentDigest) -> Bool {
    left.words == right.words
  }

  public static func < (left: ContentDigest, right: ContentDigest) -> Bool {
    left.words < right.words
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }
}

extension ContentDigest: Codable {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let digest = ContentDigest(hex: text) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "'\(text)' is not a digest of 64 hexadecimal digits"))
    }
    self = digest
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}

private func nibble(_ digit: UInt8) -> UInt8? {
  switch digit {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
  default: nil
  }
}
