/// A record of the data: one sample's bytes with what the inventory knows of it.
public struct SampleRecord: Sendable, Hashable {
  /// The digest of the record's bytes, which is the sample's identity.
  public let digest: ContentDigest
  /// The label: the document set, or the task's name.
  public let label: String
  /// The record: a line of JSON, or for `isPlainText` the document itself.
  public let bytes: [UInt8]
  /// Whether the record is a whole text rather than a line of JSON.
  public let isPlainText: Bool
  /// How the record is read: a benchmark task by name, the definition of one as JSON, ``suite``,
  /// ``samples``, or `nil` for documents.
  public let task: String?
  /// Where it came from, such as `piqa/validation.jsonl:12`, for messages.
  public let origin: String

  /// What ``task`` is for the records of a suite.
  public static let suite = "suite"
  /// What ``task`` is for the lines of a samples file of lm-evaluation-harness.
  public static let samples = "samples"

  /// Makes a record.
  public init(
    digest: ContentDigest, label: String, bytes: [UInt8], isPlainText: Bool, task: String?,
    origin: String
  ) {
    self.digest = digest
    self.label = label
    self.bytes = bytes
    self.isPlainText = isPlainText
    self.task = task
    self.origin = origin
  }
}

/// A program that a task runs.
public struct ProcessInvocation: Sendable, Hashable {
  /// The command line, given to `/bin/sh -c`.
  public var command: String
  /// The working directory.
  public var directory: String
  /// The whole environment.
  public var environment: [String: String]

  /// Makes an invocation.
  public init(command: String, directory: String, environment: [String: String]) {
    self.command = command
    self.directory = directory
    self.environment = environment
  }
}

/// How a program ended.
public struct ProcessOutcome: Sendable, Hashable {
  /// The exit status; 128 + n for a program killed by signal n.
  public var status: Int32
  /// The end of what it wrote to standard output and standard error.
  public var log: String

  /// Makes an outcome.
  public init(status: Int32, log: String) {
    self.status = status
    self.log = log
  }
}

/// What a running task may ask of its surroundings, and nothing else.
public protocol StageContext: Sendable {
  /// Threads that the task was granted.
  var threads: Int { get }
  /// The machine's name.
  var host: String { get }

  /// Seconds on a clock that never goes back, for stages whose results are times.
  func seconds() -> Double

  /// Returns an input artifact, verified.
  func load<Value: Artifact>(_ reference: Ref<Value>) throws -> Value

  /// Returns the records of a shard, verified against the inventory.
  func records(_ reference: LeafRef<SampleRecords>) throws -> [SampleRecord]

  /// Returns the value that was made before under the same key, or makes it once.
  ///
  /// For things that are costly to load and the same for many tasks, such as a model. The key must
  /// hold a content digest.
  func shared<Value: Sendable>(_ key: String, _ make: () throws -> Value) throws -> Value

  /// Says how far the task is.
  func progress(_ done: Int, of total: Int)

  /// Throws when the run is being cancelled; called between samples.
  func checkCancellation() throws

  /// A directory of the task's own, empty at first and removed afterwards.
  func scratchDirectory() throws -> String

  /// Writes a loaded artifact as a file that other programs read (safetensors or JSON).
  func export(_ digest: ContentDigest, format: String, to path: String) throws

  /// Returns the bytes of a file of the scratch directory, or `nil` where there is none.
  func readFile(_ path: String) throws -> [UInt8]?

  /// Runs a program to its end, killing it when the run is cancelled.
  func runProcess(_ invocation: ProcessInvocation) throws -> ProcessOutcome
}
