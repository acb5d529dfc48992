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

  /// Turns Ctrl-C into draining, and a second one into killing.
  init(_ cancellation: CancellationToken) {
    self.init {
      switch cancellation.state {
      case .running:
        cancellation.drain()
        StandardError.write("\nfinishing what runs; press Ctrl-C again to kill it\n")
      default: cancellation.kill()
      }
    }
  }

  /// Gives Ctrl-C its usual meaning back.
  func stop() {
    source.cancel()
    signal(SIGINT, SIG_DFL)
  }
}
