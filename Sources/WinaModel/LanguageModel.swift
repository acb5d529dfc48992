import Synchronization
import WinaTensor

/// A decoder-only language model, loaded once and used by any number of threads.
///
/// A forward pass runs on the calling thread. Its results are a function of the model, the tokens and
/// the request alone, bit for bit, whatever else runs at the same time.
public final class LanguageModel: Sendable {
  /// The sizes and constants.
  public let configuration: ModelConfiguration
  let weights: LlamaWeights
  private let norms = Mutex<[Int: [Float]]>([:])

  /// Loads a Hugging Face directory: `config.json` and `model.safetensors`, or shards with an index.
  ///
  /// Weights in f16 and bf16 are converted to f32, so memory is four bytes a parameter.
  ///
  /// - Throws: ``ModelError`` naming the file and the key or tensor at fault.
  public static func load(directory: String) throws(ModelError) -> LanguageModel {
    let configuration = try ModelConfiguration.load(path: directory)
    let files = try CheckpointFiles(directory: directory)
    return LanguageModel(configuration, try LlamaWeights(configuration, files))
  }

  private init(_ configuration: ModelConfiguration, _ weights: LlamaWeights) {
    self.configuration = configuration
    self.weights = weights
  }

  /// Returns the width of a projection's input.
  public func inputs(of projection: Projection) -> Int { configuration.inputs(of: projection) }

  /// Returns the width of a projection's output.
  public func outputs(of projection: Projection) -> Int { configuration.outputs(of: projection) }

  /// Returns c[i] = ‖W[:, i]‖₂ of a projection's weights, one value an input; kept after first use.
  ///
  /// - Precondition: The layer exists.
  public func columnNorms(layer: Int, projection: Projection) -> [Float] {
    let key = layer * Projection.allCases.count + projection.index
    if let known = norms.withLock({ $0[key] }) { return known }
    let panel = weights.layers[layer].panel(projection.stream)
    let values = Kernels.columnNorms(panel.values, panel.layout(panel.rows(of: projection)))
    norms.withLock { $0[key] = values }
    return values
  }

  /// Returns a copy of a projection's weights, [outputs, inputs].
  ///
  /// - Precondition: The layer exists.
  public func weights(layer: Int, projection: Projection) -> [Float] {
    let panel = weights.layers[layer].panel(projection.stream)
    let rows = panel.rows(of: projection)
    return Array(
      panel.values[(rows.lowerBound * panel.inputs)..<(rows.upperBound * panel.inputs)])
  }

  /// Returns W · x for a projection's weights and one vector of its inputs.
  ///
  /// - Precondition: The layer exists and `x` has the width of the projection's input.
  public func product(layer: Int, projection: Projection, with x: [Float]) -> [Float] {
    let panel = weights.layers[layer].panel(projection.stream)
    precondition(x.count == panel.inputs, "one value an input")
    let rows = panel.rows(of: projection)
    var y = [Float](repeating: 0, count: rows.count)
    Kernels.gemv(panel.values, panel.layout(rows), x, into: &y)
    return y
  }

  /// Returns the mean of the tokens' embedding rows, [D]; zeros for no tokens.
  ///
  /// - Throws: ``ModelError`` when a token is outside of the vocabulary.
  public func embedding(of ids: some Collection<Int32>) throws(ModelError) -> [Float] {
    let width = configuration.hidden
    try check(ids)
    var sums = [Double](repeating: 0, count: width)
    for id in ids {
      let start = Int(id) * width
      for column in 0..<width { sums[column] += Double(weights.embedding[start + column]) }
    }
    return sums.map { Float($0 / Double(max(1, ids.count))) }
  }

  /// Checks that tokens are in the vocabulary.
  func check(_ ids: some Collection<Int32>) throws(ModelError) {
    for (position, id) in ids.enumerated() where id < 0 || Int(id) >= configuration.vocabulary {
      throw .request(
        "token \(id) at position \(position) is outside of the vocabulary of "
          + "\(configuration.vocabulary)", hint: "is the tokenizer that of the model?")
    }
  }
}
