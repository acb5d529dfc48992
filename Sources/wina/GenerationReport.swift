import Foundation
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaTensor

/// What a generation took and what its gates dropped.
struct GenerationReport {
  var promptTokens: Int
  var threads: Int
  var newTokens = 0
  /// Why no more tokens came.
  var stop = "as many as asked for"
  /// The tokens that were fed after the prompt: all new ones but the last.
  var decodedTokens = 0
  var prefillSeconds = 0.0
  var decodeSeconds = 0.0
  private var decoder: IncrementalDecoder?

  init(promptTokens: Int, threads: Int) {
    self.promptTokens = promptTokens
    self.threads = threads
  }

  mutating func add(_ decoder: IncrementalDecoder) { self.decoder = decoder }

  /// The parameter-weighted share of inputs that were zeroed in gated tokens.
  private func sparsity(_ gates: ActivationGates?) -> Double? {
    guard let gates, let decoder, decoder.gatedTokens > 0 else { return nil }
    let cost = CostModel(ModelShape(decoder.model.configuration))
    let used = cost.usedWeights(
      kept: decoder.kept, hasNeuronGate: gates.cats.map { $0 != nil },
      units: gates.projections.indices.map { gates.keptUnits(layer: $0)?.count })
    return cost.sparsity(used: used, gatedRows: decoder.gatedTokens, over: decoder.gatedTokens)
  }

  private func rate(_ tokens: Int, _ seconds: Double) -> Double {
    seconds > 0 ? Double(tokens) / seconds : 0
  }

  func text(_ gates: ActivationGates?) -> String {
    func number(_ value: Double) -> String { String(format: "%.1f", value) }
    func milliseconds(_ value: Double) -> String { String(format: "%.0f ms", value * 1000) }
    var parts = [
      "\(promptTokens) prompt tokens in \(milliseconds(prefillSeconds)) "
        + "(\(number(rate(promptTokens, prefillSeconds))) tokens/s)",
      "\(newTokens) new tokens in \(milliseconds(decodeSeconds)) "
        + "(\(number(rate(decodedTokens, decodeSeconds))) tokens/s), \(stop)",
    ]
    if let sparsity = sparsity(gates) {
      parts.append("sparsity \(String(format: "%.3f", sparsity)) over gated tokens")
    }
    parts.append("\(threads) thread\(threads == 1 ? "" : "s"), \(Kernels.level) kernels")
    return parts.joined(separator: "; ")
  }

  func json(model: String, text: String, _ gates: ActivationGates?) -> String {
    JSONValue.object([
      "type": .string("result"), "model": .string(model), "text": .string(text),
      "prompt_tokens": .int(promptTokens), "new_tokens": .int(newTokens),
      "prefill_seconds": .double(prefillSeconds), "decode_seconds": .double(decodeSeconds),
      "prefill_tokens_per_second": .double(rate(promptTokens, prefillSeconds)),
      "decode_tokens_per_second": .double(rate(decodedTokens, decodeSeconds)),
      "sparsity": sparsity(gates).map { .double($0) } ?? .null, "threads": .int(threads),
      "kernels": .string("\(Kernels.level)"), "stop": .string(stop),
    ]).canonicalText
  }
}
