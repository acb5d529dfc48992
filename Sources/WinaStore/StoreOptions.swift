/// How a store is opened.
public struct StoreOptions: Sendable {
  /// Monotonic seconds from any origin; only the staleness of leases depends on it.
  public var clock: @Sendable () -> Double
  /// How many threads pack, verify and fetch chunks where a call does not say.
  public var threads: Int
  /// After how long without a heartbeat another host's lease may be taken over.
  public var staleLeaseSeconds = 60.0
  /// How often a held lease shows that its owner lives.
  public var heartbeatSeconds = 10.0
  /// The most logical bytes that an artifact's tensors may have, checked before any allocation.
  public var maximumArtifactBytes = 8 << 30

  /// Makes options with a clock and a number of threads.
  public init(clock: @escaping @Sendable () -> Double, threads: Int = 1) {
    self.clock = clock
    self.threads = threads
  }
}
