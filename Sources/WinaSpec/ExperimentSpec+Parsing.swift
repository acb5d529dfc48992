public import WinaDiagnostics

extension ExperimentSpec {
  /// Reads the file that `extends: path` means.
  ///
  /// The first argument is the path as written, the second the file that says so. The path of the
  /// result should be normalised: it tells whether a file extends itself.
  public typealias Loader = (_ path: String, _ base: SourceFile) throws -> SourceFile

  /// The keys of a spec.
  public enum Key: String, Hashable, Sendable, CaseIterable {
    /// The name of the experiment.
    case experiment
    /// What the experiment asks.
    case question
    /// The model.
    case model
    /// The samples.
    case data
    /// Named values.
    case vars
    /// The work.
    case stages
    /// What varies.
    case sweep
    /// Whether test data may reach a fit.
    case leaky
    /// The files that this one is laid over.
    case extends
  }

  /// Reads and checks a spec: base files, the file itself, the sweep, then `--set`.
  ///
  /// Whatever can be said without knowing the stage types is said in one go.
  ///
  /// - Parameters:
  ///   - source: The document.
  ///   - settings: The arguments of `--set`, `PATH=VALUE` each.
  ///   - limits: Bounds on size and expansion.
  ///   - loader: Reads what the document extends.
  /// - Returns: The spec, or `nil` if there is an error, and what there is to say about it.
  public static func parse(
    source: SourceFile, settings: [String] = [], limits: YAMLLimits = YAMLLimits(),
    loader: @escaping Loader
  ) -> (spec: ExperimentSpec?, diagnostics: [Diagnostic]) {
    var files = SpecLoader(limits: limits, read: loader)
    var reader = SettingReader(limits: limits)
    let changes = reader.settings(settings)
    guard let merged = files.document(source) else {
      files.diagnostics.insert(contentsOf: reader.diagnostics.sorted)
      return (nil, files.diagnostics.sorted)
    }
    let document = reader.apply(changes, to: merged)
    var sweep = SweepReader(document: document, settings: changes, limits: limits)
    let axes = sweep.axes()
    var diagnostics = files.diagnostics
    diagnostics.insert(contentsOf: reader.diagnostics.sorted)
    diagnostics.insert(contentsOf: sweep.diagnostics.sorted)
    var sections = SectionReader(document: document, source: source, limits: limits)
    let spec = sections.spec(
      axes: axes, settings: changes, isSweepSound: !diagnostics.hasErrors)
    diagnostics.insert(contentsOf: sections.diagnostics.sorted)
    let sorted = diagnostics.sorted
    return (diagnostics.hasErrors ? nil : spec, sorted)
  }
}
