import Foundation
import Synchronization
import Testing
import WinaDiagnostics
import WinaExecution
import WinaPipeline
import WinaPlan
import WinaSpec
import WinaStore
import WinaTestSupport

/// A number in an artifact.
struct NumberArtifact: Artifact {
  static let format = "test.number/v1"
  var value: Int
  /// Bytes of ballast, so that chunks exist.
  var ballast: [UInt8] = []

  func encoded() throws -> ArtifactPayload {
    ArtifactPayload(
      metadata: .object(["value": .int(value)]),
      tensors: [
        try ArtifactTensor(
          name: "ballast", elementType: "U8", shape: [ballast.count], bytes: ballast)
      ])
  }

  init(value: Int, ballast: [UInt8] = []) {
    self.value = value
    self.ballast = ballast
  }

  init(decoding payload: ArtifactPayload) throws {
    guard case .int(let value) = payload.metadata["value"] else {
      throw ArtifactError("there is no value")
    }
    self.value = value
    ballast = try payload.tensor("ballast").bytes
  }
}

/// What stages of the tests do besides adding up numbers.
final class StageProbe: Sendable {
  private let entered = Mutex<[String]>([])
  private let hooks = Mutex<[String: @Sendable (any StageContext) throws -> Void]>([:])

  /// The names of the tasks that ran, in the order in which they began.
  var runs: [String] { entered.withLock { $0 } }

  func reset() { entered.withLock { $0 = [] } }

  /// Calls a function whenever the named task runs.
  func on(_ name: String, _ hook: @escaping @Sendable (any StageContext) throws -> Void) {
    hooks.withLock { $0[name] = hook }
  }

  func enter(_ name: String, _ context: any StageContext) throws {
    entered.withLock { $0.append(name) }
    if let hook = hooks.withLock({ $0[name] ?? $0["*"] }) { try hook(context) }
  }
}

/// The probes of the tests by a key in the parameters, so that stages need no state of their own.
final class ProbeTable: Sendable {
  static let shared = ProbeTable()
  private let probes = Mutex<[Int: StageProbe]>([:])

  func add() -> (key: Int, probe: StageProbe) {
    probes.withLock { probes in
      let probe = StageProbe()
      let key = probes.count
      probes[key] = probe
      return (key, probe)
    }
  }

  subscript(_ key: Int) -> StageProbe? { probes.withLock { $0[key] } }
}

/// Adds a number to the sum of its inputs, and rounds down to a multiple.
enum SumStage: Stage {
  static let kind = "sum"
  static let version = 1
  static let summary = "Adds numbers."
  static let dataUse = DataUse.derived
  static let parameters: [Parameter] = []

  struct Params: Codable, Sendable {
    /// What the probe knows the task as.
    var label: String
    var add: Int
    var step: Int
    var ballast: Int
    var probe: Int
    /// Not part of the result; a way to change a key alone.
    var note: String
    var threads: Int
    var blocking: Bool
    var code: [String]
    /// Whether there is a task for every shard of the test split, which counts its records.
    var counts: Bool
  }

  struct Inputs: StageInputs {
    var numbers: [Ref<NumberArtifact>]
    var records: LeafRef<SampleRecords>?
    var files: [LeafRef<PlainFiles>]

    init(_ ports: inout PortReader) throws(ArtifactError) {
      numbers = try ports.read("numbers")
      records = try ports.read("records")
      files = try ports.read("files")
    }
  }

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<Params>] {
    let requests = (wiring.stage.inputs["numbers"] ?? []).map { name in
      let isCount = wiring.stages[name]?.params["counts"] == .bool(true)
      return ArtifactRequest(name, isCount ? .split(.test) : .whole)
    }
    var inputs: [String: PortRequest] = [
      "numbers": .artifacts(requests), "files": .files(params.code),
    ]
    if params.counts { inputs["records"] = .records }
    return [
      TaskTemplate(
        params: params, inputs: inputs, fanOut: params.counts ? .perShard(asTarget: .test) : .once)
    ]
  }

  static func resources(for params: Params) -> Resources {
    Resources(threads: params.threads, memory: 1, isBlocking: params.blocking)
  }

  static func run(
    _ params: Params, _ inputs: Inputs, _ context: any StageContext
  ) throws -> NumberArtifact {
    try ProbeTable.shared[params.probe]?.enter(params.label, context)
    var sum = params.add
    for number in inputs.numbers { sum += try context.load(number).value }
    if let shard = inputs.records { sum += try context.records(shard).count }
    for file in inputs.files { sum += try context.readFile(file.leaf.location)?.count ?? 0 }
    sum -= sum % params.step
    let ballast = (0..<params.ballast).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ sum) }
    return NumberArtifact(value: sum, ballast: ballast)
  }
}

/// A graph of sums, its cache and its workspace.
struct PlanFixture: Sendable {
  /// A stage of the spec to be planned.
  struct Node: Sendable {
    var name: String
    var inputs: [String] = []
    var label: String?
    /// A number, or a variable such as `"${x}"`.
    var add: String = "1"
    var ballast = 64
    var note = ""
    var threads = 1
    var isBlocking = false
    var code: [String] = []
    var counts = false

    init(
      _ name: String, _ inputs: [String] = [], add: Int = 1, ballast: Int = 64, note: String = "",
      label: String? = nil, threads: Int = 1, isBlocking: Bool = false, code: [String] = [],
      counts: Bool = false
    ) {
      self.name = name
      self.inputs = inputs
      self.add = String(add)
      self.ballast = ballast
      self.note = note
      self.label = label
      self.threads = threads
      self.isBlocking = isBlocking
      self.code = code
      self.counts = counts
    }

    func line(probe: Int) -> String {
      let members = [
        "kind: sum", "numbers: [\(inputs.joined(separator: ", "))]",
        "label: \"\(label ?? name)\"", "add: \(add)", "step: 1", "ballast: \(ballast)",
        "probe: \(probe)", "note: \"\(note)\"", "threads: \(threads)", "blocking: \(isBlocking)",
        "code: [\(code.joined(separator: ", "))]", "counts: \(counts)",
      ]
      return "  \(name): {\(members.joined(separator: ", "))}\n"
    }
  }

  let directory: TemporaryDirectory
  let probe: StageProbe
  private let probeKey: Int

  init() throws {
    directory = try TemporaryDirectory()
    (probeKey, probe) = ProbeTable.shared.add()
  }

  static let clock = RunClock(
    seconds: { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 },
    now: { Date().timeIntervalSince1970 })

  static let registry = StageRegistry([SumStage.self])

  func store(remote: (any RemoteTier)? = nil) throws -> ArtifactStore {
    try ArtifactStore(
      root: directory.file("store"), options: StoreOptions(clock: PlanFixture.clock.seconds),
      remote: remote)
  }

  /// Plans nodes.
  func graph(
    _ nodes: [Node], targets: [String], inventory: Inventory = Inventory(), sweep: String = ""
  ) throws -> TaskGraph {
    let text =
      "experiment: test\nstages:\n" + nodes.map { $0.line(probe: probeKey) }.joined() + sweep
    let parsed = ExperimentSpec.parse(source: SourceFile(path: "test.yaml", text: text)) {
      path, _ in
      SourceFile(path: path, text: "")
    }
    let spec = try #require(parsed.spec, "\(parsed.diagnostics.map(\.message))")
    let plan = Planner.plan(
      spec, registry: PlanFixture.registry,
      options: PlanOptions(numericsClass: "test", only: targets)
    ) { _ in inventory }
    return try #require(plan.graph, "\(plan.diagnostics.map(\.message))")
  }

  func options(
    jobs: Int = 2, keepGoing: Bool = false, forced: Set<TaskID> = []
  ) -> RunOptions {
    RunOptions(
      jobs: jobs, memory: 1 << 30, keepGoing: keepGoing, forced: forced, host: "test",
      scratch: directory.file("scratch"))
  }

  func runner(
    _ graph: TaskGraph, store: ArtifactStore, inputs: RunInputs = .none,
    options: RunOptions? = nil, cancellation: CancellationToken = CancellationToken(),
    events: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) -> Runner {
    Runner(
      graph: graph, registry: PlanFixture.registry, store: store, inputs: inputs,
      options: options ?? self.options(), clock: PlanFixture.clock, cancellation: cancellation,
      events: events)
  }
}

extension RunOutcome {
  /// The names of the tasks that ended in a way, in the order of the graph.
  func names(_ status: TaskStatus) -> [String] {
    tasks.filter { $0.status == status }.map(\.name)
  }
}
