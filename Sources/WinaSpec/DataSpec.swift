public import WinaDiagnostics

/// The `data` part of a spec, checked.
public struct DataSpec: Hashable, Sendable {
  /// Where the samples come from.
  public enum Source: Hashable, Sendable {
    /// A bundled suite by name, or the path of one.
    case suite(Located<String>)
    /// Benchmark tasks below a folder.
    case tasks([Located<String>], path: Located<String>)
    /// Text files by label.
    case documents([Document])
    /// Samples files of lm-evaluation-harness, whose requests are scored again.
    case samples([Located<String>])
  }

  /// One labelled text file.
  public struct Document: Hashable, Sendable {
    /// The label of every sample in the file.
    public let label: Located<String>

    /// The path as written; see ``ExperimentSpec/path(of:)``.
    public let path: Located<String>

    /// Pairs a label with a path.
    public init(label: Located<String>, path: Located<String>) {
      self.label = label
      self.path = path
    }
  }

  /// What a part of the data is for.
  public enum Split: String, Hashable, Sendable, CaseIterable {
    /// Clusters, histograms and profiles are fitted to it.
    case calibration
    /// Classifiers are fitted to it.
    case routing
    /// Choices between settings are made on it.
    case validation
    /// Nothing is fitted to it; results are measured on it.
    case test
  }

  /// The share of the data that a split gets.
  public struct Fraction: Hashable, Sendable {
    /// The split.
    public let split: Located<Split>

    /// The share, in 0...1.
    public let share: Located<Double>

    /// Pairs a split with its share.
    public init(split: Located<Split>, share: Located<Double>) {
      self.split = split
      self.share = share
    }
  }

  /// Where the samples come from.
  public let source: Source

  /// The shares in the order written, adding up to 1; empty if the spec leaves them to the suite.
  public let splits: [Fraction]

  /// The seed of the keyed hash that assigns samples to splits.
  public let splitSeed: Located<Int>?

  /// The number of samples per task or label that are used at most.
  public let limit: Located<Int>?

  /// The number of leading tokens that clustering and routing see.
  public let routeTokens: Located<Int>?

  /// A file that defines tasks by templates, for a source of tasks.
  public let definitions: Located<String>?

  /// Whether prompts are read without the line that names their subject, for a source of tasks.
  public let stripDescription: Located<Bool>?

  /// The place of the whole part.
  public let range: SourceRange

  /// Makes checked data settings.
  public init(
    source: Source, splits: [Fraction] = [], splitSeed: Located<Int>? = nil,
    limit: Located<Int>? = nil, routeTokens: Located<Int>? = nil,
    definitions: Located<String>? = nil, stripDescription: Located<Bool>? = nil,
    range: SourceRange
  ) {
    self.source = source
    self.splits = splits
    self.splitSeed = splitSeed
    self.limit = limit
    self.routeTokens = routeTokens
    self.definitions = definitions
    self.stripDescription = stripDescription
    self.range = range
  }
}
