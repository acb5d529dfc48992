import WinaDiagnostics

/// A request for artifacts of another stage, made while planning.
public struct ArtifactRequest: Sendable, Hashable {
  /// Which of the producer's tasks are meant.
  public enum Scope: Sendable, Hashable {
    /// The one task of a stage that is not expanded over shards.
    case whole
    /// The task of the same shard as the asking task.
    case sameShard
    /// The tasks of all shards of a split, in the order of the shards.
    case split(Split)
  }

  /// The producer's name in the spec.
  public var stage: String
  /// The item (an arm), for stages that make several kinds of task.
  public var item: String?
  /// How the producer's task is to differ from what the spec says.
  public var variant: Variant
  /// Which tasks are meant.
  public var scope: Scope
  /// The cell, or `nil` for the asking task's own.
  public var cell: Int?
  /// Parameters set to other values (`stage.parameter`), as controls do with a seed.
  public var overrides: [String: JSONValue]

  /// Makes a request.
  public init(
    _ stage: String, item: String? = nil, _ scope: Scope, variant: Variant = Variant(),
    cell: Int? = nil, overrides: [String: JSONValue] = [:]
  ) {
    self.stage = stage
    self.item = item
    self.scope = scope
    self.variant = variant
    self.cell = cell
    self.overrides = overrides
  }
}

/// A difference that a consumer asks of a producer: internal parameters and inputs.
public struct Variant: Sendable, Hashable {
  /// A word that the task's name shows, such as `centred`.
  public var label: String?
  /// Parameters to set before the producer's params are decoded.
  public var params: [String: JSONValue]
  /// Inputs to bind besides those of the producer's own template.
  public var inputs: [String: PortRequest]

  /// Makes a variant; with no arguments, no difference.
  public init(
    label: String? = nil, params: [String: JSONValue] = [:], inputs: [String: PortRequest] = [:]
  ) {
    self.label = label
    self.params = params
    self.inputs = inputs
  }
}

/// What a port of a task is to be bound to.
public enum PortRequest: Sendable, Hashable {
  /// Artifacts of other tasks.
  case artifacts([ArtifactRequest])
  /// The spec's model.
  case model
  /// The tokenizer of the spec's model.
  case tokenizer
  /// The records of the task's own shard.
  case records
  /// Files, by path as the spec wrote them.
  case files([String])
}

/// How a template becomes tasks.
public enum FanOut: Sendable, Hashable {
  /// One task.
  case once
  /// One task for each shard that a consumer asks for; as a target, for each shard of this split.
  case perShard(asTarget: Split)
}

/// A task that a stage makes, before cells and shards.
public struct TaskTemplate<Params: Codable & Sendable>: Sendable {
  /// The item (an arm) that tells it from the stage's other templates.
  public var item: String?
  /// The parameters, which are part of the key.
  public var params: Params
  /// What the ports are bound to; a port that is absent takes nothing.
  public var inputs: [String: PortRequest]
  /// How it becomes tasks.
  public var fanOut: FanOut

  /// Makes a template.
  public init(
    item: String? = nil, params: Params, inputs: [String: PortRequest], fanOut: FanOut
  ) {
    self.item = item
    self.params = params
    self.inputs = inputs
    self.fanOut = fanOut
  }
}

/// A stage of the spec as other stages see it while planning.
public struct WiredStage: Sendable, Hashable {
  /// The name in the spec.
  public var name: String
  /// The kind.
  public var kind: String
  /// The canonical parameters.
  public var params: JSONValue
  /// The stages that each port takes, named or wired by type.
  public var inputs: [String: [String]]

  /// Makes a wired stage.
  public init(name: String, kind: String, params: JSONValue, inputs: [String: [String]]) {
    self.name = name
    self.kind = kind
    self.params = params
    self.inputs = inputs
  }

  /// Returns the only stage that a port takes, or `nil`.
  public func input(_ port: String) -> String? { inputs[port]?.first }
}

/// A cell of the sweep as a stage that spans cells sees it.
public struct PlanCell: Sendable, Hashable {
  /// The position in the order of the sweep.
  public var index: Int
  /// The value on each axis.
  public var assignment: [String: JSONValue]

  /// Makes a cell.
  public init(index: Int, assignment: [String: JSONValue]) {
    self.index = index
    self.assignment = assignment
  }
}

/// What a stage may ask about the spec around it while planning.
public struct Wiring: Sendable {
  /// The stage itself.
  public let stage: WiredStage
  /// Every stage of the spec by name, in the cell being planned.
  public let stages: [String: WiredStage]
  /// All cells of the sweep.
  public let cells: [PlanCell]
  /// What every cell has, for a stage that spans cells.
  private let surroundings: [Surroundings]

  /// What a stage finds around it in a cell.
  public struct Surroundings: Sendable {
    var stages: [String: WiredStage]
    var isDocuments: Bool
    var data: DataSettings

    /// Makes the surroundings of a cell.
    public init(stages: [String: WiredStage], isDocuments: Bool, data: DataSettings) {
      self.stages = stages
      self.isDocuments = isDocuments
      self.data = data
    }
  }

  /// Whether the data are documents rather than multiple choice.
  public let isDocuments: Bool
  /// Settings of the `data` section that stages use.
  public let data: DataSettings

  /// Makes a wiring.
  ///
  /// - Parameter surroundings: What every cell has, if the stage spans cells.
  public init(
    stage: WiredStage, stages: [String: WiredStage], cells: [PlanCell],
    surroundings: [Surroundings] = [], isDocuments: Bool, data: DataSettings
  ) {
    self.stage = stage
    self.stages = stages
    self.cells = cells
    self.surroundings = surroundings
    self.isDocuments = isDocuments
    self.data = data
  }

  /// Returns the same with the other stages and the data as they are in another cell; unchanged for a stage
  /// that does not span cells.
  ///
  /// - Parameter cell: A position in ``cells``.
  public func inCell(_ cell: Int) -> Wiring {
    guard surroundings.indices.contains(cell) else { return self }
    let own = surroundings[cell]
    return Wiring(
      stage: stage, stages: own.stages, cells: cells, surroundings: surroundings,
      isDocuments: own.isDocuments, data: own.data)
  }

  /// Returns a stage of the given kinds by name.
  ///
  /// - Throws: ``PlanProblem`` at `path` when there is none or it is of another kind.
  public func require(
    _ name: String, kinds: [String], at path: [String]
  ) throws(PlanProblem) -> WiredStage {
    guard let found = stages[name] else {
      throw PlanProblem(
        "plan.unknown-stage", path, "there is no stage '\(name)'",
        help: suggestion(for: name, kinds: kinds))
    }
    guard kinds.contains(found.kind) else {
      throw PlanProblem(
        "plan.wrong-kind", path,
        "stage '\(name)' is a \(found.kind), but a \(kinds.joined(separator: " or ")) is needed",
        help: "stages of this kind: \(names(of: kinds))")
    }
    return found
  }

  /// Whether `ancestor` is upstream of `name`, or is `name` itself.
  public func depends(_ name: String, on ancestor: String) -> Bool {
    var seen: Set<String> = []
    var pending = [name]
    while let next = pending.popLast() {
      if next == ancestor { return true }
      guard seen.insert(next).inserted, let stage = stages[next] else { continue }
      pending += stage.inputs.values.joined()
    }
    return false
  }

  private func suggestion(for name: String, kinds: [String]) -> String {
    let fitting = stages.values.filter { kinds.contains($0.kind) }.map(\.name).sorted()
    let nearest = SpellingSuggestion.nearest(to: name, among: fitting)
    return (nearest.map { "did you mean '\($0)'? " } ?? "")
      + "stages of this kind: \(names(of: kinds))"
  }

  private func names(of kinds: [String]) -> String {
    let names = stages.values.filter { kinds.contains($0.kind) }.map(\.name).sorted()
    return names.isEmpty ? "none" : names.joined(separator: ", ")
  }
}

/// Settings of the spec's `data` section that stages use.
public struct DataSettings: Sendable, Hashable, Codable {
  /// Leading tokens of a document that clustering and routing see; never scored.
  public var routeTokens: Int
  /// The benchmark tasks that the data are, if they are such.
  public var tasks: [String]
  /// Whether prompts are read without the line that names their subject.
  public var stripsDescriptions: Bool

  /// Makes the settings.
  public init(routeTokens: Int = 32, tasks: [String] = [], stripsDescriptions: Bool = false) {
    self.routeTokens = routeTokens
    self.tasks = tasks
    self.stripsDescriptions = stripsDescriptions
  }
}
