import Foundation
import WinaDiagnostics
import WinaEvaluation
import WinaExecution
import WinaPipeline
import WinaPlan
import WinaSpec
import WinaStages
import WinaTensor

/// A spec that was read, with everything around it that planning needs.
struct Experiment {
  let spec: ExperimentSpec
  let path: String
  let workspace: Workspace
  private(set) var warnings: [Diagnostic]

  /// Reads and checks a spec.
  ///
  /// - Throws: `SpecError` with everything that is wrong.
  init(_ options: SpecOptions) throws {
    path = options.spec
    workspace = Workspace(spec: options.spec, cache: options.cache)
    guard let source = Experiment.source(at: options.spec) else {
      throw SpecError([
        Diagnostic(
          id: "spec.unreadable", "there is no spec '\(options.spec)', or it cannot be read",
          help: "give the path of a YAML file; `wina init` writes one to start from")
      ])
    }
    let (parsed, diagnostics) = ExperimentSpec.parse(
      source: source, settings: options.settings
    ) { path, relativeTo in
      let target = Workspace.absolute(path, from: relativeTo.directory)
      guard let source = Experiment.source(at: target) else {
        throw ModelInputError(message: "there is no file '\(target)'", hint: "check the path")
      }
      return source
    }
    guard let parsed else {
      throw SpecError(diagnostics)
    }
    let more = Planner.validate(parsed, registry: StageCatalog.registry)
    if more.contains(where: { $0.severity == .error }) { throw SpecError(diagnostics + more) }
    spec = parsed
    warnings = diagnostics + more
  }

  private static func source(at path: String) -> SourceFile? {
    FileManager.default.contents(atPath: path).map { SourceFile(path: path, bytes: Array($0)) }
  }

  /// What a plan is made of and what its tasks read.
  struct Prepared {
    var graph: TaskGraph
    var inputs: RunInputs
    var counts: [SplitCount]
    var warnings: [Diagnostic]
  }

  /// Builds the inventory and plans.
  ///
  /// - Throws: `SpecError` with everything that is wrong.
  func prepared(only: [String]) throws -> Prepared {
    let builder = InventoryBuilder(
      workspace: workspace.state, clock: .system, locate: Experiment.locate)
    var inventories: [SweepCell: DataInventory] = [:]
    let axes = Planner.inventoryAxes(of: spec)
    for cell in spec.cells() {
      let projected = cell.projected(onto: axes)
      guard inventories[projected] == nil else { continue }
      inventories[projected] = try builder.build(try request(in: cell))
    }
    let saveWarnings = builder.save()
    let plan = Planner.plan(
      spec, registry: StageCatalog.registry,
      options: PlanOptions(numericsClass: Experiment.numericsClass, only: only)
    ) { inventories[$0]?.inventory ?? Inventory() }
    guard let graph = plan.graph else { throw SpecError(warnings + plan.diagnostics) }
    var inputs = RunInputs.none
    for inventory in inventories.values { inputs = inputs.merging(inventory.inputs) }
    let first = spec.cells().first.flatMap { inventories[$0.projected(onto: axes)] }
    let notes = saveWarnings.map { Diagnostic(id: "run.workspace", severity: .warning, $0) }
    var seen = DiagnosticSet()
    seen.insert(contentsOf: warnings + plan.diagnostics + notes)
    return Prepared(
      graph: graph, inputs: inputs, counts: first?.counts ?? [],
      warnings: seen.sorted)
  }

  /// The arms of evaluate stages in the order of the spec.
  var arms: [String] {
    guard let cell = spec.cells().first else { return [] }
    return spec.stages(in: cell).filter { $0.kind.value == EvaluateStage.kind }
      .flatMap { $0.node["arms"]?.mapping?.entries.map(\.key.value) ?? [] }
  }

  /// The values on the axes of the sweep, cell by cell.
  var cells: [[String: JSONValue]] { Planner.assignments(of: spec) }

  /// What may change the bits of a float result on another machine.
  ///
  /// No stage computes with OpenBLAS; one that did would bring its core in here.
  static var numericsClass: String { "kernels=\(Kernels.level.numerics)" }

  /// Finds the file of a benchmark task below a data folder.
  private static let locate: @Sendable (String, String) throws -> String = { name, folder in
    let task = try BenchmarkTask(reading: name)
    let found = task.files.lazy.map { "\(folder)/\($0)" }
      .first { FileManager.default.fileExists(atPath: $0) }
    guard let found else { throw task.missingFileError }
    return found
  }

  private func request(in cell: SweepCell) throws -> InventoryRequest {
    var problems = DiagnosticSet()
    var request = InventoryRequest()
    if let model = spec.model(in: cell) {
      let path = model.value.contains("/") ? absolute(model) : model.value
      if let found = ModelLookup.process.model(path) {
        request.model = found
      } else {
        problems.insert(
          missing(
            "model", model, path,
            help: "give the path of a Hugging Face directory; a name without '/' is looked up in "
              + "WINA_HOME and beside the ancestors of the program and the working directory"))
      }
    }
    if let data = spec.data(in: cell) {
      request.data = try description(of: data, &problems)
    }
    for stage in spec.stages(in: cell) where stage.kind.value == CommandStage.kind {
      for file in stage.node["code"]?.sequence ?? [] {
        guard let text = file.string else { continue }
        request.files[text] = absolute(Located(text, at: file.range))
      }
    }
    try problems.throwIfErrors()
    return request
  }

  private func description(
    of data: DataSpec, _ problems: inout DiagnosticSet
  ) throws -> DataDescription? {
    let source: DataDescription.Source
    var readings: [String: String] = [:]
    switch data.source {
    case .documents(let documents):
      source = .documents(
        documents.sorted { $0.label.value < $1.label.value }.map { document in
          let path = absolute(document.path)
          if !FileManager.default.fileExists(atPath: path) {
            problems.insert(missing("file of documents", document.path, path))
          }
          return .init(label: document.label.value, path: path)
        })
    case .samples(let files):
      source = .samples(
        files.map { file in
          let path = absolute(file)
          if !FileManager.default.fileExists(atPath: path) {
            problems.insert(missing("samples file", file, path))
          }
          return .init(label: ModelLookup.loggedTask(path), path: path)
        })
    case .tasks(let tasks, let folder):
      let path = absolute(folder)
      readings = try self.readings(of: tasks, data, &problems)
      for task in tasks {
        check(task, readings[task.value] ?? task.value, below: folder, path, &problems)
      }
      source = .tasks(tasks.map(\.value), path: path)
    case .suite(let name):
      let path = name.value.contains("/") ? absolute(name) : name.value
      guard let found = ModelLookup.process.suite(path) else {
        problems.insert(
          missing(
            "suite", name, path,
            help: "'octet' is bundled; `wina suite octet --output FOLDER` makes more of it, and a "
              + "name with '/' is the path of a folder"))
        return nil
      }
      do {
        source = .suite(
          try ModelLookup.suiteFiles(found).map { .init(label: $0.label, path: $0.path) })
      } catch {
        problems.insert(
          Diagnostic(id: "spec.suite", error.message, at: name.range, help: error.hint))
        return nil
      }
    }
    var fractions: [WinaPipeline.Split: Double] = [:]
    for fraction in data.splits {
      guard let split = WinaPipeline.Split(rawValue: fraction.split.value.rawValue) else {
        continue
      }
      fractions[split] = fraction.share.value
    }
    var description = DataDescription(
      source: source, fractions: fractions, splitSeed: data.splitSeed?.value ?? 0,
      limit: data.limit?.value)
    description.readings = readings
    return description
  }

  /// How the records of tasks are read that are defined by templates, or without a description.
  ///
  /// - Throws: `SpecError` with everything that is wrong with the definitions.
  private func readings(
    of tasks: [Located<String>], _ data: DataSpec, _ problems: inout DiagnosticSet
  ) throws -> [String: String] {
    var definitions: [TaskDefinition] = []
    if let file = data.definitions {
      let path = absolute(file)
      if FileManager.default.fileExists(atPath: path) {
        definitions = try TaskFile(path: path).definitions
      } else {
        problems.insert(missing("file of definitions", file, path))
      }
    }
    var readings: [String: String] = [:]
    for name in tasks.map(\.value) {
      if let definition = definitions.first(where: { $0.name == name }) {
        readings[name] = BenchmarkTask.custom(definition).reading
      } else if data.stripDescription?.value == true, let task = try? BenchmarkTask.named(name) {
        readings[name] = task.withoutDescription.reading
      }
    }
    return readings
  }

  private func check(
    _ task: Located<String>, _ reading: String, below folder: Located<String>, _ path: String,
    _ problems: inout DiagnosticSet
  ) {
    do {
      _ = try Experiment.locate(reading, path)
    } catch let error as EvaluationError {
      problems.insert(
        Diagnostic(
          id: "spec.task", error.message, at: task.range, help: error.hint,
          notes: [.init("the folder is named here", at: folder.range)]))
    } catch {
      problems.insert(Diagnostic(id: "spec.task", "\(error)", at: task.range))
    }
  }

  private func missing(
    _ what: String, _ name: Located<String>, _ path: String, help: String? = nil
  ) -> Diagnostic {
    Diagnostic(
      id: "spec.missing-file", "there is no \(what) '\(name.value)'", at: name.range,
      help: help ?? "looked for \(path)")
  }

  /// Returns a path as the spec wrote it, relative to the file that holds it.
  private func absolute(_ path: Located<String>) -> String {
    Workspace.absolute(
      ExperimentSpec.path(of: path), from: FileManager.default.currentDirectoryPath)
  }
}
