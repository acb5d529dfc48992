/// The specs that `wina init` writes.
enum SpecTemplates {
  /// The templates' names.
  static let names = ["documents", "choices", "octet"]

  /// Returns a template's text.
  static func named(_ name: String) -> String? {
    switch name {
    case "documents": documents
    case "choices": choices
    case "octet": octet
    default: nil
    }
  }

  private static let documents = """
    # yaml-language-server: $schema=wina.schema.json
    # `wina schema > wina.schema.json` writes the schema that editors complete and check with.
    experiment: my-study
    question: Do profiles of clusters beat one uniform profile?
    model: ./model                    # a Hugging Face directory
    data:
      documents:                      # label: a .jsonl[.zst] file with `text`, or a .txt[.zst]
        prose: prose.jsonl
        code: code.jsonl
      splits: {calibration: 0.4, routing: 0.3, validation: 0.1, test: 0.2}
    vars: {s: 0.5, k: 4}

    stages:                           # name: {kind, inputs and parameters}; kind defaults to the name
      tokenize: {max_tokens: 256}
      capture: {scores: [wina, teal]} # what profiles may use
      clusters: {kind: cluster, algorithm: kmeans, k: "${k}", seed: 1}
      shuffled: {kind: cluster, algorithm: random, like: clusters, seed: 1}
      pooled: {kind: histogram}
      grouped: {kind: histogram, groups: clusters}
      mixed: {kind: histogram, groups: shuffled}
      uniform: {kind: profile, histogram: pooled, score: wina, sparsity: "${s}"}
      specific: {kind: profile, histogram: grouped, score: wina, sparsity: "${s}"}
      control: {kind: profile, histogram: mixed, score: wina, sparsity: "${s}"}
      router: {kind: classifier, labels: clusters, features: embedding}
      evaluate:
        arms:
          dense: {}
          uniform: {profile: uniform}
          routed: {profile: specific, route: router}
          assigned: {profile: specific, route: assign}
          random: {profile: control, route: assign}
      compare:
        primary: {metric: kl, contrast: routed - uniform, at: {s: 0.5}}
        controls: {stage: shuffled, repeat: 20}

    sweep: {grid: {s: [0.25, 0.5, 0.65]}}

    """

  private static let octet = """
    # yaml-language-server: $schema=wina.schema.json
    # Runs as it is, on the bundled model and its suite of eight families of tasks.
    experiment: my-octet
    question: Do profiles of clusters beat one uniform profile?
    model: octet
    data: {suite: octet, limit: 250}  # of each family; the suite ships its splits
    vars: {s: 0.5, k: 8}

    stages:
      tokenize: {max_tokens: 256}
      capture: {scores: [wina, teal]}
      clusters: {kind: cluster, algorithm: kmeans, k: "${k}", seed: 1}
      pooled: {kind: histogram}
      grouped: {kind: histogram, groups: clusters}
      uniform: {kind: profile, histogram: pooled, score: wina, sparsity: "${s}"}
      specific: {kind: profile, histogram: grouped, score: wina, sparsity: "${s}"}
      router: {kind: classifier, labels: clusters, features: embedding}
      evaluate:
        arms:
          dense: {}
          uniform: {profile: uniform}
          routed: {profile: specific, route: router}
      compare:
        primary: {metric: kl, contrast: routed - uniform}

    """

  private static let choices = """
    # yaml-language-server: $schema=wina.schema.json
    experiment: my-choices
    question: How much accuracy does a uniform profile cost?
    model: ./model                    # a Hugging Face directory
    data:
      tasks: [arc_easy, piqa]
      path: benchmarks                # holds arc_easy/validation.jsonl and so on
      limit: 500
      splits: {calibration: 0.4, routing: 0.1, validation: 0.1, test: 0.4}
    vars: {s: 0.5}

    stages:
      tokenize: {max_tokens: 512}
      capture: {scores: [wina, teal]}
      pooled: {kind: histogram}
      uniform: {kind: profile, histogram: pooled, score: wina, sparsity: "${s}"}
      teal: {kind: profile, histogram: pooled, score: teal, sparsity: "${s}"}
      evaluate:
        arms:
          dense: {}
          uniform: {profile: uniform}
          teal: {profile: teal}
      compare:
        primary: {metric: acc, contrast: uniform - teal, at: {s: 0.5}}

    sweep: {grid: {s: [0.25, 0.5]}}

    """
}
