import Foundation

/// What the other end of a file descriptor can show.
package struct TerminalCapabilities: Sendable, Hashable {
  /// Whether lines can be drawn over.
  package var isLive: Bool
  /// Whether colours are wanted.
  package var usesColor: Bool
  /// The columns.
  package var width: Int

  /// Makes capabilities.
  package init(isLive: Bool, usesColor: Bool, width: Int) {
    self.isLive = isLive
    self.usesColor = usesColor
    self.width = width
  }

  /// Derives the capabilities from what the system and the environment say.
  ///
  /// `NO_COLOR` (of any value but an empty one) and `TERM=dumb` turn colours off; `COLUMNS` is used
  /// where the terminal does not tell its width.
  package init(isTerminal: Bool, columns: Int?, environment: [String: String]) {
    let isDumb = environment["TERM"] == "dumb"
    let refusesColor = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    isLive = isTerminal && !isDumb
    usesColor = isLive && !refusesColor
    width = columns ?? environment["COLUMNS"].flatMap { Int($0) } ?? (isTerminal ? 80 : 120)
  }

  /// The capabilities of standard output.
  package static var standardOutput: TerminalCapabilities { capabilities(of: STDOUT_FILENO) }

  /// The capabilities of standard error.
  package static var standardError: TerminalCapabilities { capabilities(of: STDERR_FILENO) }

  private static func capabilities(of descriptor: Int32) -> TerminalCapabilities {
    let isTerminal = isatty(descriptor) == 1
    var size = winsize()
    let isKnown = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return TerminalCapabilities(
      isTerminal: isTerminal, columns: isKnown ? Int(size.ws_col) : nil,
      environment: ProcessInfo.processInfo.environment)
  }
}
