/// The identity of an action in the action cache: what is done, to which bytes.
public struct ActionKey: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The digest of the key's parts.
  public let digest: ContentDigest

  /// Wraps a digest read from a record.
  public init(digest: ContentDigest) { self.digest = digest }

  public init(from decoder: any Decoder) throws { digest = try ContentDigest(from: decoder) }
  public func encode(to encoder: any Encoder) throws { try digest.encode(to: encoder) }
  public var description: String { digest.hex }
}

/// The identity of a task before anything runs: what is done, to the outcome of which tasks.
public struct PlanKey: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The digest of the key's parts.
  public let digest: ContentDigest

  /// Wraps a digest read from a record.
  public init(digest: ContentDigest) { self.digest = digest }

  public init(from decoder: any Decoder) throws { digest = try ContentDigest(from: decoder) }
  public func encode(to encoder: any Encoder) throws { try digest.encode(to: encoder) }
  public var description: String { digest.hex }
}

/// The named parts of a key, kept with every action result so that a rerun can be explained.
///
/// In: everything that may change bytes. Out: names, labels, resources, paths, host, time, attempt.
public struct KeyParts: Hashable, Sendable, Codable {
  /// An input port and what it is bound to, in the order of the port's references.
  public struct Input: Hashable, Sendable, Codable {
    /// The name of the port.
    public var port: String
    /// Content digests for an action key; plan keys or leaf digests for a plan key.
    public var digests: [ContentDigest]

    /// Makes an input.
    public init(port: String, digests: [ContentDigest]) {
      self.port = port
      self.digests = digests
    }
  }

  /// The kind of stage.
  public var kind: String
  /// The version of the stage's results.
  public var version: Int
  /// What may change the bits of a float result elsewhere, for stages that declare it.
  public var numericsClass: String?
  /// The canonical parameters.
  public var params: JSONValue
  /// The inputs, sorted by port.
  public var inputs: [Input]

  /// Makes the parts of a key; inputs may come in any order.
  public init(
    kind: String, version: Int, numericsClass: String?, params: JSONValue, inputs: [Input]
  ) {
    self.kind = kind
    self.version = version
    self.numericsClass = numericsClass
    self.params = params
    self.inputs = inputs.sorted { $0.port < $1.port }
  }

  /// The action key, when the inputs are content digests.
  public var actionKey: ActionKey { ActionKey(digest: digest(domain: "wina/action/v1")) }

  /// The plan key, when the inputs are plan keys and leaf digests.
  public var planKey: PlanKey { PlanKey(digest: digest(domain: KeyPreimage.planDomain)) }

  private func digest(domain: String) -> ContentDigest {
    var preimage = KeyPreimage(
      domain: domain, kind: kind, version: version, numericsClass: numericsClass,
      canonicalParams: params.canonicalText)
    for input in inputs {
      preimage.append(port: input.port, count: input.digests.count)
      for digest in input.digests { preimage.append(digest) }
    }
    return preimage.digest
  }
}

/// The bytes that a key is the digest of: every part with its length in front, so that no two
/// different keys share them.
package struct KeyPreimage {
  /// What plan keys start with.
  package static let planDomain = "wina/plan/v1"

  private var bytes: [UInt8] = []

  /// Starts with everything but the inputs, which follow sorted by port.
  package init(
    domain: String, kind: String, version: Int, numericsClass: String?, canonicalParams: String
  ) {
    field("domain", domain)
    field("kind", kind)
    field("version", String(version))
    field("numerics", numericsClass.map { "some:" + $0 } ?? "none")
    field("params", canonicalParams)
  }

  /// Appends a port; the digests that it is bound to follow.
  package mutating func append(port: String, count: Int) {
    field("port", port)
    field("count", String(count))
    bytes.reserveCapacity(bytes.count + 32 * count)
  }

  /// Appends a digest that the last port is bound to.
  package mutating func append(_ digest: ContentDigest) { digest.append(to: &bytes) }

  /// The digest of the bytes.
  package var digest: ContentDigest { SHA256.digest(of: bytes) }

  private mutating func field(_ name: String, _ value: String) {
    bytes += name.utf8
    bytes.append(UInt8(ascii: ":"))
    bytes += String(value.utf8.count).utf8
    bytes.append(UInt8(ascii: ":"))
    bytes += value.utf8
    bytes.append(UInt8(ascii: ";"))
  }
}

/// What running an action gave: the record that the action cache keeps.
public struct ActionResult: Hashable, Sendable, Codable {
  /// The key that this result belongs to.
  public var key: ActionKey
  /// The named parts of the key.
  public var parts: KeyParts
  /// The artifact's content digest.
  public var output: ContentDigest
  /// The artifact's format.
  public var format: String
  /// Wall time of the stage's own work.
  public var seconds: Double
  /// Seconds since 1970 when the record was made.
  public var finished: Double
  /// The name of the host that made it.
  public var host: String
  /// The name that the task had in the run that made it; information, not identity.
  public var taskName: String
  /// Stored bytes of the artifact.
  public var storedBytes: Int

  /// Makes a record.
  public init(
    key: ActionKey, parts: KeyParts, output: ContentDigest, format: String, seconds: Double,
    finished: Double, host: String, taskName: String, storedBytes: Int
  ) {
    self.key = key
    self.parts = parts
    self.output = output
    self.format = format
    self.seconds = seconds
    self.finished = finished
    self.host = host
    self.taskName = taskName
    self.storedBytes = storedBytes
  }
}

/// What a plan key led to: the action that realised it and the artifact it gave.
public struct PlanEntry: Hashable, Sendable, Codable {
  /// The action's key.
  public var action: ActionKey
  /// The artifact's content digest.
  public var output: ContentDigest

  /// Makes an entry.
  public init(action: ActionKey, output: ContentDigest) {
    self.action = action
    self.output = output
  }
}
