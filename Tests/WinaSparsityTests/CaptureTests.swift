import Testing
import WinaSparsity
import WinaTensor
import WinaTestSupport

@Suite("Capture") struct CaptureTests {
  @Test func momentsAndCountersMatchADirectComputation() throws {
    let toy = try ToyCapture()
    let sample = toy.sample(seed: 3, tokens: 11)
    var accumulator = try CaptureAccumulator(layout: toy.layout, norms: toy.norms)
    try toy.feed(sample, to: &accumulator, route: 0..<3, gated: 1..<11)
    let shard = try accumulator.finish()
    #expect(shard.routeTokens == [3])
    #expect(shard.gatedTokens == [10])
    for layer in 0..<toy.layout.layers {
      for stream in ActivationStream.allCases {
        let width = toy.layout.width(of: stream)
        let base = layer * toy.layout.channels + toy.layout.channelRange(stream).lowerBound
        let values = try #require(sample.values[layer]?[stream])
        for channel in 0..<width {
          let column = (1..<11).map { Double(values[$0 * width + channel]) }
          let mean = column.reduce(0, +) / 10
          let square = column.reduce(0) { $0 + $1 * $1 } / 10
          let route = (0..<3).map { Double(abs(values[$0 * width + channel])) }.reduce(0, +) / 3
          #expect(try shard.gatedMoments.mean[base + channel] == Float(mean))
          #expect(try shard.gatedMoments.meanSquare[base + channel] == Float(square))
          #expect(try shard.routeMeans[base + channel] == Float(route))
        }
      }
      for (index, slot) in toy.layout.slots.enumerated() {
        let expected = try histogram(toy, sample, layer, slot, rows: 1..<11)
        let cell = layer * toy.layout.slots.count + index
        let exact = shard.exact[(cell * 32_768)..<((cell + 1) * 32_768)]
        #expect(try ScoreHistogram(counts: exact) == expected)
        let sketch = shard.sketches[(cell * 1024)..<((cell + 1) * 1024)].map(UInt64.init)
        #expect(try ScoreSketch(counts: sketch) == expected.sketch())
      }
    }
  }

  @Test func resultDoesNotDependOnBlocksOrShards() throws {
    let toy = try ToyCapture()
    let samples = (0..<6).map { toy.sample(seed: UInt64($0), tokens: 7 + $0) }
    func capture(_ range: Range<Int>, blockRows: Int) throws -> ShardCapture {
      var accumulator = try CaptureAccumulator(layout: toy.layout, norms: toy.norms)
      for sample in samples[range] {
        try toy.feed(
          sample, to: &accumulator, route: 0..<4, gated: 2..<sample.tokens, blockRows: blockRows)
      }
      return try accumulator.finish()
    }
    let whole = try capture(0..<6, blockRows: .max)
    #expect(try capture(0..<6, blockRows: 1) == whole)
    #expect(try capture(0..<6, blockRows: 3) == whole)
    for cut in 1..<6 {
      let parts = [try capture(0..<cut, blockRows: 2), try capture(cut..<6, blockRows: .max)]
      #expect(try ShardCapture.concatenate(parts) == whole)
    }
  }

  @Test func centredScoresAreScoresOfCentredActivations() throws {
    let toy = try ToyCapture(methods: [.wina, .teal])
    let plain = try toy.capture(seeds: [1, 2], groups: [0, 1], shift: { Float($0) })
    let set = try HistogramSet.grouped([plain], labels: [0, 1], names: ["a", "b"])
    let means = try #require(try set.centringMeans(.group))
    let centred = try toy.capture(
      seeds: [1, 2], groups: [0, 1], centring: means, shift: { Float($0) })
    #expect(try centred.gatedMoments == plain.gatedMoments)
    #expect(centred.centring == .group)
    let sample = toy.sample(seed: 2, tokens: 16, shift: 1)
    let values = try #require(sample.values[1]?[.mlpInput])
    let mean = means.mean(group: 1, layer: 1, stream: .mlpInput)
    var expected = ScoreHistogram()
    for row in 4..<16 {
      for channel in 0..<6 { expected.add(values[row * 6 + channel] - mean[channel]) }
    }
    let slot = try toy.layout.index(of: .stream(.mlpInput))
    let start = ((1 * 2 + 1) * toy.layout.slots.count + slot) * 1024  // sample 1, layer 1
    let sketch = centred.sketches[start..<(start + 1024)].map(UInt64.init)
    #expect(try ScoreSketch(counts: sketch) == expected.sketch())
  }

  @Test func exactCountersCanBeKeptByGroup() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    let groups = [0, 2, 2, 0, 1]
    let split = try toy.capture(seeds: [1, 2, 3, 4, 5], groups: groups, exactGroups: 3)
    let pooled = try toy.capture(seeds: [1, 2, 3, 4, 5])
    let size = pooled.exact.count
    for group in 0..<3 {
      let members = groups.indices.filter { groups[$0] == group }.map { UInt64($0 + 1) }
      let own = try toy.capture(seeds: members)
      #expect(Array(split.exact[(group * size)..<((group + 1) * size)]) == own.exact)
    }
    #expect(try HistogramSet.pooled([split]).counts == HistogramSet.pooled([pooled]).counts)
  }

  @Test func catsCannotBeCentred() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    let means = try HistogramSet.pooled([toy.capture(seeds: [1])]).centringMeans(.global)
    let cats = try ToyCapture(layers: 1, methods: [.cats])
    let error = #expect(throws: SparsityError.self) {
      try CaptureAccumulator(layout: cats.layout, norms: cats.norms, centring: means)
    }
    #expect(error?.code == .centringMismatch)
  }

  @Test func badFeedsAreRefused() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    func fresh() throws -> CaptureAccumulator {
      try CaptureAccumulator(layout: toy.layout, norms: toy.norms)
    }
    func code(_ body: (inout CaptureAccumulator) throws -> Void) throws -> SparsityError.Code? {
      var accumulator = try fresh()
      do { try body(&accumulator) } catch let error as SparsityError { return error.code }
      return nil
    }
    let row = [Float](repeating: 1, count: 6)
    #expect(try code { try $0.endSample() } == .wrongOrder)
    #expect(
      try code {
        try $0.add(layer: 0, stream: .mlpInput, values: row, rows: 1, firstPosition: 0)
      } == .wrongOrder)
    #expect(
      try code {
        try $0.beginSample(route: 0..<1, gated: 0..<1)
        try $0.endSample()
      } == .wrongOrder)
    #expect(
      try code {
        try $0.beginSample(route: 0..<1, gated: 0..<2)
        try $0.add(layer: 0, stream: .mlpInput, values: row, rows: 1, firstPosition: 1)
      } == .wrongOrder)
    #expect(
      try code {
        try $0.beginSample(route: 0..<1, gated: 0..<1)
        try $0.add(layer: 0, stream: .mlpInput, values: row, rows: 2, firstPosition: 0)
      } == .shapeMismatch)
    #expect(
      try code {
        try $0.beginSample(route: 0..<1, gated: 0..<1)
        try $0.add(layer: 1, stream: .mlpInput, values: row, rows: 1, firstPosition: 0)
      } == .outOfRange)
    #expect(
      try code {
        try $0.beginSample(route: 0..<0, gated: 0..<1)
        let values = [Float.nan] + row.dropFirst()
        try $0.add(layer: 0, stream: .mlpInput, values: values, rows: 1, firstPosition: 0)
      } == .notANumber)
    #expect(
      try code {
        try $0.beginSample(route: 0..<1, gated: 0..<1)
        _ = try $0.finish()
      } == .wrongOrder)
  }

  @Test func aSampleWithoutGatedTokensCountsNothing() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    var accumulator = try CaptureAccumulator(layout: toy.layout, norms: toy.norms)
    try toy.feed(toy.sample(seed: 1, tokens: 3), to: &accumulator, route: 0..<3, gated: 3..<3)
    let shard = try accumulator.finish()
    #expect(shard.gatedTokens == [0])
    #expect(shard.exact.allSatisfy { $0 == 0 })
    #expect(try shard.gatedMoments.mean.allSatisfy { $0 == 0 })
    #expect(try shard.routeMeans.contains { $0 > 0 })
  }

  @Test func aPassMayKeepNoMoments() throws {
    let toy = try ToyCapture(layers: 2, methods: [.wina])
    var accumulators = try [true, false].map {
      try CaptureAccumulator(layout: toy.layout, norms: toy.norms, keepsMoments: $0)
    }
    let shards = try accumulators.indices.map { index in
      for seed in 1...3 {
        try toy.feed(
          toy.sample(seed: UInt64(seed), tokens: 6), to: &accumulators[index], route: 0..<2,
          gated: 2..<6)
      }
      return try accumulators[index].finish()
    }
    #expect(shards.map(\.keepsMoments) == [true, false])
    #expect(shards[0].exact == shards[1].exact && shards[0].sketches == shards[1].sketches)
    #expect(shards[1].routeTokens == [2, 2, 2] && shards[1].gatedTokens == [4, 4, 4])
    #expect(throws: SparsityError.self) { try shards[1].routeMeans }
    #expect(throws: SparsityError.self) { try shards[1].gatedMoments }
    #expect(throws: SparsityError.self) { try ShardCapture.concatenate(shards) }
    #expect(try !ShardCapture.concatenate([shards[1], shards[1]]).keepsMoments)
  }

  private func histogram(
    _ toy: ToyCapture, _ sample: ToyCapture.Sample, _ layer: Int, _ slot: ScoreSlot,
    rows: Range<Int>
  ) throws -> ScoreHistogram {
    var source: ActivationStream?
    var norms: [Float]?
    switch slot {
    case .stream(let stream): source = stream
    case .weighted(let projection):
      source = projection.stream
      norms = try toy.norms.norms(layer: layer, projection: projection)
    case .fused(let stream):
      source = stream
      let members = try Projection.allCases.filter { $0.stream == stream }.map {
        try toy.norms.norms(layer: layer, projection: $0)
      }
      norms = members[0].indices.map { channel in
        Float(members.reduce(0.0) { $0 + Double($1[channel]) * Double($1[channel]) }.squareRoot())
      }
    case .gate: break
    case .weightedGate: norms = try toy.norms.norms(layer: layer, projection: .downProj)
    }
    let width = source.map(toy.layout.width(of:)) ?? toy.layout.gateWidth
    let values = try #require(sample.values[layer]?[source])
    var result = ScoreHistogram()
    for row in rows {
      for channel in 0..<width {
        result.add(values[row * width + channel] * (norms?[channel] ?? 1))
      }
    }
    return result
  }
}
