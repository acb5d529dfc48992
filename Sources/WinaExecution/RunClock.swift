/// The clocks that a run is timed with, passed in by the program.
public struct RunClock: Sendable {
  /// Monotonic seconds from any origin.
  public let seconds: @Sendable () -> Double
  /// Seconds since 1970.
  public let now: @Sendable () -> Double

  /// Wraps two clocks.
  public init(
    seconds: @escaping @Sendable () -> Double, now: @escaping @Sendable () -> Double
  ) {
    self.seconds = seconds
    self.now = now
  }
}
