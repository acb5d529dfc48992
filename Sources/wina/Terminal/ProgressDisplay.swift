import Dispatch
import Foundation
import Synchronization

/// Shows a run on standard error: live on a terminal, line by line in a pipe.
///
/// Thin by intent: what is shown is decided by ``ProgressState``, which tests can see.
final class ProgressDisplay: Sendable {
  private struct Screen {
    var state: ProgressState
    var drawnLines = 0
    var lastDrawn = -Double.infinity
    var isFinished = false
  }

  private let screen: Mutex<Screen>
  private let capabilities: TerminalCapabilities
  private let isQuiet: Bool
  private let clock: @Sendable () -> Double

  /// The shortest time between two drawings, in seconds.
  private static let interval = 0.1

  /// Starts a display.
  ///
  /// - Parameters:
  ///   - title: The name of the experiment.
  ///   - isQuiet: Whether only warnings and failures are shown.
  ///   - capabilities: What the terminal can do.
  ///   - clock: Seconds of a monotonic clock.
  init(
    title: String, isQuiet: Bool, capabilities: TerminalCapabilities = .standardError,
    clock: @escaping @Sendable () -> Double
  ) {
    screen = Mutex(Screen(state: ProgressState(title: title)))
    self.isQuiet = isQuiet
    self.capabilities = capabilities
    self.clock = clock
    if isLive { scheduleRedraw() }
  }

  /// Takes an event in and shows what it changes.
  func show(_ event: ProgressEvent) {
    screen.withLock { screen in
      screen.state.apply(event, at: clock())
      let isNews: Bool
      switch event {
      case .taskFinished: isNews = !isLive
      default: isNews = true
      }
      let lines = isNews ? screen.state.plainLines(event, isQuiet: isQuiet) : []
      if event == .finished { screen.isFinished = true }
      if isLive {
        draw(&screen, printing: lines, force: !lines.isEmpty || screen.isFinished)
      } else if !lines.isEmpty {
        write(lines.joined(separator: "\n") + "\n")
      }
    }
  }

  private var isLive: Bool { capabilities.isLive && !isQuiet }

  /// Keeps the clock of the display going while no events come.
  private func scheduleRedraw() {
    DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + 0.5) { [weak self] in
      guard let self else { return }
      let isFinished = screen.withLock { screen in
        draw(&screen, printing: [], force: false)
        return screen.isFinished
      }
      if !isFinished { scheduleRedraw() }
    }
  }

  /// Replaces the live lines, with new permanent lines above them.
  private func draw(_ screen: inout Screen, printing lines: [String], force: Bool) {
    let time = clock()
    guard force || (!screen.isFinished && time - screen.lastDrawn >= ProgressDisplay.interval)
    else { return }
    let live =
      screen.isFinished ? [] : screen.state.render(width: capabilities.width, at: time)
    var text = ""
    if screen.drawnLines > 0 { text += "\u{1B}[\(screen.drawnLines)A\r\u{1B}[0J" }
    for line in lines + live { text += line + "\n" }
    screen.drawnLines = live.count
    screen.lastDrawn = time
    if !text.isEmpty { write(text) }
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
