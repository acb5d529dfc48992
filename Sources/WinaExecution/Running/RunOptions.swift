import WinaPlan

/// What a run may use and how it behaves.
public struct RunOptions: Sendable {
  /// Threads in use at once.
  public var jobs: Int
  /// Memory in use at once, in bytes, as tasks declare it.
  public var memory: Int
  /// Whether tasks that a failure does not concern still run.
  public var keepGoing: Bool
  /// Tasks to run although they are cached, to compare what they give.
  public var forced: Set<TaskID>
  /// The name of this host, for records.
  public var host: String
  /// The folder for the tasks' own directories.
  public var scratch: String
  /// The most bytes of decoded artifacts, and again of decompressed data, to keep in memory.
  public var decodedBytes: Int

  /// Makes options.
  public init(
    jobs: Int, memory: Int, keepGoing: Bool = false, forced: Set<TaskID> = [], host: String,
    scratch: String, decodedBytes: Int = 256 << 20
  ) {
    self.jobs = max(1, jobs)
    self.memory = max(0, memory)
    self.keepGoing = keepGoing
    self.forced = forced
    self.host = host
    self.scratch = scratch
    self.decodedBytes = decodedBytes
  }
}
