/// Specs over the toy model and data.
enum ToySpec {
  /// All kinds of stage, two cells, controls.
  static let full = """
    experiment: toy
    question: Do profiles of clusters beat one uniform profile?
    model: ./model
    data:
      documents: {abc: abc.jsonl, cap: cap.jsonl, mix: mix.jsonl, num: num.jsonl}
      route_tokens: 16
      splits: {calibration: 0.4, routing: 0.2, validation: 0.1, test: 0.3}
    vars: {s: 0.5, k: 4}

    stages:
      tokenize: {max_tokens: 48}
      capture: {scores: [wina, teal]}
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
          random: {profile: control, route: assign}
      compare:
        primary: {metric: kl, contrast: routed - uniform, at: {s: 0.5}}
        controls: {stage: shuffled, repeat: 2}
        bootstrap: 200
        permutations: 500

    sweep: {grid: {s: [0.25, 0.5]}}

    """

  /// The same with one cell and without controls.
  static let small = full.replacing("sweep: {grid: {s: [0.25, 0.5]}}\n", with: "")
    .replacing(", at: {s: 0.5}", with: "")
    .replacing("    controls: {stage: shuffled, repeat: 2}\n", with: "")

  /// Profiles of the rotated model, one that drops nothing and one of half.
  static let rotated = """
    experiment: toy-rotated
    model: ./model
    data:
      documents: {abc: abc.jsonl, num: num.jsonl}
      route_tokens: 16
      splits: {calibration: 0.6, test: 0.4}
    stages:
      tokenize: {max_tokens: 48}
      transform: {}
      turned: {kind: capture, scores: [wina], transform: transform}
      pooled: {kind: histogram, capture: turned}
      whole: {kind: profile, histogram: pooled, score: wina, sparsity: 0}
      half: {kind: profile, histogram: pooled, score: wina, sparsity: 0.5}
      evaluate: {arms: {dense: {}, whole: {profile: whole}, half: {profile: half}}}
      compare: {bootstrap: 200, permutations: 500}

    """

  /// Multiple choice.
  static let choices = """
    experiment: toy-choices
    model: ./model
    data:
      tasks: [arc_easy]
      path: bench
      splits: {calibration: 0.4, test: 0.6}
    stages:
      tokenize: {max_tokens: 64}
      capture: {scores: [wina]}
      pooled: {kind: histogram}
      uniform: {kind: profile, histogram: pooled, score: wina, sparsity: 0.5}
      evaluate: {arms: {dense: {}, uniform: {profile: uniform}}}
      compare: {bootstrap: 200, permutations: 500}

    """
}
