import ArgumentParser
import Foundation
import WinaStore
import WinaSuites

/// `wina suite`: generates a suite's evaluation items, or the stream that its model learns from.
struct SuiteCommand: ModelCommand {
  static let configuration = CommandConfiguration(
    commandName: "suite", abstract: "Generate the items of a bundled suite.",
    discussion: """
      With --output, writes one FAMILY.jsonl.zst for each family into a folder that `data: {suite: \
      FOLDER}` can name: for every 8 test items 8 of calibration, 6 of routing and 3 of validation. \
      With --training, writes lines of the endless training stream to standard output; it never \
      holds a latent state of those splits, whatever the seed.
      """)

  @Argument(help: "The suite: octet.")
  var suite: String

  @Option(help: "The seed; the bundled suite has 1.")
  var seed: UInt64 = 1

  @Option(help: "Test items of each family (default 400), or lines of the training stream.")
  var count: Int?

  @Option(help: "The folder to write the evaluation items to.")
  var output: String?

  @Flag(help: "Write the training stream instead.")
  var training = false

  @Option(help: "The line of the training stream to begin with, counted from 0.")
  var from = 0

  func validate() throws {
    guard suite == "octet" else {
      throw ValidationError("there is no suite '\(suite)'; there is: octet")
    }
    guard training != (output != nil) else {
      throw ValidationError("give either --output FOLDER or --training")
    }
    guard (count ?? 1) > 0 else { throw ValidationError("--count must be at least 1") }
    guard from >= 0 else { throw ValidationError("--from must be at least 0") }
    guard training || from == 0 else { throw ValidationError("--from goes with --training") }
    guard !training || count != nil else {
      throw ValidationError("--training needs --count, the number of lines")
    }
  }

  func perform() throws {
    let octet = Octet(seed: seed)
    if let output {
      try writeEvaluationItems(of: octet, to: output, testCount: count ?? 400)
    } else {
      writeTrainingItems(of: octet, from..<(from + (count ?? 0)))
    }
  }

  private func writeEvaluationItems(
    of octet: Octet, to folder: String, testCount: Int
  ) throws {
    // All families first, so that one that has too few states leaves no half of a suite behind.
    let families: [(String, [SuiteItem])]
    do {
      families = try Octet.familyNames.map { family in
        (family, try octet.evaluationItems(of: family, testCount: testCount))
      }
    } catch let error as SuiteError {
      StandardError.write("error: \(error.message); \(error.hint) with --count\n")
      throw ExitCode(64)
    }
    do {
      try write(families, to: folder)
    } catch let error as CocoaError {
      StandardError.write(
        "error: '\(folder)' cannot be written: \(error.localizedDescription); give the path of a "
          + "folder to --output\n")
      throw ExitCode(3)
    }
  }

  private func write(_ families: [(String, [SuiteItem])], to folder: String) throws {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    for (family, items) in families {
      let bytes = try ZstdFile.compress(Array(items.map { $0.line }.joined().utf8), level: 19)
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(family).jsonl.zst"))
      StandardError.write("\(family).jsonl.zst: \(items.count) items, \(bytes.count) bytes\n")
    }
  }

  private func writeTrainingItems(of octet: Octet, _ range: Range<Int>) {
    let batch = 1000
    for start in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
      let lines = (start..<min(start + batch, range.upperBound)).map {
        octet.trainingItem($0).line
      }
      StandardOutput.write(lines.joined())
    }
  }
}
