import WinaTensor

/// Collects the activations of samples, one sample after the other, into a ``ShardCapture``.
///
/// ```swift
/// var capture = try CaptureAccumulator(layout: layout, norms: norms)
/// try capture.beginSample(route: 0..<32, gated: 32..<256)
/// try capture.add(layer: 0, stream: .attentionInput, values: x, rows: 256, firstPosition: 0)
/// try capture.endSample()
/// let shard = try capture.finish()
/// ```
///
/// A sample may be fed in blocks of any size, as long as the positions of a (layer, stream) come in
/// order; the result does not depend on the blocks. Use one accumulator per worker and join the
/// results in sample order with ``ShardCapture/concatenate(_:)``.
public struct CaptureAccumulator: Sendable {
  private let layout: CaptureLayout
  private let norms: ColumnNorms
  private let centring: CentringMeans?
  private let exactGroups: Int
  private let keepsMoments: Bool
  private var open: OpenSample?
  private var sampleGroups: [Int32] = []
  private var routeTokens: [Int32] = []
  private var gatedTokens: [Int32] = []
  private var routeMeans: MeanColumns
  private var gatedMeans: MeanColumns
  private var sketches: [UInt32] = []
  private var exact: [UInt64]
  private var scan = ScoreScan()

  /// Makes an empty accumulator.
  ///
  /// - Parameters:
  ///   - layout: The shape of the model and the slots to keep.
  ///   - norms: Column norms; only those of weighted slots are read.
  ///   - centring: Means to subtract before scoring, or nil.
  ///   - exactGroups: How many groups the exact counters keep apart.
  ///   - keepsMoments: Whether to keep moments of every channel and sample.
  /// - Throws: ``SparsityError`` when centring meets the gate slot (CATS scores a product, which has
  ///   no mean to restore) or norms are missing.
  public init(
    layout: CaptureLayout, norms: ColumnNorms, centring: CentringMeans? = nil,
    exactGroups: Int = 1, keepsMoments: Bool = true
  ) throws {
    if centring != nil, layout.slots.contains(where: \.isGate) {
      throw SparsityError(
        code: .centringMismatch, message: "scores of 'cats' cannot be centred",
        hint: "capture cats without centring, in a capture stage of its own")
    }
    guard exactGroups >= 1 else {
      throw SparsityError.range("exactGroups", "\(exactGroups)", expected: "1…")
    }
    if let centring,
      centring.layout.widths != layout.widths
        || centring.layout.layers != layout.layers
    {
      throw SparsityError.layouts("the centring means and the capture")
    }
    try Self.check(norms, layout)
    self.layout = layout
    self.norms = norms
    self.centring = centring
    self.exactGroups = exactGroups
    self.keepsMoments = keepsMoments
    routeMeans = MeanColumns()
    gatedMeans = MeanColumns()
    exact = [UInt64](
      repeating: 0,
      count: exactGroups * layout.layers * layout.slots.count * ScoreHistogram.binCount)
  }

  /// Starts a sample.
  ///
  /// - Parameters:
  ///   - route: The token positions that clustering and routing may see.
  ///   - gated: The token positions that histograms and means see.
  ///   - group: The sample's group, for group means and grouped exact counters.
  /// - Throws: ``SparsityError`` when a sample is open or the group does not exist.
  public mutating func beginSample(route: Range<Int>, gated: Range<Int>, group: Int = 0) throws {
    guard open == nil else {
      throw SparsityError.order("a sample is still open", hint: "end it before the next one")
    }
    let groups = centring?.kind == .group ? centring?.groups.count ?? 1 : nil
    let limit = [groups, exactGroups > 1 ? exactGroups : nil].compactMap(\.self).min()
    guard group >= 0, limit.map({ group < $0 }) ?? true else {
      throw SparsityError.range("a sample's group", "\(group)", expected: "0..<\(limit ?? 1)")
    }
    open = OpenSample(
      place: SamplePlace(route: route, gated: gated, group: group), layout: layout,
      keepsMoments: keepsMoments)
  }

  /// Adds a block of activations of one stream.
  ///
  /// - Parameters:
  ///   - layer: The layer.
  ///   - stream: The stream.
  ///   - values: The activations, shape [rows, width], row-major.
  ///   - rows: The number of token positions of the block.
  ///   - firstPosition: The position of its first row within the sample.
  /// - Throws: ``SparsityError`` for a wrong shape, a position out of order or values that are not
  ///   numbers.
  public mutating func add(
    layer: Int, stream: ActivationStream, values: [Float], rows: Int, firstPosition: Int
  ) throws {
    let width = layout.width(of: stream)
    let block = try TokenBlock(
      values: values, rows: rows, columns: width, firstPosition: firstPosition)
    try admit(block, layer: layer, index: ActivationStream.allCases.firstIndex(of: stream) ?? 0)
    guard let place = open?.place else { return }
    let offset = layer * layout.channels + layout.channelRange(stream).lowerBound
    let gated = block.rows(within: place.gated)
    if keepsMoments {
      open?.route.add(block, rows: block.rows(within: place.route), offset: offset)
      open?.gated.add(block, rows: gated, offset: offset)
    }
    guard !gated.isEmpty else { return }
    let mean = centring?.mean(group: place.group, layer: layer, stream: stream)
    for (index, slot) in layout.slots.enumerated() where slot.stream == stream {
      let norms = try norms.norms(layer: layer, of: slot)
      try count(block, gated, layer: layer, slot: index, norms: norms, mean: mean)
    }
  }

  /// Adds a block of SiLU(gate) activations, shape [rows, gateWidth], for the gate slot.
  ///
  /// - Throws: ``SparsityError`` as ``add(layer:stream:values:rows:firstPosition:)``.
  public mutating func addGate(layer: Int, values: [Float], rows: Int, firstPosition: Int) throws {
    let block = try TokenBlock(
      values: values, rows: rows, columns: layout.gateWidth, firstPosition: firstPosition)
    try admit(block, layer: layer, index: ActivationStream.allCases.count)
    guard let place = open?.place else { return }
    let gated = block.rows(within: place.gated)
    guard !gated.isEmpty else { return }
    for (index, slot) in layout.slots.enumerated() where slot.isGate {
      let norms = try norms.norms(layer: layer, of: slot)
      try count(block, gated, layer: layer, slot: index, norms: norms, mean: nil)
    }
  }

  /// Sets the open sample aside, so that another can be fed.
  ///
  /// - Throws: ``SparsityError`` when no sample is open.
  public mutating func suspendSample() throws -> SuspendedSample {
    guard let sample = open else {
      throw SparsityError.order("no sample is open", hint: "begin a sample first")
    }
    open = nil
    return SuspendedSample(sample: sample)
  }

  /// Goes on with a sample that was set aside.
  ///
  /// - Throws: ``SparsityError`` when a sample is open.
  public mutating func resumeSample(_ suspended: SuspendedSample) throws {
    guard open == nil else {
      throw SparsityError.order("a sample is still open", hint: "suspend it first")
    }
    open = suspended.sample
  }

  /// Closes the open sample and turns its sums into means.
  ///
  /// - Throws: ``SparsityError`` when a stream was not fed up to the end of both ranges.
  public mutating func endSample() throws {
    guard let sample = open else {
      throw SparsityError.order("no sample is open", hint: "begin a sample first")
    }
    try sample.requireComplete(layout)
    let place = sample.place
    sampleGroups.append(Int32(place.group))
    routeTokens.append(Int32(place.route.count))
    gatedTokens.append(Int32(place.gated.count))
    routeMeans.appendAbsolute(sample.route, tokens: place.route.count)
    gatedMeans.append(sample.gated, tokens: place.gated.count)
    sketches.append(contentsOf: sample.sketch)
    open = nil
  }

  /// Returns the capture of all samples and leaves the accumulator empty.
  ///
  /// - Throws: ``SparsityError`` when a sample is still open.
  public mutating func finish() throws -> ShardCapture {
    guard open == nil else {
      throw SparsityError.order("a sample is still open", hint: "end it before finishing")
    }
    let count = sampleGroups.count
    let moments =
      keepsMoments
      ? ShardCapture.Moments(
        route: routeMeans.absolute,
        gated: try gatedMeans.moments(samples: count, layout: layout)) : nil
    let capture = try ShardCapture(
      layout: layout, centring: centring?.kind ?? .none, sampleGroups: sampleGroups,
      routeTokens: routeTokens, gatedTokens: gatedTokens,
      moments: moments,
      sketches: sketches, exactGroups: exactGroups, exact: exact)
    self = try CaptureAccumulator(
      layout: layout, norms: norms, centring: centring, exactGroups: exactGroups,
      keepsMoments: keepsMoments)
    return capture
  }

  private mutating func admit(_ block: TokenBlock, layer: Int, index: Int) throws {
    guard open != nil else {
      throw SparsityError.order("no sample is open", hint: "begin a sample first")
    }
    guard (0..<layout.layers).contains(layer) else {
      throw SparsityError.range("a layer", "\(layer)", expected: "0..<\(layout.layers)")
    }
    try open?.advance(layer * OpenSample.sources + index, block)
  }

  private mutating func count(
    _ block: TokenBlock, _ rows: Range<Int>, layer: Int, slot: Int, norms: [Float]?, mean: [Float]?
  ) throws {
    guard var sample = open else { return }
    open = nil
    defer { open = sample }
    let cell = layer * layout.slots.count + slot
    let set = exactGroups > 1 ? sample.place.group : 0
    let isNumber = scan.count(
      block, rows: rows, norms: norms, mean: mean, into: &exact,
      at: (set * layout.layers * layout.slots.count + cell) * ScoreHistogram.binCount,
      sketch: &sample.sketch, at: cell * ScoreSketch.binCount)
    guard isNumber else {
      throw SparsityError.notANumber("\(layout.slots[slot].name) of layer \(layer)")
    }
  }

  private static func check(_ norms: ColumnNorms, _ layout: CaptureLayout) throws {
    let needed = Set(layout.slots.flatMap(\.weights))
    for projection in Projection.allCases where needed.contains(projection) {
      for layer in 0..<layout.layers {
        let count = try norms.norms(layer: layer, projection: projection).count
        let width = layout.width(of: projection.stream)
        guard count == width else {
          throw SparsityError.shape(
            "column norms of \(projection.rawValue)", have: count, expected: width)
        }
      }
    }
  }
}

/// A sample that is not yet complete, set aside while others are fed.
public struct SuspendedSample: Sendable {
  fileprivate let sample: OpenSample
}
