import WinaDiagnostics
import WinaSpec

/// Specs in memory.
enum Toy {
  struct Missing: Error, CustomStringConvertible {
    let description = "no such file"
  }

  /// The spec of the design document.
  static let quickstart = """
    experiment: quickstart
    question: Do cluster-specific WINA profiles beat one uniform profile?
    model: octet                       # a bundled model
    data:
      suite: octet
      splits: {calibration: 0.4, routing: 0.3, validation: 0.1, test: 0.2}
    vars: {s: 0.5, k: 8}

    stages:
      tokenize:  {max_tokens: 256}
      capture:   {scores: [wina, teal]}
      clusters:  {kind: cluster, algorithm: kmeans, k: "${k}", seed: 1}
      shuffled:  {kind: cluster, algorithm: random, like: clusters, seed: 1}
      pooled:    {kind: histogram}
      grouped:   {kind: histogram, groups: clusters}
      uniform:   {kind: profile, histogram: pooled,  score: wina, sparsity: "${s}"}
      specific:  {kind: profile, histogram: grouped, score: wina, sparsity: "${s}"}
      router:    {kind: classifier, labels: clusters, features: embedding}
      evaluate:
        arms:
          dense:    {}
          uniform:  {profile: uniform}
          routed:   {profile: specific, route: router}
      compare:
        primary: {metric: kl, contrast: routed - uniform, at: {s: 0.5}}

    sweep: {grid: {s: [0.25, 0.4, 0.5, 0.65]}}
    """

  /// Parses a spec whose bases are given by path.
  static func parse(
    _ text: String, settings: [String] = [], files: [String: String] = [:],
    limits: YAMLLimits = YAMLLimits(), path: String = "spec.yaml"
  ) -> (spec: ExperimentSpec?, diagnostics: [Diagnostic]) {
    ExperimentSpec.parse(
      source: SourceFile(path: path, text: text), settings: settings, limits: limits
    ) { name, base in
      let place = base.directory == "." ? name : base.directory + "/" + name
      guard let text = files[place] else { throw Missing() }
      return SourceFile(path: place, text: text)
    }
  }

  /// Parses a YAML text.
  static func node(_ text: String, limits: YAMLLimits = YAMLLimits()) -> YAMLNode? {
    YAMLParser.parse(SourceFile(path: "text.yaml", text: text), limits: limits).node
  }

  /// Returns the ids of what is wrong with a YAML text.
  static func faults(_ text: String, limits: YAMLLimits = YAMLLimits()) -> [String] {
    YAMLParser.parse(SourceFile(path: "text.yaml", text: text), limits: limits)
      .diagnostics.map(\.id)
  }
}
