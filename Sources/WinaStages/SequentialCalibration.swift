import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// Builds histograms layer by layer, each layer's thresholds applied before the next is seen.
///
/// Calibration on dense activations does not know what sparsity does to the inputs of later layers; here
/// layer l + 1 is calibrated on what layer l gives under its own thresholds.
///
/// ### References
/// WINA's released code, option `layer_wise`.
struct SequentialCalibration {
  let model: LanguageModel
  let norms: ColumnNorms
  let layout: CaptureLayout
  let score: ScoreMethod
  let sparsity: Double
  let context: any StageContext

  /// The samples of a batch.
  private static let batch = 16

  /// Calibrates on samples.
  func run(_ samples: [AllocationSamples.Sample]) throws -> HistogramSet {
    var histogram = SequentialHistogram(layout: layout, norms: norms)
    let hidden = model.configuration.hidden
    let batches = stride(from: 0, to: samples.count, by: Self.batch).map {
      Array(samples[$0..<min($0 + Self.batch, samples.count)])
    }
    var residuals = try batches.map { try $0.map { try model.embeddings(of: $0.tokens) } }
    for layer in 0..<layout.layers {
      try context.checkCancellation()
      for (index, batch) in batches.enumerated() {
        let probe = try self.probe(batch, residuals[index], layer)
        var first = 0
        for (sample, residual) in zip(batch, residuals[index]) {
          let rows = (first + sample.firstGatedRow)..<(first + residual.count / hidden)
          for stream in ActivationStream.allCases {
            try histogram.add(probe.input(of: stream), rows: rows, layer: layer, stream: stream)
          }
          first = rows.upperBound
        }
      }
      let gates = try self.gates(histogram.finish(samples: samples.count), layer)
      for (index, batch) in batches.enumerated() {
        let probe = try self.probe(batch, residuals[index], layer)
        probe.set(gates)
        var rest = probe.output[...]
        residuals[index] = residuals[index].map { residual in
          defer { rest = rest.dropFirst(residual.count) }
          return Array(rest.prefix(residual.count))
        }
      }
      context.progress(layer + 1, of: layout.layers)
    }
    return try histogram.finish(samples: samples.count)
  }

  private func probe(
    _ batch: [AllocationSamples.Sample], _ residuals: [[Float]], _ layer: Int
  ) throws -> LayerProbe {
    try LayerProbe(
      model, layer: layer, residuals: residuals, firstGatedRows: batch.map(\.firstGatedRow),
      threads: context.threads)
  }

  private func gates(
    _ histograms: HistogramSet, _ layer: Int
  ) throws -> [Projection: ProjectionGate] {
    var gates: [Projection: ProjectionGate] = [:]
    for projection in Projection.allCases where sparsity > 0 {
      guard let slot = score.slot(for: projection) else { continue }
      let threshold = try histograms.quantile(group: nil, layer: layer, slot: slot, sparsity)
      gates[projection] = ProjectionGate(
        rule: .threshold(Float(threshold)), norms: model.columnNorms(layer: layer, of: slot))
    }
    return gates
  }
}
