/// What a capture keeps of the samples of one shard.
///
/// Raw activations are never kept: moments and sketches per sample, exact counters per shard.
public struct ShardCapture: Sendable, Equatable {
  /// Means per sample and channel.
  public struct Moments: Sendable, Equatable {
    /// The mean of |x| over the tokens that clustering and routing may see, shape [samples, layers,
    /// channels].
    public var route: [Float]
    /// Moments over the tokens that are gated.
    public var gated: ChannelMoments

    /// Takes moments of the same samples.
    public init(route: [Float], gated: ChannelMoments) {
      self.route = route
      self.gated = gated
    }
  }

  /// The shape of everything.
  public let layout: CaptureLayout
  /// How the captured scores were centred.
  public let centring: CentringKind
  /// The group of each sample as given to the capture; 0 where there are no groups.
  public let sampleGroups: [Int32]
  /// The number of tokens in each sample's route range.
  public let routeTokens: [Int32]
  /// The number of tokens in each sample's gated range.
  public let gatedTokens: [Int32]
  /// Moments per sample, unless the pass kept something else.
  private let moments: Moments?
  /// Sketches over the gated tokens, shape [samples, layers, slots, 1024].
  public let sketches: [UInt32]
  /// How many groups the exact counters keep apart, at least 1.
  public let exactGroups: Int
  /// Exact counters over the gated tokens, shape [exactGroups, layers, slots, 32768].
  public let exact: [UInt64]

  /// Takes arrays of the stated shapes.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit.
  public init(
    layout: CaptureLayout, centring: CentringKind, sampleGroups: [Int32], routeTokens: [Int32],
    gatedTokens: [Int32], moments: Moments?,
    sketches: [UInt32], exactGroups: Int, exact: [UInt64]
  ) throws {
    let samples = sampleGroups.count
    let distributions = layout.layers * layout.slots.count
    let sketchSize = samples * distributions * ScoreSketch.binCount
    let exactSize = exactGroups * distributions * ScoreHistogram.binCount
    let sizes: [(String, Int, Int)] = [
      ("route token counts", routeTokens.count, samples),
      ("gated token counts", gatedTokens.count, samples),
      ("route moments", moments?.route.count ?? 0, moments?.gated.mean.count ?? 0),
      ("gated moments", moments?.gated.samples ?? samples, samples),
      ("sample sketches", sketches.count, sketchSize),
      ("exact histograms", exact.count, exactSize),
    ]
    for (what, have, expected) in sizes where have != expected {
      throw SparsityError.shape(what, have: have, expected: expected)
    }
    self.layout = layout
    self.centring = centring
    self.sampleGroups = sampleGroups
    self.routeTokens = routeTokens
    self.gatedTokens = gatedTokens
    self.moments = moments
    self.sketches = sketches
    self.exactGroups = exactGroups
    self.exact = exact
  }

  /// The number of samples.
  public var samples: Int { sampleGroups.count }

  /// Whether there are moments.
  public var keepsMoments: Bool { moments != nil }

  /// The mean of |x| over the tokens that clustering and routing may see, shape [samples, layers,
  /// channels].
  ///
  /// - Throws: ``SparsityError`` (`noData`) for a pass that kept none.
  public var routeMeans: [Float] { get throws { try kept().route } }

  /// Moments over the tokens that are gated.
  ///
  /// - Throws: ``SparsityError`` (`noData`) for a pass that kept none.
  public var gatedMoments: ChannelMoments { get throws { try kept().gated } }

  private func kept() throws -> Moments {
    guard let moments else { throw SparsityError.noData("reading a capture without moments") }
    return moments
  }

  /// Joins captures as if their samples, in the given order, had been one shard.
  ///
  /// The result is equal, bit for bit, however the samples were divided.
  ///
  /// - Throws: ``SparsityError`` for no captures or captures of different layouts.
  public static func concatenate(_ shards: [ShardCapture]) throws -> ShardCapture {
    guard let first = shards.first else { throw SparsityError.noData("joining captures") }
    guard shards.dropFirst().allSatisfy(first.isCompatible) else {
      throw SparsityError.layouts("the captures to join")
    }
    if shards.count == 1 { return first }
    var exact = first.exact
    for shard in shards.dropFirst() {
      for bin in exact.indices { exact[bin] += shard.exact[bin] }
    }
    return try ShardCapture(
      layout: first.layout, centring: first.centring,
      sampleGroups: shards.flatMap(\.sampleGroups), routeTokens: shards.flatMap(\.routeTokens),
      gatedTokens: shards.flatMap(\.gatedTokens),
      moments: first.moments == nil
        ? nil
        : Moments(
          route: shards.flatMap { try $0.routeMeans },
          gated: ChannelMoments(concatenating: shards.map { try $0.gatedMoments })),
      sketches: shards.flatMap(\.sketches), exactGroups: first.exactGroups, exact: exact)
  }

  /// Returns whether two captures hold the same kind of data.
  func isCompatible(_ other: ShardCapture) -> Bool {
    layout == other.layout && centring == other.centring && exactGroups == other.exactGroups
      && keepsMoments == other.keepsMoments
  }
}
