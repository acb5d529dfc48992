/// What a task asks of the machine: minima for admission, never part of a key.
public struct Resources: Sendable, Hashable {
  /// Threads that the task may use at once.
  public var threads: Int
  /// Peak memory in bytes.
  public var memory: Int
  /// Whether the task waits for another program instead of computing, and needs its own thread.
  public var isBlocking: Bool

  /// Makes a request for threads and memory.
  public init(threads: Int = 1, memory: Int = 256 << 20, isBlocking: Bool = false) {
    self.threads = threads
    self.memory = memory
    self.isBlocking = isBlocking
  }
}
