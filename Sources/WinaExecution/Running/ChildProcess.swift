import Dispatch
import Foundation
import Glibc
import Synchronization
import WinaPipeline

/// Runs a program for a task, with the end of what it says, and kills its whole process group when
/// the run is killed.
enum ChildProcess {
  private static let logLimit = 64 << 10
  private static let grace = 2.0

  /// Runs a program to its end; blocks the calling thread.
  ///
  /// - Throws: ``RunKilled`` when the run was killed meanwhile; what `Process` throws when the
  ///   program cannot be started.
  static func run(
    _ invocation: ProcessInvocation, cancellation: CancellationToken
  ) throws -> ProcessOutcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", invocation.command]
    process.currentDirectoryURL = URL(fileURLWithPath: invocation.directory, isDirectory: true)
    process.environment = invocation.environment
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let group = process.processIdentifier
    let ending = HasEnded()
    let observer = cancellation.observe { state in
      guard state == .killed else { return }
      ending.signal(group, SIGTERM)
      DispatchQueue.global().asyncAfter(deadline: .now() + grace) {
        ending.signal(group, SIGKILL)
      }
    }
    defer { cancellation.remove(observer) }
    let log = try tail(of: output.fileHandleForReading)
    process.waitUntilExit()
    ending.set()
    if cancellation.state == .killed { throw RunKilled() }
    let status =
      process.terminationReason == .uncaughtSignal
      ? 128 + process.terminationStatus : process.terminationStatus
    return ProcessOutcome(status: status, log: String(decoding: log, as: UTF8.self))
  }

  private static func tail(of handle: FileHandle) throws -> Data {
    var log = Data()
    while let piece = try handle.read(upToCount: logLimit), !piece.isEmpty {
      log.append(piece)
      if log.count > 2 * logLimit { log = Data(log.suffix(logLimit)) }
    }
    return Data(log.suffix(logLimit))
  }

  /// Guards against signalling a group whose number may belong to others by now.
  private final class HasEnded: Sendable {
    private let isEnded = Mutex(false)

    func set() { isEnded.withLock { $0 = true } }

    func signal(_ group: pid_t, _ number: Int32) {
      isEnded.withLock { isEnded in
        if !isEnded { kill(-group, number) }
      }
    }
  }
}

/// The run is being killed; thrown through stages.
struct RunKilled: Error, CustomStringConvertible {
  var description: String { "the run was cancelled" }
}
