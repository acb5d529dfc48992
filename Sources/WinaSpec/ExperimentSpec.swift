public import WinaDiagnostics

/// An experiment as its YAML document states it, checked as far as that needs no stage types.
///
/// Values of `model`, `data`, `vars` and `stages` may hold references `${x}` and vary over the cells
/// of a sweep, so they are asked for per cell: ``model(in:)``, ``data(in:)``, ``stages(in:)``.
///
/// - Invariant: every reference names a var, no var refers to itself, and resolving anything stays
///   within ``YAMLLimits``.
public struct ExperimentSpec: Sendable {
  /// The document itself, without what it extends.
  public let source: SourceFile

  /// The name of the experiment.
  public let experiment: Located<String>

  /// What the experiment asks.
  public let question: Located<String>?

  /// Whether test data upstream of a fit is allowed, which marks every result.
  public let leaky: Bool

  /// The model as written, before references and sweep; `nil` if the spec has none.
  public let model: YAMLNode?

  /// The data as written, before references and sweep; `nil` if the spec has none.
  public let data: YAMLNode?

  /// The vars as written, in order.
  public let vars: [YAMLMapping.Entry]

  /// The stages as written, in order, before references and sweep.
  public let stages: [StageSpec]

  /// The axes that are left after `--set`, `grid` before `zip`.
  public let axes: [SweepAxis]

  /// The paths of ``axes``, split.
  let axisPaths: [SpecPath]

  /// What `--set` changes below the path of an axis, and so must change again in every cell.
  let settings: [Setting]

  /// The key `data`, or the start of the document if there is none.
  let dataPlace: SourceRange

  /// What refers to what.
  let references: References
}

/// One `--set PATH=VALUE`.
struct Setting: Sendable {
  /// The path, with places in the text of the setting.
  let path: SpecPath

  /// The value.
  let value: YAMLNode
}
