import WinaPipeline

/// A named part of a key that differs between two actions.
public struct KeyChange: Hashable, Sendable, CustomStringConvertible {
  /// The part: a parameter's path such as `arms.dense.route`, `version`, `numerics`, or
  /// `input.PORT`.
  public var path: String
  /// The value before, or `nil` where there was none.
  public var old: String?
  /// The value now, or `nil` where there is none.
  public var new: String?

  /// Makes a change.
  public init(path: String, old: String?, new: String?) {
    self.path = path
    self.old = old
    self.new = new
  }

  /// The change in the form `sparsity 0.4 → 0.5`.
  public var description: String {
    switch (old, new) {
    case (let old?, let new?): "\(path) \(old) → \(new)"
    case (nil, let new?): "\(path) added: \(new)"
    case (let old?, nil): "\(path) removed: \(old)"
    case (nil, nil): path
    }
  }
}

/// The parts of a key as flat paths, ready to be compared.
struct FlatParts: Sendable {
  let kind: String
  /// Parameters by path, and `version` and `numerics`.
  private(set) var values: [String: String] = [:]
  /// Digests by port.
  private(set) var inputs: [String: [ContentDigest]]

  init(_ parts: KeyParts) {
    kind = parts.kind
    inputs = Dictionary(parts.inputs.map { ($0.port, $0.digests) }, uniquingKeysWith: { $1 })
    FlatParts.flatten(parts.params, path: "", into: &values)
    values["version"] = String(parts.version)
    values["numerics"] = parts.numericsClass
  }

  /// Returns the values that differ, sorted by path.
  func changes(since old: FlatParts) -> [KeyChange] {
    Set(values.keys).union(old.values.keys).sorted().compactMap { path in
      let (before, now) = (old.values[path], values[path])
      return before == now ? nil : KeyChange(path: path, old: before, new: now)
    }
  }

  /// Returns the ports whose inputs differ, sorted.
  ///
  /// - Parameter ports: The ports to compare, or `nil` for all.
  func inputChanges(since old: FlatParts, ports: Set<String>? = nil) -> [KeyChange] {
    Set(inputs.keys).union(old.inputs.keys).sorted().compactMap { port in
      if let ports, !ports.contains(port) { return nil }
      let (before, now) = (old.inputs[port], inputs[port])
      if before == now { return nil }
      return KeyChange(
        path: "input." + port, old: before.map(FlatParts.text), new: now.map(FlatParts.text))
    }
  }

  private static func text(_ digests: [ContentDigest]) -> String {
    guard digests.count != 1 else { return digests[0].short }
    var hasher = SHA256()
    for digest in digests { hasher.update(digest.bytes) }
    return "\(digests.count) artifacts \(hasher.finalize().short)"
  }

  private static func flatten(
    _ value: JSONValue, path: String, into values: inout [String: String]
  ) {
    switch value {
    case .object(let members) where !members.isEmpty:
      for (name, member) in members {
        flatten(member, path: path.isEmpty ? name : "\(path).\(name)", into: &values)
      }
    case .array(let elements) where elements.contains(where: \.isContainer):
      for (index, element) in elements.enumerated() {
        flatten(element, path: "\(path)[\(index)]", into: &values)
      }
    case .null: break
    case .string(let text): values[path] = text
    default: if !path.isEmpty { values[path] = value.canonicalText }
    }
  }
}

extension JSONValue {
  fileprivate var isContainer: Bool {
    switch self {
    case .array, .object: true
    default: false
    }
  }
}
