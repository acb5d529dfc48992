import ArgumentParser
import Foundation
import WinaDiagnostics
import WinaEvaluation
import WinaModel
import WinaPipeline

/// `wina evaluate`: a model's scores on benchmark tasks, without a spec.
struct ModelEvaluate: ModelCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Score a model on benchmark tasks, without a spec.",
    discussion: """
      Scores are computed as the evaluate stage does, and requests and metrics are those of \
      lm-evaluation-harness. With --json one line is printed: \
      {"type": "result", "model", "tasks": [{"task", "n", METRIC, METRIC_stderr, …}], "results": \
      [{"cell", "arm", "label", "metric", "value", "low", "high", "n"}]}. With --output the files of \
      lm-evaluation-harness are written: DIR/MODEL/results_TIME.json and samples_TASK_TIME.jsonl. \
      With --profile the dense model is run as well, and divergences from it are reported.
      """)

  /// How texts are divided, as a command line value.
  struct Windows: ExpressibleByArgument {
    static let rolling = Windows(value: .rolling)

    let value: TextWindows
    var defaultValueDescription: String { "rolling" }

    private init(value: TextWindows) { self.value = value }

    init?(argument: String) {
      if argument == "rolling" {
        value = .rolling
        return
      }
      let parts = argument.split(separator: "+").map { Int($0) }
      guard parts.count == 2, let context = parts[0], let stride = parts[1], context >= 1,
        stride >= 1
      else { return nil }
      value = .overlapping(context: context, stride: stride)
    }
  }

  @Argument(help: "A model's directory or name.")
  var model: String

  @Option(
    help: ArgumentHelp(
      "The tasks, separated by commas: "
        + BenchmarkTask.catalog.map(\.name).sorted().joined(separator: ", ")
        + "; mmlu_SUBJECT and mmlu_stem, mmlu_other, mmlu_social_sciences, mmlu_humanities; and "
        + "those of --task-file."))
  var tasks: String?

  @Option(help: "The folder that holds the tasks' files, such as arc_easy/validation.jsonl.")
  var data: String?

  @Option(help: "A YAML file that defines tasks; without --tasks all of them are scored.")
  var taskFile: String?

  @Option(help: "A bundled suite or the path of one, in place of --tasks and --data.")
  var suite: String?

  @Option(help: "The split of the suite: calibration, routing, validation or test.")
  var split = EvaluationSource.Split.test

  @Option(
    help: "A samples_TASK_TIME.jsonl whose requests are scored again; may be given several times.")
  var samples: [String] = []

  @Flag(help: "Generate answers to the requests of samples files that ask for it (GSM8K's).")
  var generate = false

  @Option(help: "A text of which every token is predicted; may be given several times.")
  var text: [String] = []

  @Option(
    help: """
      How texts are divided: rolling (the harness's), or CONTEXT+STRIDE, such as the WINA script's \
      2048+512.
      """)
  var windows = Windows.rolling

  @Flag(help: "Leave the line out of MMLU's prompts that names the subject.")
  var stripDescription = false

  @Option(help: "Take only the first items of each task.")
  var limit: Int?

  @Option(help: "Threads; the results do not depend on it.")
  var jobs = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: "A folder for the files that lm-evaluation-harness would write.")
  var output: String?

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  @Flag(help: "With --json, also print what every item scored.")
  var items = false

  @OptionGroup var gating: ModelProfileOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    guard jobs >= 1 else { throw ValidationError("--jobs must be at least 1") }
    if generate, samples.isEmpty { throw ValidationError("--generate needs --samples") }
    if items, !json { throw ValidationError("--items needs --json") }
    if suite != nil {
      guard tasks == nil, data == nil, taskFile == nil, samples.isEmpty, text.isEmpty else {
        throw ValidationError("--suite excludes --tasks, --data, --task-file, --samples and --text")
      }
      return
    }
    let isNamed = tasks != nil || taskFile != nil
    guard isNamed == (data != nil), isNamed || !samples.isEmpty || !text.isEmpty else {
      throw ValidationError("give --tasks and --data, or --suite, --samples or --text")
    }
    if let tasks, names(tasks).isEmpty { throw ValidationError("--tasks names no task") }
  }

  private func names(_ tasks: String) -> [String] {
    tasks.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  private func sources() throws -> [EvaluationSource] {
    if let suite { return try EvaluationSource.all(of: suite, split: split) }
    let definitions = try taskFile.map { try TaskFile(path: $0).definitions } ?? []
    let names = tasks.map(names) ?? definitions.map(\.name)
    return try names.map {
      try EvaluationSource(task: $0, below: data ?? "", definitions: definitions)
    } + samples.map(EvaluationSource.samples) + text.map(EvaluationSource.text)
  }

  func perform() throws {
    do {
      try evaluate()
    } catch let error as SpecError {
      Diagnostics.write(error.diagnostics)
      throw ExitCode(2)
    }
  }

  private func evaluate() throws {
    let clock = ContinuousClock()
    let (start, date) = (clock.now, Date().timeIntervalSince1970)
    let sources = try sources()
    let path = try ModelLookup.process.requireModel(model)
    let language = try gating.model(LanguageModel.load(directory: path))
    let tokenizer = try Tokenizer.load(path: path)
    let arm = try gating.activationGates(for: language).map { try GatedArm($0, for: language) }
    let evaluation = TaskEvaluation(
      evaluator: Evaluator(
        model: language, policy: EvaluationPolicy(densePrefix: gating.densePrefix)),
      encoder: SampleEncoder(tokenizer: tokenizer, configuration: language.configuration),
      windows: windows.value, generates: generate)
    var reports: [TaskReport] = []
    for source in sources {
      for (task, records) in try source.tasks(withoutDescription: stripDescription) {
        let report = try evaluation.run(
          task, records: records, limit: limit, arm: arm, jobs: jobs)
        reports.append(report)
        StandardError.write("\(task.name): \(report.items.count) items\n")
      }
    }
    let groups = TaskGroup.groups(of: reports)
    if let output {
      let elapsed = start.duration(to: clock.now)
      let files = HarnessFiles(
        HarnessOutput(
          reports, groups: groups,
          run: HarnessFiles.run(
            model: model, language, tokenizer, gating: gating, limit: limit, date: date,
            seconds: Double(elapsed.components.seconds)
              + Double(elapsed.components.attoseconds) * 1e-18),
          digest: { SHA256.digest(of: $0).hex }))
      let folder = try files.write(reports, model: model, below: output, date: date)
      StandardError.write("results are in \(folder)\n")
    }
    if suite != nil {
      reports.append(TaskReport(task: .suite(label: "all"), pooling: reports))
    }
    let evaluated = ModelEvaluation(reports, groups: groups, arm: gating.profile)
    StandardOutput.write(
      json ? evaluated.json(model: path, showsItems: items) + "\n" : evaluated.table())
  }
}
