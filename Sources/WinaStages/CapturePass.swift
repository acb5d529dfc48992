import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity

/// Runs samples through the dense model and their activations into an accumulator.
final class CapturePass {
  /// A sample and the group that chooses among means and exact histograms.
  struct Item {
    var sample: TokenizedSample
    var group: Int

    /// The tokens that are fed: all but the last of the right sequence.
    var tokens: [Int32] { Array(sample.goldSequence.tokens.dropLast()) }
  }

  private let policy: EvaluationPolicy
  private let keepsGate: Bool
  private let workspace = ForwardWorkspace()
  private var accumulator: CaptureAccumulator
  /// What counts active inputs, if that is asked for.
  private(set) var activity: ActivityCounter?
  /// The activations of the dense prefix.
  private(set) var sink: SinkActivations
  /// What keeps features of the routing tokens, if that is asked for.
  private let features: RouteFeatures?
  /// The features of finished samples, one after the other.
  private(set) var traits: [Float] = []
  /// The counts of the samples that are being fed.
  private var counts: [[Float]] = []
  /// The samples that are being fed.
  private var open: [SuspendedSample?] = []
  /// The groups and the gated rows of the samples that are being fed.
  private var places: [(group: Int, gated: Range<Int>, route: Range<Int>)] = []

  /// The tokens that go through a resident model together.
  private static let rowsOfBatch = 384

  init(
    policy: EvaluationPolicy, layers: Int, keepsGate: Bool, accumulator: CaptureAccumulator,
    activity: ActivityCounter? = nil, features: RouteFeatures? = nil
  ) {
    sink = SinkActivations(layers: layers)
    self.features = features
    self.policy = policy
    self.keepsGate = keepsGate
    self.accumulator = accumulator
    self.activity = activity
  }

  /// Runs samples through a model, and returns what was kept of all of them.
  ///
  /// The result does not depend on which samples go through the model together.
  func run(
    _ items: [Item], _ model: CaptureModel, _ context: any StageContext
  ) throws -> ShardCapture {
    switch model {
    case .resident(let language): try run(items, language, context)
    case .layerwise(let layers): try run(items, layers, context)
    }
    return try accumulator.finish()
  }

  private func run(
    _ items: [Item], _ model: LanguageModel, _ context: any StageContext
  ) throws {
    var first = 0
    while first < items.count {
      try context.checkCancellation()
      var (end, rows) = (first, 0)
      while end < items.count, end == first || rows + items[end].tokens.count <= Self.rowsOfBatch {
        rows += items[end].tokens.count
        end += 1
      }
      let batch = Array(items[first..<end])
      let parts = batch.map {
        SequencePart(tokens: $0.tokens, request: ForwardRequest(logitRows: .none))
      }
      try beginAll(batch)
      var failure: (any Error)?
      _ = try model.forward(parts, workspace: workspace) { part, point, block in
        guard failure == nil else { return }
        do { try self.add(part, point, block) } catch { failure = error }
      }
      if let failure { throw failure }
      try endAll()
      first = end
      context.progress(end, of: items.count)
    }
  }

  private func run(
    _ items: [Item], _ model: LayerwiseModel, _ context: any StageContext
  ) throws {
    try beginAll(items)
    try model.forward(
      items.map(\.tokens), workspace: workspace,
      beforeLayer: { layer in
        try context.checkCancellation()
        context.progress(items.count * layer / model.configuration.layers, of: items.count)
      }, tap: add)
    try endAll()
    context.progress(items.count, of: items.count)
  }

  private func beginAll(_ items: [Item]) throws {
    places = items.map { item in
      let rows = item.sample.goldSequence.tokens.count - 1
      return (
        item.group, CapturePass.gatedRange(of: item.sample, policy, rows: rows),
        CapturePass.routeRange(of: item.sample, policy, rows: rows)
      )
    }
    if let features {
      counts = items.map { _ in [Float](repeating: 0, count: features.width) }
    }
    for place in places { activity?.add(tokens: place.gated.count, group: place.group) }
    open = try items.map { item in
      let rows = item.sample.goldSequence.tokens.count - 1
      try accumulator.beginSample(
        route: CapturePass.routeRange(of: item.sample, policy, rows: rows),
        gated: CapturePass.gatedRange(of: item.sample, policy, rows: rows), group: item.group)
      return try accumulator.suspendSample()
    }
  }

  private func endAll() throws {
    for sample in open {
      guard let sample else { continue }
      try accumulator.resumeSample(sample)
      try accumulator.endSample()
    }
    open = []
    if let features {
      for (place, counts) in zip(places, counts) {
        traits += features.finish(counts, tokens: place.route.count)
      }
      counts = []
    }
  }

  private func add(_ part: Int, _ point: TapPoint, _ block: ActivationBlock) throws {
    if case .gateActivation = point, !keepsGate { return }
    // Taken out, or adding would copy the sample's counters.
    guard let sample = open[part].take() else { return }
    try accumulator.resumeSample(sample)
    switch point {
    case .stream(let stream, let layer):
      try accumulator.add(
        layer: layer, stream: stream, values: block.values, rows: block.rows,
        firstPosition: block.firstPosition)
      let (first, place) = (block.firstPosition, places[part])
      let prefix = (0..<policy.densePrefix).clamped(to: first..<(first + block.rows))
      sink.add(
        block.values, rows: (prefix.lowerBound - first)..<(prefix.upperBound - first),
        columns: block.columns, layer: layer, stream: stream)
      let rows = place.gated.clamped(to: first..<(first + block.rows))
      activity?.add(
        block.values, rows: (rows.lowerBound - first)..<(rows.upperBound - first),
        group: place.group, layer: layer, stream: stream)
      if let features {
        let rows = place.route.clamped(to: first..<(first + block.rows))
        features.add(
          block.values, rows: (rows.lowerBound - first)..<(rows.upperBound - first),
          first: rows.lowerBound - place.route.lowerBound, layer: layer, stream: stream,
          into: &counts[part])
      }
    case .gateActivation(let layer):
      try accumulator.addGate(
        layer: layer, values: block.values, rows: block.rows, firstPosition: block.firstPosition)
    }
    open[part] = try accumulator.suspendSample()
  }

  /// The rows that clustering and routing may see: the prompt, or the leading tokens of a document,
  /// without the dense prefix, whose outliers would drown everything else.
  static func routeRange(
    of sample: TokenizedSample, _ policy: EvaluationPolicy, rows: Int
  ) -> Range<Int> {
    let end =
      sample.kind == .document
      ? min(rows, policy.routeTokens) : min(rows, sample.sharedContext)
    return min(policy.densePrefix, end)..<end
  }

  /// The rows that arms gate, which are those that thresholds are fitted to.
  static func gatedRange(
    of sample: TokenizedSample, _ policy: EvaluationPolicy, rows: Int
  ) -> Range<Int> {
    min(rows, policy.firstGatedRow(sample))..<rows
  }
}
