import ArgumentParser
import WinaPipeline

/// `wina doctor`: whether this machine and this folder are fit for a run.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the machine, the cache, the models and the remote.",
    discussion: "Ends with code 3 if something would keep runs from working.")

  @Option(help: "The cache directory.")
  var cache: String?

  @Option(help: "The shared directory of a team.")
  var remote: String?

  @Flag(help: "Print JSON lines instead of text.")
  var json = false

  func run() throws {
    let checks = DoctorChecks(cache: cache, remote: remote).all()
    for check in checks {
      if json {
        StandardOutput.write(check.json.canonicalText + "\n")
      } else {
        StandardOutput.write(check.line)
      }
    }
    if checks.contains(where: { $0.status == .fault }) { throw ExitCode(3) }
  }
}

/// What one check found.
struct DoctorCheck: Sendable {
  /// How bad it is.
  enum Status: String, Sendable {
    case fine = "ok"
    case warning
    case fault
  }

  var name: String
  var status: Status
  /// The fact.
  var fact: String
  /// What to do, where something is wrong.
  var hint: String?

  /// The finding as a line of text, with the hint on one of its own.
  var line: String {
    let head = "\(status.rawValue): ".padding(to: 9) + "\(name): ".padding(to: 9)
    return head + fact + "\n" + (hint.map { "                  \($0)\n" } ?? "")
  }

  /// The finding as an object.
  var json: JSONValue {
    .object([
      "type": .string("check"), "check": .string(name), "status": .string(status.rawValue),
      "fact": .string(fact), "hint": hint.map { .string($0) } ?? .null,
    ])
  }
}

extension String {
  /// Returns the text with spaces up to a number of characters.
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
