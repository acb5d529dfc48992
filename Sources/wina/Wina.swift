import ArgumentParser
import Foundation
import WinaTensor

/// The `wina` program.
@main
struct Wina: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wina",
    abstract: "Find out whether sparsity profiles of clusters beat a uniform one.",
    discussion: """
      Exit codes: 0 done, 1 a task failed, 2 the spec has errors, 3 cache or environment fault, \
      64 usage, 130 interrupted.
      """,
    groupedSubcommands: [
      CommandGroup(
        name: "Experiments",
        subcommands: [
          RunCommand.self, PlanCommand.self, ExplainCommand.self, ValidateCommand.self,
          GraphCommand.self, InitCommand.self,
        ]),
      CommandGroup(
        name: "The language", subcommands: [SchemaCommand.self, StagesCommand.self]),
      CommandGroup(
        name: "Results",
        subcommands: [
          RunsCommand.self, ShowCommand.self, ServeCommand.self, CacheCommand.self, Doctor.self,
        ]),
      CommandGroup(
        name: "Models",
        subcommands: [
          ModelGenerate.self, ModelTokenize.self, ModelForward.self, ModelEvaluate.self,
          SuiteCommand.self,
        ]),
    ])

  /// Runs the program; parallel work is split above BLAS, so BLAS itself has one thread.
  static func main() {
    BLAS.setThreads(1)
    if let name = ProcessInfo.processInfo.environment["WINA_KERNELS"], !name.isEmpty {
      guard let level = KernelLevel.allCases.first(where: { "\($0)" == name }) else {
        let known = KernelLevel.allCases.map { "\($0)" }.joined(separator: ", ")
        StandardError.write("error: WINA_KERNELS is '\(name)'; it can be \(known)\n")
        exit(withError: ExitCode(64))
      }
      Kernels.setLevel(level)
    }
    main(nil)
  }
}
