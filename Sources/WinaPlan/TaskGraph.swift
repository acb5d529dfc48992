import WinaPipeline

/// The position of a task in its graph.
public struct TaskID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The index into ``TaskGraph/tasks``.
  public let index: Int

  /// Makes an identifier of the task at an index.
  public init(_ index: Int) { self.index = index }

  public static func < (left: TaskID, right: TaskID) -> Bool { left.index < right.index }
  public var description: String { "#\(index)" }
}

/// What an input of a planned task is bound to.
public enum InputSource: Hashable, Sendable {
  /// The artifact of another task.
  case task(TaskID)
  /// Something that exists before the run.
  case leaf(Leaf)
}

/// An input port of a planned task.
public struct PlannedInput: Hashable, Sendable {
  /// The port's name.
  public var port: String
  /// What it is bound to, in order.
  public var sources: [InputSource]

  /// Makes an input.
  public init(port: String, sources: [InputSource]) {
    self.port = port
    self.sources = sources
  }
}

/// One node of the graph: a stage with its parameters and inputs bound.
public struct PlannedTask: Sendable, Hashable {
  /// The position in the graph.
  public var id: TaskID
  /// The name, `stage.item[var=value]#split/shard`, each part only where it applies.
  public var name: String
  /// The stage's name in the spec.
  public var stage: String
  /// The item, such as an arm.
  public var item: String?
  /// The stage's kind.
  public var kind: String
  /// The canonical parameters.
  public var params: JSONValue
  /// The inputs in the order of the stage's ports.
  public var inputs: [PlannedInput]
  /// The format of the artifact.
  public var format: String
  /// What it needs of the machine.
  public var resources: Resources
  /// The identity before anything runs.
  public var planKey: PlanKey
  /// The stage's version.
  public var version: Int
  /// What may change the bits elsewhere, for stages that declare it.
  public var numericsClass: String?
  /// The values on the axes of the sweep that the task depends on.
  public var assignment: [String: JSONValue]
  /// The shard's name, for tasks that work on one.
  public var shard: String?
  /// Whether the task's stage or anything upstream saw what it should not have (`leaky: true`).
  public var isLeaky: Bool

  /// The tasks that this one takes artifacts of, without repetition, in order.
  public var dependencies: [TaskID] {
    var seen: Set<TaskID> = []
    return inputs.flatMap(\.sources).compactMap { source in
      guard case .task(let id) = source, seen.insert(id).inserted else { return nil }
      return id
    }
  }
}

/// The typed, content-addressed graph of everything that a spec asks for.
///
/// Invariants: tasks are in topological order, so a task's dependencies have lower indices; no two
/// tasks have the same plan key.
public struct TaskGraph: Sendable {
  /// The tasks, each after those it depends on.
  public let tasks: [PlannedTask]
  /// The tasks that the run is for.
  public let targets: [TaskID]

  /// Makes a graph.
  public init(tasks: [PlannedTask], targets: [TaskID]) {
    self.tasks = tasks
    self.targets = targets
  }

  /// Returns a task.
  public subscript(_ id: TaskID) -> PlannedTask { tasks[id.index] }

  /// Returns the named parts of a task's action key, once the digests of its inputs are known.
  ///
  /// - Parameters:
  ///   - id: The task.
  ///   - output: Returns the content digest of a dependency's artifact.
  public func actionParts(of id: TaskID, output: (TaskID) -> ContentDigest) -> KeyParts {
    let task = self[id]
    let inputs = task.inputs.map { input in
      KeyParts.Input(
        port: input.port,
        digests: input.sources.map { source in
          switch source {
          case .task(let dependency): output(dependency)
          case .leaf(let leaf): leaf.digest
          }
        })
    }
    return KeyParts(
      kind: task.kind, version: task.version, numericsClass: task.numericsClass,
      params: task.params, inputs: inputs)
  }

  /// Returns the bindings that a task runs with, once the digests of its inputs are known.
  public func bindings(
    of id: TaskID, output: (TaskID) -> ContentDigest
  ) -> [String: [BoundInput]] {
    var bindings: [String: [BoundInput]] = [:]
    for input in self[id].inputs {
      bindings[input.port] = input.sources.map { source in
        switch source {
        case .task(let dependency): .artifact(output(dependency))
        case .leaf(let leaf): .leaf(leaf)
        }
      }
    }
    return bindings
  }
}
