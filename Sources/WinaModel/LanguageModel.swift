import Synchronization
import WinaTensor

/// A decoder-only language model, loaded once and used by any number of threads.
///
/// A forward pass runs on the calling thread and the team of its workspace. Its results are a function
/// of the model, the tokens and the request alone, bit for bit, whatever else runs at the same time,
/// with how many threads, and however sequences are cut into parts or put together in one pass.
public final class LanguageModel: Sendable {
  /// The sizes and constants.
  public let configuration: ModelConfiguration
  let outer: OuterWeights
  let layers: [DecoderLayer]
  /// What names the transform that the model went through; `nil` for a model as it was loaded.
  public let transformName: String?
  private let norms = Mutex<[Int: [Float]]>([:])

  /// Loads a Hugging Face directory: `config.json` and `model.safetensors`, or shards with an index.
  ///
  /// Weights stay in the precision in which they are stored, so memory is that of the files.
  ///
  /// - Throws: ``ModelError`` naming the file and the key or tensor at fault.
  public static func load(directory: String) throws(ModelError) -> LanguageModel {
    let weights = try DecoderWeights(directory: directory)
    return LanguageModel(weights.configuration, try weights.outer(), try weights.allLayers())
  }

  /// The bytes of one weight of the first layer as the model holds it: 2 or 4.
  public var weightByteCount: Int { layers.first?.panels.first?.matrix.type.byteCount ?? 4 }

  /// Returns the bytes that the weights of a directory take, from the headers of its files.
  ///
  /// - Throws: ``ModelError`` when there are no weights or a file is damaged.
  public static func weightBytes(directory: String) throws(ModelError) -> Int {
    try CheckpointFiles(directory: directory).byteCount
  }

  /// Whether the residual stream is rotated after each block but the last.
  public var isTransformed: Bool { transformName != nil }

  init(
    _ configuration: ModelConfiguration, _ outer: OuterWeights, _ layers: [DecoderLayer],
    transformName: String? = nil
  ) {
    self.configuration = configuration
    self.transformName = transformName
    self.outer = outer
    self.layers = layers
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
    let panel = layers[layer].panel(projection.stream)
    let values = panel.matrix.inputNorms(outputs: panel.outputs(of: projection))
    norms.withLock { $0[key] = values }
    return values
  }

  /// Returns a copy of a projection's weights as f32, [outputs, inputs].
  ///
  /// - Precondition: The layer exists.
  public func weights(layer: Int, projection: Projection) -> [Float] {
    let panel = layers[layer].panel(projection.stream)
    return panel.matrix.rows(panel.outputs(of: projection))
  }

  /// Returns W · x for a projection's weights and one vector of its inputs; a bias is not added.
  ///
  /// - Precondition: The layer exists and `x` has the width of the projection's input.
  public func product(layer: Int, projection: Projection, with x: [Float]) -> [Float] {
    let panel = layers[layer].panel(projection.stream)
    precondition(x.count == panel.inputs, "one value an input")
    return panel.product(panel.outputs(of: projection), with: x)
  }

  /// Returns the mean of the tokens' embedding rows, [D]; zeros for no tokens.
  ///
  /// - Throws: ``ModelError`` when a token is outside of the vocabulary.
  public func embedding(of ids: some Collection<Int32>) throws(ModelError) -> [Float] {
    let width = configuration.hidden
    try check(ids)
    var rows = [Float](repeating: 0, count: ids.count * width)
    outer.embedding.gather(ids, into: &rows)
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<ids.count {
      for column in 0..<width { sums[column] += Double(rows[row * width + column]) }
    }
    return sums.map { Float($0 / Double(max(1, ids.count))) }
  }

  /// Returns the tokens' embedding rows, [T, D]: what enters the first layer.
  ///
  /// - Throws: ``ModelError`` when a token is outside of the vocabulary.
  public func embeddings(of ids: [Int32]) throws(ModelError) -> [Float] {
    try check(ids)
    var rows = [Float](repeating: 0, count: ids.count * configuration.hidden)
    outer.embedding.gather(ids, into: &rows)
    return rows
  }

  /// Checks that tokens are in the vocabulary.
  func check(_ ids: some Collection<Int32>) throws(ModelError) { try configuration.check(ids) }
}

extension ModelConfiguration {
  /// Checks that tokens are in the vocabulary.
  func check(_ ids: some Collection<Int32>) throws(ModelError) {
    for (position, id) in ids.enumerated() where id < 0 || Int(id) >= vocabulary {
      throw .request(
        "token \(id) at position \(position) is outside of the vocabulary of \(vocabulary)",
        hint: "is the tokenizer that of the model?")
    }
  }
}

extension DecoderWeights {
  /// Opens the checkpoint of a Hugging Face directory.
  init(directory: String) throws(ModelError) {
    let configuration = try ModelConfiguration.load(path: directory)
    try self.init(configuration, try CheckpointFiles(directory: directory))
  }
}

extension WeightPanel {
  /// Returns the products of some outputs with one vector.
  func product(_ outputs: Range<Int>, with x: [Float]) -> [Float] {
    var y = [Float](repeating: 0, count: outputs.count)
    ProductEngine().multiply(
      x, MatrixLayout(rows: 1, columns: inputs), matrix, outputs: outputs, into: &y,
      MatrixLayout(rows: 1, columns: outputs.count))
    return y
  }
}
