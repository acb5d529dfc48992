import ArgumentParser
import Foundation
import WinaStore
import WinaTensor

/// A command about one model; what it throws becomes a message and an exit code.
protocol ModelCommand: ParsableCommand {
  /// Does the work.
  func perform() throws
}

extension ModelCommand {
  func run() throws {
    do {
      try perform()
    } catch let code as ExitCode {
      throw code
    } catch {
      StandardError.write("error: \(error)\n")
      throw ExitCode(exitCode(for: error))
    }
  }

  /// Returns 3 for faults of the cache and the file system, else 1.
  private func exitCode(for error: any Error) -> Int32 {
    switch error {
    case let error as StoreError where ![.corrupt, .notFound].contains(error.code): 3
    case let error as TensorError where error.code == .unwritable: 3
    default: 1
    }
  }
}

/// Something wrong with what a command was given.
struct ModelInputError: Error, CustomStringConvertible {
  var message: String
  var hint: String

  var description: String { "\(message); \(hint)" }
}

/// Messages for people, apart from results.
enum StandardError {
  static func write(_ text: String) {
    // Where not even this can be written there is nobody to tell.
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}

/// Results.
enum StandardOutput {
  /// Writes text, or ends the program with 3 when it cannot be written.
  static func write(_ text: String) {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      StandardError.write("error: the output cannot be written: \(error.localizedDescription)\n")
      Foundation.exit(3)
    }
  }
}
