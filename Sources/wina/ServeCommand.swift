import ArgumentParser
import Dispatch
import Foundation
import Synchronization
import WinaExecution
import WinaPipeline
import WinaServer

/// `wina serve`: the runs of the workspace in a browser.
struct ServeCommand: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve the runs of this workspace over HTTP, read-only.",
    discussion: "Serves until Ctrl-C, and ends with code 130.")

  @Argument(help: "A spec, or a folder, whose workspace to serve (default: the working directory).")
  var place: String?

  @Option(help: "The address to listen on: an IP address, or localhost.")
  var host: ListeningHost = .loopback

  @Option(help: "The port to listen on; 0 for any that is free.")
  var port: UInt16 = 8642

  @Flag(help: "Print the URL as a JSON line on standard output.")
  var json = false

  func perform() throws {
    let server = RunServer(workspace: try workspace().state, host: host, port: port)
    if !host.isLoopback {
      StandardError.write("warning: whoever can reach this machine can read its runs\n")
    }
    try serve(server)
    throw ExitCode(130)
  }

  private func workspace() throws -> Workspace {
    guard let place else { return Workspace(spec: nil, cache: nil) }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) else {
      throw ExecutionError(
        .missingFile, "there is no spec or folder '\(place)'", hint: "check the path")
    }
    return Workspace(spec: isFolder.boolValue ? place + "/-" : place, cache: nil)
  }

  /// Blocks this thread until Ctrl-C; a second one kills the program.
  private func serve(_ server: RunServer) throws {
    let ended = DispatchSemaphore(value: 0)
    let failure = Mutex<ServerError?>(nil)
    let announce = announcement
    let task = Task {
      do throws(ServerError) {
        try await server.run(listening: announce)
      } catch {
        failure.withLock { $0 = error }
      }
      ended.signal()
    }
    let signals = InterruptSignals {
      task.cancel()
      signal(SIGINT, SIG_DFL)
    }
    ended.wait()
    signals.stop()
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  private var announcement: @Sendable (String) -> Void {
    guard json else { return { StandardError.write("listening on \($0) (Ctrl-C ends it)\n") } }
    return { url in
      let line: [String: JSONValue] = ["type": .string("listening"), "url": .string(url)]
      StandardOutput.write(JSONValue.object(line).canonicalText + "\n")
    }
  }
}

extension ListeningHost: ExpressibleByArgument {
  /// Reads the value of an option.
  public init?(argument: String) { self.init(argument) }

  public var defaultValueDescription: String { "127.0.0.1" }
}
