/// Decodes a stage's parameters from wherever they are written.
public protocol ParamsSource {
  /// Returns the parameters as the given type, or throws what is wrong with them.
  func decode<Params: Decodable>(_ type: Params.Type) throws -> Params
}

/// A template whose parameters are canonical JSON.
public struct AnyTemplate: Sendable {
  /// The item, such as an arm.
  public let item: String?
  /// The canonical parameters of the task.
  public let params: JSONValue
  /// What the ports are bound to.
  public let inputs: [String: PortRequest]
  /// How it becomes tasks.
  public let fanOut: FanOut
  /// What a task needs of the machine.
  public let resources: Resources
}

/// A stage's parameters, decoded and ready to be planned.
public struct PreparedStage: Sendable {
  /// The canonical parameters: defaults explicit, `nil` omitted.
  public let params: JSONValue
  /// What is wrong with them.
  public let problems: [ParameterProblem]
  /// Whether one set of tasks serves all cells.
  public let spansCells: Bool
  /// Returns the tasks that the stage makes.
  public let templates: @Sendable (Wiring) throws(PlanProblem) -> [AnyTemplate]
  /// Returns what can be planned, but probably does not show what it is to show.
  public let warnings: @Sendable (Wiring) -> [PlanProblem]
}

/// A stage type erased to what the planner and the executor need.
public struct AnyStage: Sendable {
  /// The kind's name in specs.
  public let kind: String
  /// The version of the results.
  public let version: Int
  /// One sentence.
  public let summary: String
  /// Whether keys name the numerics class.
  public let usesNumerics: Bool
  /// What the stage does with data.
  public let dataUse: DataUse
  /// Whether the stage is a target by itself.
  public let isTarget: Bool
  /// The parameters, described.
  public let parameters: [Parameter]
  /// The ports.
  public let ports: [Port]
  /// The ports that only templates bind.
  public let internalPorts: Set<String>
  /// The ports that a spec may name: those that take artifacts and are not internal.
  public var namedPorts: [Port] {
    ports.filter { !$0.isLeaf && !internalPorts.contains($0.name) }
  }
  /// The format of what it produces.
  public let outputFormat: String
  private let prepareParams: @Sendable (any ParamsSource) throws -> PreparedStage
  private let runTask:
    @Sendable (JSONValue, [String: [BoundInput]], any StageContext) throws -> ArtifactPayload

  /// Erases a stage type.
  public init<S: Stage>(_ type: S.Type) {
    kind = S.kind
    version = S.version
    summary = S.summary
    usesNumerics = S.usesNumerics
    dataUse = S.dataUse
    isTarget = S.isTarget
    parameters = S.parameters
    ports = PortReader.ports(of: S.Inputs.self)
    internalPorts = S.internalPorts
    outputFormat = S.Output.format
    prepareParams = { source in
      let params = try source.decode(S.Params.self)
      return PreparedStage(
        params: try JSONValue(encoding: params), problems: S.validate(params),
        spansCells: S.spansCells(params),
        templates: { wiring throws(PlanProblem) in
          try AnyStage.erase(try S.templates(params, wiring), S.self)
        }, warnings: { S.warnings(params, $0) })
    }
    runTask = { params, bindings, context in
      var reader = PortReader(bindings: bindings)
      let inputs = try S.Inputs(&reader)
      return try S.run(params.decoded(as: S.TaskParams.self), inputs, context).encoded()
    }
  }

  /// Decodes parameters.
  ///
  /// - Throws: What the source throws for parameters that do not decode.
  public func prepare(_ source: any ParamsSource) throws -> PreparedStage {
    try prepareParams(source)
  }

  /// Does the work of one task.
  public func run(
    params: JSONValue, bindings: [String: [BoundInput]], context: any StageContext
  ) throws -> ArtifactPayload {
    try runTask(params, bindings, context)
  }

  private static func erase<S: Stage>(
    _ templates: [TaskTemplate<S.TaskParams>], _ type: S.Type
  ) throws(PlanProblem) -> [AnyTemplate] {
    var erased: [AnyTemplate] = []
    for template in templates {
      let params: JSONValue
      do {
        params = try JSONValue(encoding: template.params)
      } catch {
        throw PlanProblem("plan.params", [], "the parameters cannot be encoded: \(error)")
      }
      erased.append(
        AnyTemplate(
          item: template.item, params: params, inputs: template.inputs, fanOut: template.fanOut,
          resources: S.resources(for: template.params)))
    }
    return erased
  }
}

/// The stages that specs may use, by kind.
public struct StageRegistry: Sendable {
  private let byKind: [String: AnyStage]

  /// Makes a registry; two stages of one kind are a programmer's error.
  public init(_ stages: [any Stage.Type]) {
    var byKind: [String: AnyStage] = [:]
    for stage in stages {
      let erased = AnyStage(stage)
      precondition(byKind[erased.kind] == nil, "two stages are of kind '\(erased.kind)'")
      byKind[erased.kind] = erased
    }
    self.byKind = byKind
  }

  /// The stages sorted by kind.
  public var stages: [AnyStage] { byKind.values.sorted { $0.kind < $1.kind } }

  /// The kinds, sorted.
  public var kinds: [String] { byKind.keys.sorted() }

  /// Returns the stage of a kind, or `nil`.
  public subscript(_ kind: String) -> AnyStage? { byKind[kind] }
}
