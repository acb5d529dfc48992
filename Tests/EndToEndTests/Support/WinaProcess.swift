import Foundation
import Glibc

/// The built `wina` program, started as users start it.
final class WinaProcess {
  /// What a finished program left.
  struct Outcome {
    /// The exit status; negative numbers are signals.
    var status: Int32
    var output: String
    var errors: String
    var seconds: Double

    var lastLine: Substring { output.split(separator: "\n").last ?? "" }
  }

  private let process = Process()
  private let outputPath: String
  private let errorPath: String
  private let start = ContinuousClock.now
  private let ended = DispatchSemaphore(value: 0)
  private let watchdog: DispatchWorkItem

  /// The program beside the test bundle, or `WINA_BINARY`.
  static let binary: String = {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["WINA_BINARY"], !path.isEmpty { return path }
    return URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("wina").path
  }()

  /// Starts the program; it is killed after ten minutes, which a server may have to wait for other tests.
  init(_ arguments: [String], in directory: String, environment: [String: String] = [:]) throws {
    let scratch = NSTemporaryDirectory() + "wina-output-" + UUID().uuidString
    outputPath = scratch + ".out"
    errorPath = scratch + ".err"
    for path in [outputPath, errorPath] { try Data().write(to: URL(fileURLWithPath: path)) }
    process.executableURL = URL(fileURLWithPath: WinaProcess.binary)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("WINA_") }
    all.merge(environment) { $1 }
    process.environment = all
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
    let ended = self.ended
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    let identifier = process.processIdentifier
    watchdog = DispatchWorkItem { kill(identifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 600, execute: watchdog)
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    unlink(outputPath)
    unlink(errorPath)
  }

  var isRunning: Bool { process.isRunning }

  /// What the program has written so far.
  var output: String {
    String(decoding: FileManager.default.contents(atPath: outputPath) ?? Data(), as: UTF8.self)
  }

  /// What the program has written to standard error so far.
  var errors: String {
    String(decoding: FileManager.default.contents(atPath: errorPath) ?? Data(), as: UTF8.self)
  }

  /// Waits until what the program has written satisfies a condition, or it ends, or a minute has
  /// passed; the kernel tells of everything that is written.
  func wait(until isMet: (WinaProcess) -> Bool) {
    let changes = inotify_init1(Int32(IN_CLOEXEC))
    defer { close(changes) }
    for path in [outputPath, errorPath] { inotify_add_watch(changes, path, UInt32(IN_MODIFY)) }
    let end = ContinuousClock.now + .seconds(60)
    var ignored = [UInt8](repeating: 0, count: 4096)
    while isRunning, !isMet(self), ContinuousClock.now < end {
      // Woken without a change twice a second, to see whether the program has ended.
      var event = pollfd(fd: changes, events: Int16(POLLIN), revents: 0)
      if poll(&event, 1, 500) > 0 { _ = read(changes, &ignored, ignored.count) }
    }
  }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits for the end.
  func wait() -> Outcome {
    ended.wait()
    ended.signal()
    watchdog.cancel()
    let seconds = (ContinuousClock.now - start).components
    return Outcome(
      status: process.terminationReason == .exit
        ? process.terminationStatus : -process.terminationStatus,
      output: output, errors: errors,
      seconds: Double(seconds.seconds) + Double(seconds.attoseconds) * 1e-18)
  }
}
