import WinaPipeline

/// A small report with everything that a report can hold.
enum SampleReport {
  static func cell(_ s: Double) -> [String: JSONValue] { ["s": .double(s)] }

  static func rows(_ s: Double) -> [ResultRow] {
    let cell = cell(s)
    var rows: [ResultRow] = []
    for (arm, kl, work) in [("uniform", 0.0123 * s / 0.5, 1.89e6), ("routed", 0.0119, 1.9e6)] {
      rows += [
        ResultRow(
          cell: cell, arm: arm, metric: "kl", value: kl, low: kl - 0.0006, high: kl + 0.0006,
          n: 104),
        ResultRow(
          cell: cell, arm: arm, metric: "perplexity", value: 5.41, low: 5.2, high: 5.625, n: 104),
        ResultRow(cell: cell, arm: arm, metric: "sparsity_gated", value: s + 0.001, n: 104),
        ResultRow(cell: cell, arm: arm, metric: "sparsity_all", value: s * 0.85, n: 104),
        ResultRow(cell: cell, arm: arm, metric: "macs_per_token", value: work, n: 104),
        ResultRow(cell: cell, arm: arm, label: "wiki", metric: "kl", value: kl * 0.9, n: 52),
        ResultRow(cell: cell, arm: arm, label: "exam", metric: "kl", value: kl * 1.1, n: 52),
        ResultRow(cell: cell, arm: arm, label: "macro", metric: "kl", value: kl, n: 104),
      ]
    }
    for metric in ["kl", "perplexity", "sparsity_gated", "macs_per_token"] {
      rows.append(
        ResultRow(
          cell: cell, arm: "cats", metric: metric, value: nil, n: 0,
          note: "CATS gates two of seven projections and reaches at most 0.47"))
    }
    return rows
  }

  static let dense: [ResultRow] = [
    ResultRow(cell: [:], arm: "dense", metric: "kl", value: 0, n: 104),
    ResultRow(
      cell: [:], arm: "dense", metric: "perplexity", value: 5.31, low: 5.1, high: 5.52, n: 104),
    ResultRow(cell: [:], arm: "dense", metric: "sparsity_gated", value: 0, n: 104),
    ResultRow(cell: [:], arm: "dense", metric: "sparsity_all", value: 0, n: 104),
    ResultRow(
      cell: [:], arm: "dense", metric: "macs_per_token", value: 3.15e6, n: 104,
      note: "attention and head included"),
  ]

  static let full = ComparisonReport(
    arms: ["dense", "uniform", "routed", "cats"], rows: dense + rows(0.5) + rows(0.65),
    contrasts: contrasts,
    nulls: [
      NullRow(
        cell: cell(0.5), arm: "routed", controlArm: "random", baseline: "uniform", metric: "kl",
        observed: 0.0004, null: [0.0001, -0.0002, 0.0003], p: 0.25)
    ],
    facts: [.init(name: "ARI of clusters and labels", value: 0.31, text: "0.31 [0.25, 0.37]")],
    verdict: "At s = 0.5 routed does not differ from uniform in KL (p = 0.21).",
    policy: "dense_prefix 1, route_tokens 32, prompt and continuation gated")

  private static var contrasts: [ContrastRow] {
    var other = ContrastRow(
      cell: cell(0.65), contrast: "routed - uniform", metric: "kl", difference: -0.004091,
      low: -0.0051, high: -0.0031, p: 0.00002, test: "sign-flip permutation", n: 104,
      minimumDetectable: 0.0009, sparsityGap: 0.02,
      note: "baseline interpolated to equal MACs")
    other.pHolm = 0.00004
    var inOtherWords = other
    inOtherWords.metric = "nll"
    inOtherWords.note = "equal MACs"
    var near = other
    near.contrast = "other - uniform"
    near.note = "sparsities within half a point"
    var nearElsewhere = near
    nearElsewhere.cell = cell(0.5)
    return [
      other, inOtherWords, near, nearElsewhere,
      ContrastRow(
        cell: cell(0.5), contrast: "routed - uniform", metric: "kl", difference: -0.0004,
        low: -0.00102, high: 0.0003, p: 0.2134, test: "sign-flip permutation", n: 104,
        minimumDetectable: 0.0009, isPrimary: true, sparsityGap: -0.014,
        note: "baseline interpolated to equal MACs"),
      ContrastRow(
        cell: cell(0.65), contrast: "cats - uniform", metric: "kl", difference: nil,
        test: "none", n: 0, note: "cats has no numbers here"),
    ]
  }
}
