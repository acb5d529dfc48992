import WinaSparsity
import WinaTensor
import WinaTestSupport

/// A tiny made-up model: activations drawn from a seed, with helpers to capture them.
struct ToyCapture {
  static let widths: [ActivationStream: Int] = Dictionary(
    uniqueKeysWithValues: zip(ActivationStream.allCases, [6, 6, 6, 10]))

  let layout: CaptureLayout
  let norms: ColumnNorms

  init(layers: Int = 2, methods: [ScoreMethod] = ScoreMethod.allCases) throws {
    layout = try CaptureLayout(
      layers: layers, widths: Self.widths, slots: ScoreMethod.slots(for: methods))
    var random = SeededGenerator(seed: 99)
    norms = ColumnNorms(
      layers: (0..<layers).map { _ in
        Dictionary(
          uniqueKeysWithValues: Projection.allCases.map { projection in
            let width = Self.widths[projection.stream] ?? 0
            return (projection, (0..<width).map { _ in random.float(in: 0.5...2) })
          })
      })
  }

  /// The activations of one sample, keyed by layer and source (nil is the gate).
  struct Sample {
    let tokens: Int
    var values: [Int: [ActivationStream?: [Float]]]
  }

  func sample(seed: UInt64, tokens: Int, shift: Float = 0) -> Sample {
    var random = SeededGenerator(seed: seed)
    var values: [Int: [ActivationStream?: [Float]]] = [:]
    for layer in 0..<layout.layers {
      for stream in ActivationStream.allCases {
        let count = tokens * layout.width(of: stream)
        values[layer, default: [:]][stream] = random.normals(count).map { $0 + shift }
      }
      values[layer, default: [:]][nil as ActivationStream?] = random.normals(
        tokens * layout.gateWidth)
    }
    return Sample(tokens: tokens, values: values)
  }

  /// Feeds a sample in blocks of the given number of rows.
  func feed(
    _ sample: Sample, to capture: inout CaptureAccumulator, route: Range<Int>, gated: Range<Int>,
    group: Int = 0, blockRows: Int = .max
  ) throws {
    try capture.beginSample(route: route, gated: gated, group: group)
    for first in stride(from: 0, to: sample.tokens, by: min(blockRows, sample.tokens)) {
      let rows = min(blockRows, sample.tokens - first)
      for layer in 0..<layout.layers {
        for stream in ActivationStream.allCases {
          try capture.add(
            layer: layer, stream: stream, values: rowsOf(sample, layer, stream, first, rows),
            rows: rows, firstPosition: first)
        }
        if layout.slots.contains(.gate) {
          try capture.addGate(
            layer: layer, values: rowsOf(sample, layer, nil, first, rows), rows: rows,
            firstPosition: first)
        }
      }
    }
    try capture.endSample()
  }

  func rowsOf(
    _ sample: Sample, _ layer: Int, _ stream: ActivationStream?, _ first: Int, _ rows: Int
  ) -> [Float] {
    let width = stream.map(layout.width(of:)) ?? layout.gateWidth
    let all = sample.values[layer]?[stream] ?? []
    return Array(all[(first * width)..<((first + rows) * width)])
  }

  /// Captures samples of the given seeds; the first quarter of the tokens is the route range.
  func capture(
    seeds: [UInt64], tokens: Int = 16, groups: [Int]? = nil, exactGroups: Int = 1,
    centring: CentringMeans? = nil, shift: (Int) -> Float = { _ in 0 }
  ) throws -> ShardCapture {
    var accumulator = try CaptureAccumulator(
      layout: layout, norms: norms, centring: centring, exactGroups: exactGroups)
    for (index, seed) in seeds.enumerated() {
      let group = groups?[index] ?? 0
      try feed(
        sample(seed: seed, tokens: tokens, shift: shift(group)), to: &accumulator,
        route: 0..<(tokens / 4), gated: (tokens / 4)..<tokens, group: group)
    }
    return try accumulator.finish()
  }

  var shapes: ProjectionShapes {
    get throws {
      let inputs = Dictionary(
        uniqueKeysWithValues: Projection.allCases.map { ($0, Self.widths[$0.stream] ?? 0) })
      let outputs: [Projection: Int] = [
        .qProj: 6, .kProj: 3, .vProj: 3, .oProj: 6, .gateProj: 10, .upProj: 10, .downProj: 6,
      ]
      return try ProjectionShapes(inputs: inputs, outputs: outputs)
    }
  }
}
