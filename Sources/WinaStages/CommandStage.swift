import WinaDiagnostics
import WinaPipeline

/// Runs any program on artifacts of other stages and keeps the file that it writes.
///
/// `{in.NAME}` stands for a file, or a folder of files, with the artifacts of stage NAME; `{out}` for
/// the file that the program must write; `{code.N}` for the N-th code file. The program sees only the
/// declared environment. A program that ends with another status than 0, or without writing
/// `{out}`, fails the task.
///
/// Version 1. Raise the version when the same command and inputs may be run differently.
public enum CommandStage: Stage {
  public static let kind = "command"
  public static let version = 1
  public static let summary = "Runs any program on artifacts of other stages."
  public static let dataUse = DataUse.derived
  public static let isTarget = true
  public static let internalPorts: Set<String> = ["artifacts", "files"]

  /// What a spec may set.
  public struct Params: Codable, Sendable {
    var run: String
    var inputs: [String]
    var code: [String]
    var env: OrderedMap<String>
    var gather: Bool
    var split: Split

    enum CodingKeys: String, CodingKey { case run, inputs, code, env, gather, split }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      run = try container.decode(String.self, forKey: .run)
      inputs = try container.decodeIfPresent([String].self, forKey: .inputs) ?? []
      code = try container.decodeIfPresent([String].self, forKey: .code) ?? []
      env = try container.decodeIfPresent(OrderedMap<String>.self, forKey: .env) ?? [:]
      gather = try container.decodeIfPresent(Bool.self, forKey: .gather) ?? false
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .test
    }
  }

  /// What the program's output depends on besides its inputs.
  public struct TaskParams: Codable, Sendable {
    var run: String
    var env: [String: String]
    /// For each artifact of the port, in order: the input's name, the file's name and its format.
    var files: [File]
    var codeCount: Int

    /// One entry of the port: the artifact of a stage, or those of all shards.
    struct File: Codable, Sendable, Hashable {
      var input: String
      var name: String
      var format: String
      var isSharded: Bool
    }
  }

  /// Artifacts of any format, and code files.
  public struct Inputs: StageInputs {
    var artifacts: [Ref<AnyArtifact>]
    var files: [LeafRef<PlainFiles>]

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      artifacts = try ports.read("artifacts")
      files = try ports.read("files")
    }
  }

  public static let parameters = [
    Parameter("run", .string, required: true, "The command line, run by the shell."),
    Parameter("inputs", .list(.stage), default: .array([]), "Stages whose artifacts it reads."),
    Parameter(
      "code", .list(.string), default: .array([]),
      "Files that the program consists of; a change of one reruns it."),
    Parameter("env", .map(.string), default: .object([:]), "Environment variables it sees."),
    Parameter("gather", .bool, default: .bool(false), "Whether to run once over all cells."),
    Parameter(
      "split", .choice(Split.allCases.map(\.rawValue)), default: .string("test"),
      "The part of the data whose shards it reads."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    var problems: [ParameterProblem] = []
    if !params.run.contains("{out}") {
      problems.append(
        ParameterProblem(
          ["run"], "the command does not say where it writes", help: "write `{out}` for the file"))
    }
    for input in params.inputs where !params.run.contains("{in.\(input)}") {
      problems.append(
        ParameterProblem(
          ["inputs"], "the command does not use input '\(input)'",
          help: "write `{in.\(input)}` in the command, or remove the input"))
    }
    return problems
  }

  public static func spansCells(_ params: Params) -> Bool { params.gather }

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    var files: [TaskParams.File] = []
    var requests: [ArtifactRequest] = []
    for input in params.inputs {
      guard let stage = wiring.stages[input], input != wiring.stage.name else {
        throw PlanProblem(
          "plan.unknown-stage", ["inputs"], "there is no stage '\(input)' to read",
          help: "stages: "
            + wiring.stages.keys.filter { $0 != wiring.stage.name }.sorted()
            .joined(separator: ", "))
      }
      let cells = params.gather ? wiring.cells.map { Optional($0.index) } : [nil]
      let spans = stage.kind == CompareStage.kind
      for cell in spans ? [cells[0]] : cells {
        for (item, request) in CommandStage.requests(stage, params.split, cell: cell) {
          let parts = [cell.map { "cell\($0)" }, item].compactMap { $0 }
          files.append(
            .init(
              input: input, name: parts.isEmpty ? input : parts.joined(separator: "."),
              format: stage.kind, isSharded: request.scope == .split(params.split)))
          requests.append(request)
        }
      }
    }
    return [
      TaskTemplate(
        params: TaskParams(
          run: params.run,
          env: Dictionary(params.env.entries.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 }),
          files: files, codeCount: params.code.count),
        inputs: ["artifacts": .artifacts(requests), "files": .files(params.code)], fanOut: .once)
    ]
  }

  /// The artifacts of a stage that a command reads: all arms and all shards of the split.
  private static func requests(
    _ stage: WiredStage, _ split: Split, cell: Int?
  ) -> [(item: String?, request: ArtifactRequest)] {
    switch stage.kind {
    case EvaluateStage.kind:
      return ComparisonLayout.arms(of: stage).map { arm in
        (arm.name, ArtifactRequest(stage.name, item: arm.name, .split(split), cell: cell))
      }
    case TokenizeStage.kind, CaptureStage.kind:
      return [(nil, ArtifactRequest(stage.name, .split(split), cell: cell))]
    default:
      return [(nil, ArtifactRequest(stage.name, .whole, cell: cell))]
    }
  }

  public static func resources(for params: TaskParams) -> Resources {
    Resources(threads: 1, memory: 256 << 20, isBlocking: true)
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> CommandOutput {
    let directory = try context.scratchDirectory()
    var command = params.run
    let shards = try shardCount(of: params.files, artifacts: inputs.artifacts.count)
    var paths: [String: [String]] = [:]
    var references = inputs.artifacts[...]
    for file in params.files {
      for shard in 0..<(file.isSharded ? shards : 1) {
        guard let reference = references.popFirst() else { break }
        let name = file.isSharded && shards > 1 ? "\(file.name).\(shard)" : file.name
        let path = "\(directory)/\(file.input)/\(name)"
        try context.export(reference.digest, format: file.format, to: path)
        paths[file.input, default: []].append(path)
      }
    }
    for (input, files) in paths.sorted(by: { $0.key < $1.key }) {
      let path = files.count == 1 ? files[0] : "\(directory)/\(input)"
      command = command.replacing("{in.\(input)}", with: quoted(path))
    }
    for (index, file) in inputs.files.enumerated() {
      command = command.replacing("{code.\(index)}", with: quoted(file.leaf.location))
    }
    let output = directory + "/out"
    command = command.replacing("{out}", with: quoted(output))
    let outcome = try context.runProcess(
      ProcessInvocation(command: command, directory: directory, environment: params.env))
    guard outcome.status == 0 else {
      throw CommandFailure(
        message: "the command ended with status \(outcome.status)", log: outcome.log)
    }
    guard let bytes = try context.readFile(output) else {
      throw CommandFailure(message: "the command did not write {out}", log: outcome.log)
    }
    return CommandOutput(bytes: bytes)
  }

  /// Returns how many shards the split has, all entries that are sharded having as many.
  private static func shardCount(of files: [TaskParams.File], artifacts: Int) throws -> Int {
    let sharded = files.filter(\.isSharded).count
    let rest = artifacts - (files.count - sharded)
    guard sharded == 0 ? rest == 0 : rest >= 0 && rest % sharded == 0 else {
      throw ArtifactError(
        "\(artifacts) artifacts do not divide over \(sharded) sharded inputs of a command")
    }
    return sharded == 0 ? 0 : rest / sharded
  }

  /// Returns a path as one word of the shell.
  private static func quoted(_ path: String) -> String {
    "'" + path.replacing("'", with: "'\\''") + "'"
  }
}

/// A command that failed, with the end of what it wrote.
public struct CommandFailure: Error, Sendable, CustomStringConvertible {
  /// What went wrong.
  public var message: String
  /// The end of its standard output and standard error.
  public var log: String

  public var description: String { log.isEmpty ? message : "\(message); it wrote:\n\(log)" }
}
