/// The inputs of a stage: a struct whose properties are ``PortValue``s.
///
/// Conformance is one function, which serves both to read the ports off the type and to bind them:
///
/// ```swift
/// struct Inputs: StageInputs {
///   var tokens: Ref<TokenizedShard>
///   var groups: Ref<Clustering>?
///   init(_ ports: inout PortReader) throws(ArtifactError) {
///     tokens = try ports.read("tokens")
///     groups = try ports.read("groups")
///   }
/// }
/// ```
public protocol StageInputs: Sendable {
  /// Reads every port, in the order in which they are documented.
  init(_ ports: inout PortReader) throws(ArtifactError)
}

/// The inputs of a stage that has none.
public struct NoInputs: StageInputs {
  public init(_ ports: inout PortReader) throws(ArtifactError) {}
}

/// Hands an `Inputs` struct its ports, and records which ports were asked for.
public struct PortReader {
  /// The ports asked for so far.
  public private(set) var ports: [Port] = []
  private let bindings: [String: [BoundInput]]?

  /// Makes a reader over bound inputs.
  public init(bindings: [String: [BoundInput]]) { self.bindings = bindings }

  private init() { bindings = nil }

  /// Returns the value of a port.
  ///
  /// - Throws: ``ArtifactError`` when the port is bound to something of another kind or number.
  public mutating func read<Value: PortValue>(_ name: String) throws(ArtifactError) -> Value {
    ports.append(Port(name: name, format: Value.portFormat, arity: Value.portArity))
    let inputs = bindings.map { $0[name] ?? [] } ?? PortReader.probe(Value.self)
    guard let value = Value.bound(to: inputs) else {
      throw ArtifactError("port '\(name)' cannot be bound to \(inputs.count) inputs")
    }
    return value
  }

  /// Returns the ports of an `Inputs` type.
  public static func ports<Inputs: StageInputs>(of type: Inputs.Type) -> [Port] {
    var reader = PortReader()
    do {
      _ = try Inputs(&reader)
    } catch {
      preconditionFailure("\(type) cannot be read without bindings: \(error)")
    }
    return reader.ports
  }

  private static func probe<Value: PortValue>(_ type: Value.Type) -> [BoundInput] {
    guard Value.portArity == .one else { return [] }
    let digest = SHA256.digest(of: "")
    return Value.portFormat.hasPrefix("leaf.")
      ? [.leaf(Leaf(format: Value.portFormat, digest: digest, location: ""))]
      : [.artifact(digest)]
  }
}
