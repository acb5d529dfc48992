import WinaPipeline

/// The text of a small record: a line of canonical JSON and a line with that line's SHA-256.
///
/// A record that was torn, cut or changed does not fit its seal and counts as absent.
enum SealedRecord {
  /// The most bytes that a record may have.
  static let maximumSize = 16 << 20

  /// Returns the text of a record.
  static func seal(_ value: JSONValue) -> [UInt8] {
    let line = value.canonicalText
    return Array("\(line)\n\(SHA256.digest(of: line).hex)\n".utf8)
  }

  /// Returns the value of a record whose seal is intact.
  static func open(_ bytes: [UInt8]) -> JSONValue? {
    let sealLength = 64
    guard bytes.count > sealLength + 2 else { return nil }
    let end = bytes.count - sealLength - 2
    guard bytes[end] == UInt8(ascii: "\n"), bytes[bytes.count - 1] == UInt8(ascii: "\n") else {
      return nil
    }
    var hasher = SHA256()
    hasher.update(bytes[..<end])
    guard hasher.finalize().hex.utf8.elementsEqual(bytes[(end + 1)..<(bytes.count - 1)]) else {
      return nil
    }
    return JSONReader.parse(Array(bytes[..<end]))
  }
}

extension ActionResult {
  /// The record's text, or an error when the parameters hold a number without a text.
  func sealed() throws(StoreError) -> [UInt8] {
    guard parts.params.isFinite else {
      throw .invalid("the parameters of '\(taskName)' hold a number that is not finite")
    }
    func finite(_ value: Double) -> JSONValue { .double(value.isFinite ? value : 0) }
    var members: [String: JSONValue] = [
      "key": .string(key.digest.hex), "kind": .string(parts.kind), "version": .int(parts.version),
      "params": parts.params, "output": .string(output.hex), "format": .string(format),
      "seconds": finite(seconds), "finished": finite(finished), "host": .string(host),
      "task": .string(taskName), "stored_bytes": .int(storedBytes),
      "inputs": .array(
        parts.inputs.map { input in
          .object([
            "port": .string(input.port),
            "digests": .array(input.digests.map { .string($0.hex) }),
          ])
        }),
    ]
    if let numerics = parts.numericsClass { members["numerics"] = .string(numerics) }
    return SealedRecord.seal(.object(members))
  }

  /// Reads a record back; one that is damaged or belongs to another key is `nil`.
  init?(sealed bytes: [UInt8], key: ActionKey) {
    guard let record = SealedRecord.open(bytes), record.digest("key") == key.digest,
      let output = record.digest("output"), let format = record.string("format"),
      let kind = record.string("kind"), let host = record.string("host"),
      let task = record.string("task"), let seconds = record.number("seconds"),
      let finished = record.number("finished"),
      case .int(let version) = record["version"] ?? .null,
      case .int(let storedBytes) = record["stored_bytes"] ?? .null,
      case .array(let ports) = record["inputs"] ?? .null
    else { return nil }
    var inputs: [KeyParts.Input] = []
    for port in ports {
      guard let name = port.string("port"), case .array(let texts) = port["digests"] ?? .null
      else { return nil }
      let digests = texts.compactMap { text -> ContentDigest? in
        guard case .string(let hex) = text else { return nil }
        return ContentDigest(hex: hex)
      }
      guard digests.count == texts.count else { return nil }
      inputs.append(.init(port: name, digests: digests))
    }
    let parts = KeyParts(
      kind: kind, version: version, numericsClass: record.string("numerics"),
      params: record["params"] ?? .null, inputs: inputs)
    self.init(
      key: key, parts: parts, output: output, format: format, seconds: seconds,
      finished: finished, host: host, taskName: task, storedBytes: storedBytes)
  }
}

extension PlanEntry {
  /// The record's text.
  func sealed(for key: PlanKey) -> [UInt8] {
    SealedRecord.seal(
      .object([
        "plan": .string(key.digest.hex), "action": .string(action.digest.hex),
        "output": .string(output.hex),
      ]))
  }

  /// Reads a record back; one that is damaged or belongs to another key is `nil`.
  init?(sealed bytes: [UInt8], key: PlanKey) {
    guard let record = SealedRecord.open(bytes), record.digest("plan") == key.digest,
      let action = record.digest("action"), let output = record.digest("output")
    else { return nil }
    self.init(action: ActionKey(digest: action), output: output)
  }
}

extension JSONValue {
  /// Whether every number in the value has a canonical text.
  var isFinite: Bool {
    switch self {
    case .double(let value): value.isFinite
    case .array(let elements): elements.allSatisfy(\.isFinite)
    case .object(let members): members.values.allSatisfy(\.isFinite)
    case .null, .bool, .int, .string: true
    }
  }

  fileprivate func string(_ name: String) -> String? {
    guard case .string(let text) = self[name] ?? .null else { return nil }
    return text
  }

  fileprivate func digest(_ name: String) -> ContentDigest? {
    string(name).flatMap { ContentDigest(hex: $0) }
  }

  fileprivate func number(_ name: String) -> Double? {
    switch self[name] ?? .null {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }
}
