/// A part of the data; every sample belongs to exactly one.
public enum Split: String, Sendable, Hashable, Codable, CaseIterable {
  /// What profiles, histograms and clusters are fitted to.
  case calibration
  /// What routers are trained on.
  case routing
  /// What choices of k and of policies are made on.
  case validation
  /// What results are reported on.
  case test
}

/// What a stage does with the data that it sees, for the leakage rules.
public enum DataUse: Sendable, Hashable {
  /// Treats every sample on its own.
  case perSample
  /// Fits something to samples; may not see test data.
  case fitted
  /// Scores samples; may not score what something upstream was fitted to.
  case scored
  /// Only reads what others produced.
  case derived
}

/// A kind of work: typed parameters, typed inputs, one output.
///
/// One stage is one file. The spec's parameters decode into ``Params``; ``templates(_:_:)`` says
/// which tasks they make and what each asks for; ``run(_:_:_:)`` does the work of one task and sees
/// neither keys nor paths nor the cache.
public protocol Stage: Sendable {
  /// The parameters as the spec writes them.
  associatedtype Params: Codable & Sendable
  /// The parameters of one task, which are part of its key.
  associatedtype TaskParams: Codable & Sendable = Params
  /// The ports.
  associatedtype Inputs: StageInputs
  /// What a task produces.
  associatedtype Output: Artifact

  /// The kind's name in specs.
  static var kind: String { get }
  /// Raised whenever the results for the same key may change.
  static var version: Int { get }
  /// One sentence for `wina stages`.
  static var summary: String { get }
  /// Whether float results depend on the machine's kernels, so that the key names them.
  static var usesNumerics: Bool { get }
  /// What the stage does with data.
  static var dataUse: DataUse { get }
  /// Whether a run is for the sake of this stage, so that it is a target by itself.
  static var isTarget: Bool { get }
  /// The parameters, described: one for each coding key of ``Params``.
  static var parameters: [Parameter] { get }
  /// Ports that only templates bind, so that specs cannot name them.
  static var internalPorts: Set<String> { get }

  /// Returns what is wrong with parameters that decoded.
  static func validate(_ params: Params) -> [ParameterProblem]
  /// Whether one set of tasks serves all cells of the sweep.
  static func spansCells(_ params: Params) -> Bool
  /// Returns the tasks that the parameters make, each with what it asks for.
  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>]
  /// Returns what can be planned as the spec wires it, but probably does not show what it is to show.
  ///
  /// Asked of stages that have templates, in every cell; the planner shows them as warnings.
  static func warnings(_ params: Params, _ wiring: Wiring) -> [PlanProblem]
  /// Returns what a task needs of the machine.
  static func resources(for params: TaskParams) -> Resources
  /// Does the work of one task.
  static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> Output
}

extension Stage {
  public static var usesNumerics: Bool { false }
  public static var isTarget: Bool { false }
  public static var internalPorts: Set<String> { [] }
  public static func validate(_ params: Params) -> [ParameterProblem] { [] }
  public static func spansCells(_ params: Params) -> Bool { false }
  public static func warnings(_ params: Params, _ wiring: Wiring) -> [PlanProblem] { [] }
  public static func resources(for params: TaskParams) -> Resources { Resources() }
}

/// A parameter as people and editors see it.
public struct Parameter: Sendable, Hashable {
  /// What values a parameter takes.
  public indirect enum Kind: Sendable, Hashable {
    case bool
    /// An integer within bounds, both inclusive.
    case integer(ClosedRange<Int>)
    /// A number at least the first and below the second.
    case number(from: Double, below: Double)
    case string
    /// One of some words.
    case choice([String])
    case list(Kind)
    /// A map from names to values.
    case map(Kind)
    /// A map with known members.
    case record([Parameter])
    /// The name of a stage, or names of stages.
    case stage
    /// Anything.
    case any
  }

  /// The key in the spec.
  public let name: String
  /// What values it takes.
  public let kind: Kind
  /// The default, or `nil` for a parameter that must be given or may be absent.
  public let defaultValue: JSONValue?
  /// Whether the parameter must be given.
  public let isRequired: Bool
  /// One sentence.
  public let help: String

  /// Describes a parameter.
  public init(
    _ name: String, _ kind: Kind, default defaultValue: JSONValue? = nil, required: Bool = false,
    _ help: String
  ) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
    isRequired = required
    self.help = help
  }
}

/// Something wrong with a parameter that decoded, located by its path below the stage.
public struct ParameterProblem: Sendable, Hashable {
  /// The keys from the stage down to the value; empty for the stage itself.
  public var path: [String]
  /// The fact.
  public var message: String
  /// What to do.
  public var help: String?

  /// Makes a problem.
  public init(_ path: [String], _ message: String, help: String? = nil) {
    self.path = path
    self.message = message
    self.help = help
  }
}

/// A reason why a stage cannot, or should not, be planned as the spec wires it.
public struct PlanProblem: Error, Sendable, Hashable {
  /// A stable name, such as `plan.unknown-stage`.
  public var id: String
  /// Where, what, and what to do about it.
  public var problem: ParameterProblem
  /// Another stage and path that the message speaks of.
  public var related: Related?

  /// Another place that a problem speaks of.
  public struct Related: Sendable, Hashable {
    /// The stage's name.
    public var stage: String
    /// The path below it.
    public var path: [String]
    /// What is there.
    public var message: String

    /// Makes a related place.
    public init(stage: String, path: [String], message: String) {
      self.stage = stage
      self.path = path
      self.message = message
    }
  }

  /// Makes a problem.
  public init(
    _ id: String, _ path: [String], _ message: String, help: String? = nil, related: Related? = nil
  ) {
    self.id = id
    problem = ParameterProblem(path, message, help: help)
    self.related = related
  }
}
