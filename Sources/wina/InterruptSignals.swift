import Dispatch
import Foundation
import WinaExecution

/// Hears Ctrl-C.
struct InterruptSignals {
  private let source: any DispatchSourceSignal

  /// Calls a function at every Ctrl-C, on a queue of its own.
  init(_ interrupted: @escaping @Sendable () -> Void) {
    signal(SIGINT, SIG_IGN)
    // A queue of its own has a thread of its own, also while tasks hold all the shared ones.
    let queue = DispatchQueue(label: "wina.interrupts", qos: .userInteractive)
    source = DispatchSource.makeSignalSource(signal: SIGINT, queue: queue)
    source.setEventHandler(handler: interrupted)
    source.resume()
  }

  /// Turns Ctrl-C into draining, a second one into killing, and a third into an end at once, for tasks that
  /// do not hear of it: what the cache holds stays whole, as it does when a process is killed.
  init(_ cancellation: CancellationToken) {
    self.init {
      switch cancellation.state {
      case .running:
        cancellation.drain()
        StandardError.write("\nfinishing what runs; press Ctrl-C again to kill it\n")
      case .draining: cancellation.kill()
      case .killed: _exit(130)
      }
    }
  }

  /// Gives Ctrl-C its usual meaning back.
  func stop() {
    source.cancel()
    signal(SIGINT, SIG_DFL)
  }
}
