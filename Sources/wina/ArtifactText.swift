import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaReport
import WinaSparsity
import WinaStages
import WinaStatistics
import WinaTensor

/// What an artifact holds, for people: a few lines of facts and tables.
struct ArtifactText {
  /// The lines.
  var lines: [String] = []
  private let width: Int?

  /// Describes an artifact; formats without a description of their own give only their tensors.
  init(_ payload: ArtifactPayload, format: String, width: Int?) throws {
    self.width = width
    switch format {
    case ProfileArtifact.format: describe(try ProfileArtifact(decoding: payload).profile)
    case RouterArtifact.format:
      // Features and divergences of shards that a router is made of have its format, too.
      if let router = try? RouterArtifact(decoding: payload) { try describe(router) }
    case HistogramArtifact.format: try describe(HistogramArtifact(decoding: payload).histograms)
    case AllocationArtifact.format: try describe(AllocationArtifact(decoding: payload))
    case CaptureArtifact.format: try describe(CaptureArtifact(decoding: payload))
    case LatencyArtifact.format: describe(try LatencyArtifact(decoding: payload))
    case ClusteringArtifact.format: describe(try ClusteringArtifact(decoding: payload))
    case TransformArtifact.format: describe(try TransformArtifact(decoding: payload))
    case TokenizedShard.format: describe(try TokenizedShard(decoding: payload))
    case EvaluationShard.format: describe(try EvaluationShard(decoding: payload))
    case ComparisonArtifact.format:
      let report = ReportText(try ComparisonArtifact(decoding: payload).report)
      lines = report.terminal(width: width ?? 120, usesColor: false, showsLabels: false)
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    default: break
    }
  }

  mutating func add(_ table: TextTable) {
    lines.append("")
    lines += table.lines(width: width)
  }

  // MARK: Profiles

  private mutating func describe(_ profile: SparsityProfile) {
    let summary = profile.summary
    lines.append(
      "A profile of score '\(summary.method.rawValue)' with gate '\(summary.gate.rawValue)' for "
        + "\(summary.layers) layers, \(summary.groups.count) "
        + (summary.groups.count == 1 ? "group" : "groups"))
    if let reason = summary.unreachable {
      lines.append("n/a: \(reason)")
      return
    }
    var facts = ["target sparsity \(percent(summary.sparsity))"]
    if let coverage = summary.coverage { facts = ["coverage \(percent(coverage))"] }
    facts.append("expected \(percent(summary.expectedSparsity))")
    if let found = summary.heldOutSparsity { facts.append("held out \(percent(found))") }
    facts.append("centring \(summary.centring.rawValue)")
    if let beta = summary.beta { facts.append("beta \(beta)") }
    lines.append(facts.joined(separator: ", "))
    lines += summary.notes
    add(groupTable(summary))
    add(moduleTable(profile))
  }

  private func groupTable(_ summary: SparsityProfile.Summary) -> TextTable {
    var columns: [TextTable.Column] = [
      .init("group"), .init("expected sparsity", isNumeric: true),
    ]
    let optional: [(String, [Double]?)] = [
      ("held-out sparsity", summary.heldOutGroupSparsity), ("own weight", summary.ownWeights),
      ("removed inputs", summary.removed),
    ]
    let present = optional.compactMap { name, values in values.map { (name, $0) } }
    columns += present.map { .init($0.0, isNumeric: true) }
    var table = TextTable(columns)
    for (group, name) in summary.groups.enumerated() {
      table.append(
        [name, percent(summary.groupSparsity[group])] + present.map { percent($0.1[group]) })
    }
    return table
  }

  /// What each projection of each layer does: thresholds, counts, or the share that masks keep.
  private func moduleTable(_ profile: SparsityProfile) -> TextTable {
    var table = TextTable(
      [.init("layer", isNumeric: true)]
        + Projection.allCases.map { .init($0.rawValue, isNumeric: true) })
    for layer in 0..<profile.summary.layers {
      table.append(
        ["\(layer)"]
          + Projection.allCases.map { projection in
            range(
              profile.summary.groups.indices.map {
                profile.gate(group: $0, layer: layer, projection: projection)
              })
          })
    }
    return table
  }

  /// One value, or the least and the largest over groups.
  private func range(_ rules: [GateRule]) -> String {
    let texts: [(order: Double, text: String)] = rules.map { rule in
      switch rule {
      case .dense: (-1, "dense")
      case .threshold(let value), .hybrid(let value, _):
        (Double(value), "> \(rounded(Double(value)))")
      case .keep(let count): (Double(count), "top \(count)")
      case .fixed(let mask):
        (
          Double(mask.filter { $0 }.count),
          percent(Double(mask.filter { $0 }.count) / Double(max(mask.count, 1))) + " kept"
        )
      }
    }
    guard let low = texts.min(by: { $0.order < $1.order }),
      let high = texts.max(by: { $0.order < $1.order })
    else { return "" }
    return low.text == high.text ? low.text : "\(low.text) … \(high.text)"
  }

  // MARK: Others

  private mutating func describe(_ artifact: RouterArtifact) throws {
    let (summary, report) = (artifact.router.summary, artifact.training)
    lines.append(
      "A router of model '\(summary.model.rawValue)' from \(summary.dimension) features to "
        + "\(summary.classes) groups; \(artifact.router.macs) MACs a sample")
    lines.append("training: " + (try measures(report)))
    if let validation = artifact.validation {
      lines.append("validation: " + (try measures(validation.report)))
    }
  }

  /// How well a router does, with intervals.
  private func measures(_ report: RouterReport) throws -> String {
    func share(_ value: Double, _ low: Double?, _ high: Double?) -> String {
      guard let low, let high else { return "\(percent(value)) [n/a]" }
      return "\(percent(value)) [\(percent(low)), \(percent(high))]"
    }
    let interval = report.interval
    let f1 = try report.macroF1Interval(
      options: BootstrapOptions(seed: 1, method: .percentile, repetitions: 2000))
    return
      "\(report.count) samples, accuracy \(share(report.accuracy, interval.low, interval.high)), "
      + "macro-F1 \(share(report.macroF1, f1?.low, f1?.high)), always the largest group "
      + percent(report.majorityAccuracy)
  }

  private mutating func describe(_ artifact: ClusteringArtifact) {
    let summary = artifact.clustering.summary
    let labels = Set(artifact.sampleLabels).sorted()
    lines.append("\(summary.groups.count) groups of \(artifact.digests.count) samples")
    let report = artifact.report
    if let validity = report.validity {
      let values = [
        ("silhouette", validity.silhouette), ("Caliński–Harabasz", validity.dispersionRatio),
        ("Davies–Bouldin", validity.overlap),
      ].map { "\($0.0) \($0.1.map(rounded) ?? "n/a")" }
      lines.append(values.joined(separator: ", ") + " (n = \(validity.sampled))")
    }
    if let stability = report.stability, !stability.isEmpty {
      let mean = stability.reduce(0, +) / Double(stability.count)
      lines.append(
        "stability: ARI \(rounded(mean)), least \(rounded(stability.min() ?? 0)), of "
          + "\(stability.count) pairs of 80 % subsamples")
    }
    if let halves = report.halves {
      lines.append(
        "halves of a sample's tokens: one group for \(percent(halves.agreement)) of "
          + "\(halves.samples) samples, ARI \(rounded(halves.rand)), the whole sample's group for "
          + "\(percent(halves.withWhole)) of halves")
    }
    if let share = report.lengthShare {
      lines.append("groups explain \(percent(share)) of the variance of length")
    }
    if let candidates = report.candidates, let rule = report.rule {
      let place = report.chosenOn.map { " on \($0) samples" } ?? ""
      lines.append(
        "k by \(rule.rawValue)\(place): "
          + candidates.map { candidate in
            let error = candidate.standardError.map { " ± \(rounded($0))" } ?? ""
            return "\(candidate.k) \(candidate.value.map(rounded) ?? "n/a")\(error)"
              + (candidate.isChosen ? " (chosen)" : "")
          }
          .joined(separator: ", "))
    }
    var table = TextTable(
      [.init("group"), .init("samples", isNumeric: true)]
        + labels.map { .init($0, isNumeric: true) })
    for (group, name) in summary.groups.enumerated() {
      let members = artifact.clustering.labels.indices.filter {
        artifact.clustering.labels[$0] == group
      }
      table.append(
        [name, "\(members.count)"]
          + labels.map { label in
            "\(members.filter { artifact.sampleLabels[$0] == label }.count)"
          })
    }
    add(table)
  }

  private mutating func describe(_ artifact: CaptureArtifact) throws {
    let (shard, layout) = (artifact.shard, artifact.shard.layout)
    lines.append(
      "Statistics of \(shard.samples) samples: \(shard.gatedTokens.reduce(0) { $0 + Int($1) }) gated and "
        + "\(shard.routeTokens.reduce(0) { $0 + Int($1) }) routing tokens")
    let sink = artifact.sink
    guard sink.tokens > 0, artifact.shard.keepsMoments else { return }
    let means = try shard.gatedMoments.meanAbsolute
    var table = TextTable(
      [
        .init("layer", isNumeric: true), .init("stream"), .init("mean |x|", isNumeric: true),
        .init("of the dense prefix", isNumeric: true), .init("its largest", isNumeric: true),
      ], keyColumns: 2)
    for layer in 0..<layout.layers {
      for (place, stream) in ActivationStream.allCases.enumerated() {
        var sum = 0.0
        for sample in 0..<shard.samples {
          for channel in layout.channelRange(stream) {
            let index = (sample * layout.layers + layer) * layout.channels + channel
            sum += Double(means[index])
          }
        }
        let width = layout.width(of: stream)
        table.append([
          "\(layer)", stream.rawValue, rounded(sum / Double(max(shard.samples * width, 1))),
          rounded(sink.mean(layer: layer, stream: stream, width: width) ?? .nan),
          rounded(Double(sink.largest[layer][place])),
        ])
      }
    }
    lines.append("\(sink.tokens) tokens of dense prefixes are kept apart from all of it:")
    add(table)
  }

  private mutating func describe(_ set: HistogramSet) throws {
    lines.append(
      "Histograms of \(set.samples.reduce(0, +)) samples, \(set.tokens.reduce(0, +)) gated tokens, "
        + "centring \(set.centring.rawValue); quantiles over all samples:")
    let levels = [0.25, 0.5, 0.75, 0.9, 0.99]
    var table = TextTable(
      [.init("layer", isNumeric: true), .init("score")]
        + levels.map { .init("\($0)", isNumeric: true) } + [.init("overflow", isNumeric: true)],
      keyColumns: 2)
    for layer in 0..<set.layout.layers {
      for slot in set.layout.slots {
        table.append(
          ["\(layer)", slot.name]
            + (try levels.map {
              rounded(try set.quantile(group: nil, layer: layer, slot: slot, $0))
            }) + ["\(try set.overflow(layer: layer, slot: slot))"])
      }
    }
    add(table)
  }

  // MARK: Allocations

  private mutating func describe(_ artifact: AllocationArtifact) throws {
    let (allocation, report) = (artifact.allocation, artifact.report)
    lines.append(
      "An allocation by method '\(allocation.method.rawValue)' for \(allocation.layers) layers, "
        + "\(allocation.groups.count) " + (allocation.groups.count == 1 ? "group" : "groups"))
    if let error = report.error {
      lines.append(
        "error '\(error)' on \(report.samples.reduce(0, +)) samples, checked on "
          + "\(report.heldOut.reduce(0, +)) others")
    }
    if let reuse = report.reuse {
      lines.append(
        "products reused: a search of whole blocks would multiply \(rounded(reuse)) times as much")
    }
    if case .greedy(let paths) = allocation.evidence { add(pathTable(paths[0])) }
    if !report.checks.isEmpty { add(checkTable(artifact)) }
    for target in [0.25, 0.5, 0.65] {
      guard let division = try? allocation.sparsities(group: 0, target: target) else { continue }
      var table = TextTable(
        [.init("layer at \(target)", isNumeric: true)]
          + Projection.allCases.map { .init($0.rawValue, isNumeric: true) })
      for (layer, sparsities) in division.enumerated() {
        table.append(["\(layer)"] + sparsities.map(percent))
      }
      add(table)
    }
  }

  /// Errors along the greedy paths of the first group, against uniform sparsity.
  private func pathTable(_ paths: [GreedyPath]) -> TextTable {
    var table = TextTable(
      [
        .init("layer", isNumeric: true), .init("sparsity", isNumeric: true),
        .init("error", isNumeric: true), .init("uniform", isNumeric: true),
        .init("held out", isNumeric: true), .init("held-out uniform", isNumeric: true),
      ], keyColumns: 2)
    for (layer, path) in paths.enumerated() {
      for target in [0.25, 0.5, 0.65] {
        guard let row = path.rows.first(where: { $0.effective >= target - 1e-9 }) else { continue }
        table.append([
          "\(layer)", percent(row.effective), rounded(row.error), rounded(row.uniformError),
          rounded(row.heldOutError), rounded(row.heldOutUniformError),
        ])
      }
    }
    return table
  }

  private func checkTable(_ artifact: AllocationArtifact) -> TextTable {
    var table = TextTable(
      [
        .init("held-out KL of group"), .init("sparsity", isNumeric: true),
        .init("sum of modules", isNumeric: true), .init("joint", isNumeric: true),
        .init("uniform", isNumeric: true),
      ], keyColumns: 2)
    for check in artifact.report.checks {
      table.append([
        artifact.allocation.groups[check.group], percent(check.sparsity),
        check.predicted.map(rounded) ?? "n/a", rounded(check.joint), rounded(check.uniform),
      ])
    }
    return table
  }

  private mutating func describe(_ artifact: TransformArtifact) {
    let transform = artifact.transform
    func names(_ anchors: [Projection]) -> String { anchors.map(\.rawValue).joined(separator: "+") }
    let blocks = [
      (names(artifact.attentionAnchors), transform.layers.map(\.attention)),
      (names(artifact.mlpAnchors), transform.layers.map(\.mlp)),
    ]
    lines.append(
      "Rotations of \(transform.layers.count) layers of width \(transform.hidden), which make the "
        + "columns of \(blocks.map(\.0).joined(separator: " and of ")) orthogonal; column norms:")
    var table = TextTable(
      [.init("layer", isNumeric: true)]
        + blocks.flatMap { name, _ in
          ["\(name) not zero", "largest", "median", "least not zero"].map {
            TextTable.Column($0, isNumeric: true)
          }
        })
    for layer in transform.layers.indices {
      table.append(
        ["\(layer)"]
          + blocks.flatMap { _, rotations -> [String] in
            let (norms, rank) = (rotations[layer].values, rotations[layer].rank)
            return ["\(rank)"]
              + [0, norms.count / 2, rank - 1].map { $0 < 0 ? "0" : rounded(norms[$0]) }
          })
    }
    add(table)
  }

  func percent(_ share: Double) -> String {
    "\((share * 1000).rounded() / 10) %"
  }

  func rounded(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return "\(value)" }
    var scale = 1.0
    while abs(value) * scale < 1000 { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}
