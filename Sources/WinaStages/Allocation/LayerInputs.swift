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
  /// What enters every layer, each of shape [T, D], if it was kept.
  private let residuals: [[Float]]
  /// Log-probabilities of the gated rows, shape [rows, V].
  private let logProbabilities: [Float]
  private let vocabulary: Int

  /// Runs the dense model.
  ///
  /// - Parameter keepsResiduals: Whether divergences are asked for of gates that begin after the first
  ///   layer, so that the layers before need not run again.
  init(
    _ sample: AllocationSamples.Sample, _ model: LanguageModel, keepsResiduals: Bool = false
  ) throws {
    self.sample = sample
    vocabulary = model.configuration.vocabulary
    let dense = try Self.predict(
      sample, model, nil, ForwardWorkspace(), keepsHidden: keepsResiduals)
    (logProbabilities, residuals) = (dense.logits, dense.hidden)
  }

  /// The sum of KL(dense ‖ gated) over gated rows, and how many there are.
  ///
  /// - Parameter layer: The first layer that has gates.
  func divergence(
    _ model: LanguageModel, _ gates: PreparedGates, from layer: Int, _ workspace: ForwardWorkspace
  ) throws -> (sum: Double, rows: Int) {
    let start =
      layer > 0 && residuals.indices.contains(layer)
      ? LayerStart(layer: layer, residual: residuals[layer]) : nil
    let found = try Self.predict(sample, model, gates, workspace, start: start).logits
    var sum = 0.0
    for (dense, sparse) in zip(logProbabilities, found) {
      sum += exp(Double(dense)) * (Double(dense) - Double(sparse))
    }
    return (max(0, sum), logProbabilities.count / vocabulary)
  }

  /// Runs the model; logits become log-probabilities.
  private static func predict(
    _ sample: AllocationSamples.Sample, _ model: LanguageModel, _ gates: PreparedGates?,
    _ workspace: ForwardWorkspace, start: LayerStart? = nil, keepsHidden: Bool = false
  ) throws -> ForwardResult {
    let rows = sample.firstGatedRow..<sample.tokens.count
    let request = ForwardRequest(
      logitRows: .range(rows), gates: gates, firstGatedRow: sample.firstGatedRow,
      keepHidden: keepsHidden)
    var result = try model.forward(
      [SequencePart(tokens: sample.tokens, request: request, start: start)], workspace: workspace
    )[0]
    Kernels.logSoftmaxRows(
      &result.logits, rows: rows.count, columns: model.configuration.vocabulary)
    return result
  }
}
