import WinaEvaluation
import WinaModel
import WinaReport
import WinaStages

extension ArtifactText {
  mutating func describe(_ artifact: LatencyArtifact) {
    lines.append(
      "Times on '\(artifact.host)' with kernels \(artifact.kernels): medians [quartiles] in ms")
    var table = TextTable(
      [
        .init("threads", isNumeric: true), .init("batch", isNumeric: true),
        .init("prompt", isNumeric: true), .init("arm"), .init("prefill", isNumeric: true),
        .init("step", isNumeric: true), .init("95 %", isNumeric: true),
        .init("of dense", isNumeric: true), .init("weights read", isNumeric: true),
        .init("tokens/s", isNumeric: true), .init("n", isNumeric: true),
      ], keyColumns: 4)
    for result in artifact.results {
      let shape = result.shape
      let step = Quartiles(result.steps)
      table.append([
        "\(shape.threads)", "\(shape.batch)", "\(shape.promptTokens)", result.subject,
        Quartiles(result.prefill).text(rounded), step.text(rounded),
        rounded(step.high95), Quartiles(result.ratios).text(rounded), percent(result.density),
        rounded(Double(shape.batch) * 1000 / step.median), "\(result.steps.count)",
      ])
    }
    add(table)
    add(phaseTable(artifact))
    if !artifact.routing.isEmpty { add(routingTable(artifact)) }
    for (name, time) in artifact.packing.sorted(by: { $0.key < $1.key }) {
      lines.append("packing the weights of one group for '\(name)': \(rounded(time)) ms")
    }
  }

  /// Where the time of a decode step goes, for the first shape.
  private func phaseTable(_ artifact: LatencyArtifact) -> TextTable {
    let first = artifact.results.first?.shape
    let results = artifact.results.filter { $0.shape == first }
    var table = TextTable(
      [.init("phase of a step, ms")] + results.map { .init($0.subject, isNumeric: true) })
    for phase in ForwardPhase.allCases {
      table.append(
        [phase.rawValue] + results.map { rounded($0.phases[phase.rawValue] ?? 0) })
    }
    return table
  }

  /// What routers take of a request, in microseconds.
  private func routingTable(_ artifact: LatencyArtifact) -> TextTable {
    var table = TextTable([
      .init("router of"), .init("features, µs", isNumeric: true),
      .init("choice, µs", isNumeric: true), .init("MACs", isNumeric: true),
      .init("requests", isNumeric: true), .init("n", isNumeric: true),
    ])
    for routing in artifact.routing {
      table.append([
        routing.arm, Quartiles(routing.times.map { $0.features * 1000 }).text(rounded),
        Quartiles(routing.times.map { $0.prediction * 1000 }).text(rounded),
        "\(Int(routing.macs))", "\(routing.requests)", "\(routing.times.count)",
      ])
    }
    return table
  }
}

/// The quartiles of measured times, linearly interpolated.
private struct Quartiles {
  let low: Double
  let median: Double
  let high: Double
  /// The value that 95 % lie below.
  let high95: Double

  init(_ values: [Double]) {
    let sorted = values.sorted()
    func quantile(_ level: Double) -> Double {
      guard let last = sorted.indices.last else { return .nan }
      let place = level * Double(last)
      let lower = Int(place)
      let upper = min(lower + 1, last)
      return sorted[lower] + (sorted[upper] - sorted[lower]) * (place - Double(lower))
    }
    (low, median, high, high95) = (quantile(0.25), quantile(0.5), quantile(0.75), quantile(0.95))
  }

  func text(_ number: (Double) -> String) -> String {
    "\(number(median)) [\(number(low)), \(number(high))]"
  }
}
