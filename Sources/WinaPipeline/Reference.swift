/// How many artifacts a port takes.
public enum PortArity: String, Sendable, Hashable {
  /// Exactly one.
  case one
  /// One or none.
  case optional
  /// Any number, in a fixed order.
  case many
}

/// A named, typed input of a stage, read off the stage's `Inputs` type.
public struct Port: Sendable, Hashable {
  /// The name of the property, which is the key in the spec.
  public let name: String
  /// The format of the artifact or leaf that the port takes.
  public let format: String
  /// How many it takes.
  public let arity: PortArity

  /// Whether the port takes a leaf (model, tokenizer, records) and so needs no stage.
  public var isLeaf: Bool { format.hasPrefix("leaf.") }

  /// Makes a port.
  public init(name: String, format: String, arity: PortArity) {
    self.name = name
    self.format = format
    self.arity = arity
  }
}

/// A reference to an artifact that another task produces.
///
/// A stage's `Inputs` is an ordinary struct of references; the planner reads the ports off the type
/// and the executor fills them with digests.
public struct Ref<Value: Artifact>: Sendable, Hashable {
  /// The artifact's content digest.
  public let digest: ContentDigest

  /// Makes a reference to a stored artifact.
  public init(digest: ContentDigest) { self.digest = digest }
}

/// What a port's value can be bound to when a task runs.
public enum BoundInput: Sendable, Hashable {
  /// An artifact of another task.
  case artifact(ContentDigest)
  /// A leaf of the plan.
  case leaf(Leaf)
}

/// A kind of leaf: something that exists before the run.
public protocol LeafKind: Sendable {
  /// The format of ports that take it, starting with `leaf.`.
  static var format: String { get }
}

/// The files of a model directory.
public enum ModelFiles: LeafKind { public static let format = "leaf.model" }
/// The tokenizer files of a model directory.
public enum TokenizerFiles: LeafKind { public static let format = "leaf.tokenizer" }
/// The records of one shard of the data.
public enum SampleRecords: LeafKind { public static let format = "leaf.records" }
/// Any files: the code and data files of a command.
public enum PlainFiles: LeafKind { public static let format = "leaf.files" }

/// A leaf of a plan: identity by content, with where it is found on this machine.
public struct Leaf: Sendable, Hashable {
  /// The format of ports that take it.
  public let format: String
  /// The digest of the content: what keys are made of.
  public let digest: ContentDigest
  /// A path, or for records the name of the shard.
  ///
  /// Not part of any key.
  public let location: String

  /// Makes a leaf.
  public init(format: String, digest: ContentDigest, location: String) {
    self.format = format
    self.digest = digest
    self.location = location
  }
}

/// A reference to a leaf of the given kind.
public struct LeafRef<Kind: LeafKind>: Sendable, Hashable {
  /// The leaf.
  public let leaf: Leaf

  /// Makes a reference to a leaf.
  public init(leaf: Leaf) { self.leaf = leaf }
}

/// A property type that an `Inputs` struct may hold.
public protocol PortValue: Sendable {
  /// The format of what is referred to.
  static var portFormat: String { get }
  /// How many it holds.
  static var portArity: PortArity { get }
  /// A value bound to the given inputs, as many as the arity allows.
  static func bound(to inputs: [BoundInput]) -> Self?
}

extension Ref: PortValue {
  public static var portFormat: String { Value.format }
  public static var portArity: PortArity { .one }
  public static func bound(to inputs: [BoundInput]) -> Ref? {
    guard inputs.count == 1, case .artifact(let digest) = inputs[0] else { return nil }
    return Ref(digest: digest)
  }
}

extension LeafRef: PortValue {
  public static var portFormat: String { Kind.format }
  public static var portArity: PortArity { .one }
  public static func bound(to inputs: [BoundInput]) -> LeafRef? {
    guard inputs.count == 1, case .leaf(let leaf) = inputs[0] else { return nil }
    return LeafRef(leaf: leaf)
  }
}

extension Optional: PortValue where Wrapped: PortValue {
  public static var portFormat: String { Wrapped.portFormat }
  public static var portArity: PortArity { .optional }
  public static func bound(to inputs: [BoundInput]) -> Wrapped?? {
    guard !inputs.isEmpty else { return .some(nil) }
    return Wrapped.bound(to: inputs).map { .some($0) }
  }
}

extension Array: PortValue where Element: PortValue {
  public static var portFormat: String { Element.portFormat }
  public static var portArity: PortArity { .many }
  public static func bound(to inputs: [BoundInput]) -> [Element]? {
    var elements: [Element] = []
    for input in inputs {
      guard let element = Element.bound(to: [input]) else { return nil }
      elements.append(element)
    }
    return elements
  }
}
