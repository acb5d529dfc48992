import Foundation
import WinaModel
import WinaSparsity
import WinaTensor

/// What enters every layer for some samples, from a dense pass.
struct LayerInputs: Sendable {
  let samples: [AllocationSamples.Sample]
  /// The residual streams, shape [layers][samples][T · D].
  private let residuals: [[[Float]]]
  /// The rows of each sample, one below the other.
  private let rows: [Range<Int>]

  init(_ samples: [AllocationSamples.Sample], _ model: LanguageModel) throws {
    self.samples = samples
    let workspace = ForwardWorkspace()
    let layers = model.configuration.layers
    var residuals = [[[Float]]](repeating: [], count: layers)
    var rows: [Range<Int>] = []
    for sample in samples {
      let result = try model.forward(
        sample.tokens, ForwardRequest(logitRows: .none, keepHidden: true), workspace: workspace)
      for layer in 0..<layers { residuals[layer].append(result.hidden[layer]) }
      let start = rows.last?.upperBound ?? 0
      rows.append(start..<(start + sample.tokens.count))
    }
    self.residuals = residuals
    self.rows = rows
  }

  /// A probe of one layer with these inputs.
  func probe(_ model: LanguageModel, _ layer: Int) throws -> LayerProbe {
    try LayerProbe(
      model, layer: layer, residuals: residuals[layer],
      firstGatedRows: samples.map(\.firstGatedRow))
  }

  func error(_ kind: BlockError, _ output: [Float], _ dense: [Float], width: Int) -> Double {
    kind.value(
      output, dense: dense, sequences: rows, gated: samples.map(\.firstGatedRow), width: width)
  }
}

/// What the dense model predicts for a sample, to take divergences to.
struct DensePrediction: Sendable {
  private let sample: AllocationSamples.Sample
  /// Log-probabilities of the gated rows, shape [rows, V].
  private let logProbabilities: [Float]
  private let vocabulary: Int

  init(_ sample: AllocationSamples.Sample, _ model: LanguageModel) throws {
    self.sample = sample
    vocabulary = model.configuration.vocabulary
    logProbabilities = try Self.predict(sample, model, nil, ForwardWorkspace())
  }

  /// The sum of KL(dense ‖ gated) over gated rows, and how many there are.
  func divergence(
    _ model: LanguageModel, _ gates: PreparedGates, _ workspace: ForwardWorkspace
  ) throws -> (sum: Double, rows: Int) {
    let found = try Self.predict(sample, model, gates, workspace)
    var sum = 0.0
    for (dense, sparse) in zip(logProbabilities, found) {
      sum += exp(Double(dense)) * (Double(dense) - Double(sparse))
    }
    return (max(0, sum), logProbabilities.count / vocabulary)
  }

  private static func predict(
    _ sample: AllocationSamples.Sample, _ model: LanguageModel, _ gates: PreparedGates?,
    _ workspace: ForwardWorkspace
  ) throws -> [Float] {
    let rows = sample.firstGatedRow..<sample.tokens.count
    var result = try model.forward(
      sample.tokens,
      ForwardRequest(logitRows: .range(rows), gates: gates, firstGatedRow: sample.firstGatedRow),
      workspace: workspace
    ).logits
    Kernels.logSoftmaxRows(
      &result, rows: rows.count, columns: model.configuration.vocabulary)
    return result
  }
}
