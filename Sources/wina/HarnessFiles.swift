import Foundation
import WinaEvaluation
import WinaModel

/// Writes the files of lm-evaluation-harness.
struct HarnessFiles {
  private let output: HarnessOutput

  init(_ output: HarnessOutput) { self.output = output }

  /// Describes a run.
  static func run(
    model path: String, _ model: LanguageModel, _ tokenizer: Tokenizer,
    gating: ModelProfileOptions, limit: Int?, date: Double, seconds: Double
  ) -> HarnessOutput.Run {
    let configuration = model.configuration
    let ids: [(String, Int32?)] = [
      ("bos", configuration.bosToken), ("eos", configuration.eosTokens.first),
    ]
    var extras: [OrderedJSON.Member] = [
      .init("arm", gating.profile == nil ? "dense" : "profile")
    ]
    if let profile = gating.profile {
      extras.append(.init("profile", .string(profile)))
      if let group = gating.group { extras.append(.init("group", .string(group))) }
    }
    extras.append(.init("dense_prefix", .int(gating.densePrefix)))
    return HarnessOutput.Run(
      model: path, parameters: parameters(of: configuration), dtype: "float32",
      maxLength: configuration.contextLength,
      specialTokens: ids.compactMap { role, id in
        id.map { (role: role, text: tokenizer.token($0) ?? "", id: $0) }
      }, limit: limit, date: date, seconds: seconds, program: "wina-amp", extras: .object(extras))
  }

  /// The number of weights of projections, embeddings, head and norms; without biases.
  private static func parameters(of configuration: ModelConfiguration) -> Int {
    let shape = ModelShape(configuration)
    let layer = zip(shape.inputs, shape.outputs).reduce(2 * shape.hidden) { $0 + $1.0 * $1.1 }
    let embeddings = (configuration.tiesEmbeddings ? 1 : 2) * shape.vocabulary * shape.hidden
    return shape.layers * layer + embeddings + shape.hidden
  }

  /// Writes the results and the samples of every task.
  ///
  /// - Returns: The folder that holds them.
  func write(
    _ reports: [TaskReport], model: String, below root: String, date: Double
  ) throws -> String {
    let folder = root + "/" + HarnessOutput.folder(of: model)
    let stamp = HarnessFiles.stamp(date)
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      for report in reports {
        let lines = output.samples(of: report).map { $0 + "\n" }.joined()
        try Data(lines.utf8).write(
          to: URL(fileURLWithPath: "\(folder)/samples_\(report.task.name)_\(stamp).jsonl"))
      }
      try Data(output.results().utf8).write(
        to: URL(fileURLWithPath: "\(folder)/results_\(stamp).json"), options: .atomic)
    } catch {
      throw ModelInputError(
        message: "'\(folder)' cannot be written: \(error.localizedDescription)",
        hint: "give another --output")
    }
    return folder
  }

  /// The time as file names have it: ISO 8601 with microseconds, hyphens for colons.
  static func stamp(_ date: Double) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "yyyy-MM-dd'T'HH-mm-ss"
    let micros = Int((date - date.rounded(.down)) * 1_000_000)
    let fraction = String(micros)
    return formatter.string(from: Date(timeIntervalSince1970: date)) + "."
      + String(repeating: "0", count: max(0, 6 - fraction.count)) + fraction
  }
}
