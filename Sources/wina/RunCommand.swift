import ArgumentParser
import Foundation
import WinaDiagnostics
import WinaExecution
import WinaPipeline
import WinaPlan
import WinaReport
import WinaSpec
import WinaStages
import WinaStore

/// `wina run`: runs what is not cached and shows the results.
struct RunCommand: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run what is not cached and show the results.",
    discussion: "With --json, events are streamed as lines and the last one is the result.")

  @OptionGroup var options: SpecOptions

  @Option(help: "Threads (default: the machine's).")
  var jobs = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: "Memory for tasks, such as 4G (default: three quarters of what is available).")
  var memory: ByteSize = .threeQuartersOfAvailable

  @Flag(help: "Go on with what does not depend on a failed task.")
  var keepGoing = false

  @Flag(help: "Stream events as JSON lines on standard output.")
  var json = false

  @Flag(help: "Show warnings and failures only.")
  var quiet = false

  @Flag(help: "Also show tables by label.")
  var verbose = false

  func validate() throws {
    guard jobs >= 1 else { throw ValidationError("--jobs must be at least 1") }
  }

  func perform() throws {
    let clock = RunClock.system
    let started = clock.now()
    let experiment = try Experiment(options)
    let prepared = try experiment.prepared(only: options.only)
    if !quiet { Diagnostics.write(prepared.warnings) }
    let store = try experiment.workspace.store(remote: options.remote)
    var generator = SystemRandomNumberGenerator()
    let id = RunID(now: started, using: &generator)
    let journal = try RunJournal(workspace: experiment.workspace.state, run: id)
    let output = RunOutput(
      title: experiment.spec.experiment.value, json: json, quiet: quiet, journal: journal)
    let cancellation = CancellationToken()
    let signals = InterruptSignals(cancellation)
    let runner = Runner(
      graph: prepared.graph, registry: StageCatalog.registry, store: store,
      inputs: prepared.inputs,
      options: RunOptions(
        jobs: jobs, memory: memory.bytes, keepGoing: keepGoing,
        host: ProcessInfo.processInfo.hostName,
        scratch: experiment.workspace.state + "/scratch"), clock: clock,
      cancellation: cancellation, events: output.show)
    let outcome = runner.run()
    signals.stop()
    output.finish()
    let results = RunResults(
      graph: prepared.graph, runner: runner, outcome: outcome, arms: experiment.arms,
      cells: experiment.cells)
    // What cannot be summarised has been computed all the same, and the run is recorded.
    let made = Result { outcome.succeeded ? try results.report() : nil }
    let result = RunResult(
      run: id, spec: options.spec, experiment: experiment.spec.experiment.value, started: started,
      outcome: outcome, results: (try? made.get())?.stampedRows ?? [])
    try journal.finish(result)
    let report = try made.get()
    if let report { try RunFiles(directory: journal.directory).write(report) }
    if json {
      StandardOutput.write(try result.line() + "\n")
    } else {
      show(outcome, report, directory: journal.directory)
    }
    try exit(outcome)
  }

  private func show(_ outcome: RunOutcome, _ report: ComparisonReport?, directory: String) {
    if let report {
      let terminal = TerminalCapabilities.standardOutput
      StandardOutput.write(
        ReportText(report).terminal(
          width: terminal.width, usesColor: terminal.usesColor, showsLabels: verbose))
    }
    if !quiet {
      let parts = TaskStatus.allCases.compactMap { status -> String? in
        guard let count = outcome.counts[status], count > 0 else { return nil }
        return "\(count) \(status.rawValue)"
      }
      StandardOutput.write(
        "Tasks: \(parts.joined(separator: ", ")); \(ProgressState.duration(outcome.seconds))\n")
      StandardOutput.write("Results: \(directory)\n")
    }
  }

  private func exit(_ outcome: RunOutcome) throws {
    if outcome.isInterrupted { throw ExitCode(130) }
    if outcome.hasCacheFault { throw ExitCode(3) }
    if !outcome.succeeded { throw ExitCode(1) }
  }
}

/// A number of bytes as people write it.
struct ByteSize: ExpressibleByArgument, CustomStringConvertible {
  var bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    let text = argument.uppercased()
    let shift = text.last.flatMap { units[$0] }
    let digits = shift == nil ? text[...] : text.dropLast()
    guard let value = Double(digits), value > 0 else { return nil }
    let size = value * Double(1 << (shift ?? 0))
    guard size < 1e18 else { return nil }
    bytes = Int(size)
  }

  var description: String { "\(bytes >> 20)M" }

  /// Three quarters of the memory that is free now.
  static var threeQuartersOfAvailable: ByteSize {
    let info = FileManager.default.contents(atPath: "/proc/meminfo") ?? Data()
    for line in String(decoding: info, as: UTF8.self).split(separator: "\n")
    where line.hasPrefix("MemAvailable:") {
      let words = line.split(separator: " ")
      if words.count > 1, let kibibytes = Int(words[1]) {
        return ByteSize(bytes: kibibytes * 768)
      }
    }
    return ByteSize(bytes: Int(ProcessInfo.processInfo.physicalMemory) / 4 * 3)
  }
}
