import Dispatch
import Synchronization
import WinaTensor

/// The weights of one decoder layer.
struct DecoderLayer: Sendable {
  let attentionNorm: [Float]
  let mlpNorm: [Float]
  /// The weights of the norms of query and key heads, where there are such.
  let headNorms: (query: [Float], key: [Float])?
  /// One panel a stream, in `ActivationStream.allCases` order.
  let panels: [WeightPanel]
  /// What the residual stream is multiplied with, in a transformed model.
  var turns: ResidualTurns?

  func panel(_ stream: ActivationStream) -> WeightPanel { panels[stream.index] }
}

/// What takes the residual stream of a transformed model from one basis to the next, each [D, D].
struct ResidualTurns: Sendable {
  /// Applied before the output of attention is added.
  let afterAttention: WeightMatrix
  /// Applied before the output of the feed-forward block is added; `nil` after the last.
  let afterMLP: WeightMatrix?
}

/// The weights of a decoder around its layers.
struct OuterWeights: Sendable {
  /// Shape [V, D].
  let embedding: RowTable
  let finalNorm: [Float]
  /// Inputs D, outputs V.
  let head: WeightMatrix
}

/// Loads the weights of a decoder from a checkpoint, in the precision in which they are stored.
struct DecoderWeights: Sendable {
  let configuration: ModelConfiguration
  private let files: CheckpointFiles

  /// Opens a checkpoint and checks that it holds what the configuration asks for and nothing else.
  init(_ configuration: ModelConfiguration, _ files: CheckpointFiles) throws(ModelError) {
    self.configuration = configuration
    self.files = files
    try refuseExtraTensors()
  }

  private static let embeddingName = "model.embed_tokens.weight"
  private static let headName = "lm_head.weight"
  private static let finalNormName = "model.norm.weight"

  /// Loads the table of embeddings alone.
  func embedding() throws(ModelError) -> RowTable {
    let shape = [configuration.vocabulary, configuration.hidden]
    return RowTable(try files.tensor(Self.embeddingName, shape: shape))
  }

  /// Loads what surrounds the layers.
  func outer() throws(ModelError) -> OuterWeights {
    let (hidden, vocabulary) = (configuration.hidden, configuration.vocabulary)
    let shape = [vocabulary, hidden]
    let names = files.names
    // Of two tied tensors a checkpoint may hold either.
    let isHeadAlone =
      configuration.tiesEmbeddings && names.contains(Self.headName)
      && !names.contains(Self.embeddingName)
    let embedding = try files.tensor(
      isHeadAlone ? Self.headName : Self.embeddingName, shape: shape)
    var head = embedding
    if configuration.tiesEmbeddings {
      try checkTiedHead(embedding, shape)
    } else {
      guard names.contains(Self.headName) else {
        throw .invalid(
          "\(files.path): tensor '\(Self.headName)' is missing",
          hint: "if the head is the embedding, set 'tie_word_embeddings' to true in config.json")
      }
      head = try files.tensor(Self.headName, shape: shape)
    }
    // Kept apart from the embedding even where they are equal: looking a token up reads a row, and
    // products read columns.
    var builder = WeightMatrixBuilder(
      inputs: hidden, outputs: vocabulary, type: Self.type(of: [head]))
    builder.place(head, rows: 0..<vocabulary, at: 0)
    return OuterWeights(
      embedding: RowTable(embedding),
      finalNorm: try files.vector(Self.finalNormName, count: hidden), head: builder.finish())
  }

  /// A head beside a tied embedding must be the embedding.
  private func checkTiedHead(_ embedding: Tensor, _ shape: [Int]) throws(ModelError) {
    guard files.names.contains(Self.headName) else { return }
    let head = try files.tensor(Self.headName, shape: shape)
    guard head.hasSameBytes(as: embedding) else {
      throw .invalid(
        "\(files.path): tensor '\(Self.headName)' differs from '\(Self.embeddingName)', but "
          + "config.json ties the two",
        hint: "set 'tie_word_embeddings' to false if the head is its own")
    }
  }

  /// Loads all layers, some at the same time.
  func allLayers() throws(ModelError) -> [DecoderLayer] {
    let count = configuration.layers
    let results = Mutex([Result<DecoderLayer, ModelError>?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
      // One fault is enough.
      let isFaulty = results.withLock {
        $0.contains { if case .failure? = $0 { true } else { false } }
      }
      guard !isFaulty else { return }
      let result = Result { () throws(ModelError) in try layer(index) }
      results.withLock { $0[index] = result }
    }
    var layers: [DecoderLayer] = []
    let all = results.withLock { $0 }
    for case .failure(let error)? in all { throw error }
    for case .success(let layer)? in all { layers.append(layer) }
    return layers
  }

  /// Loads one layer.
  func layer(_ index: Int) throws(ModelError) -> DecoderLayer {
    let prefix = "model.layers.\(index)."
    var panels: [WeightPanel] = []
    for stream in ActivationStream.allCases {
      panels.append(try panel(stream, layer: index))
    }
    let hidden = configuration.hidden
    var norms: (query: [Float], key: [Float])?
    if configuration.normsHeads {
      let size = configuration.headSize
      norms = (
        try files.vector(prefix + "self_attn.q_norm.weight", count: size),
        try files.vector(prefix + "self_attn.k_norm.weight", count: size)
      )
    }
    return DecoderLayer(
      attentionNorm: try files.vector(prefix + "input_layernorm.weight", count: hidden),
      mlpNorm: try files.vector(prefix + "post_attention_layernorm.weight", count: hidden),
      headNorms: norms, panels: panels)
  }

  private func source(_ projection: Projection, _ layer: Int) -> WeightSource {
    configuration.family.decoder.source(of: projection, layer: layer, configuration)
  }

  private func panel(_ stream: ActivationStream, layer: Int) throws(ModelError) -> WeightPanel {
    let inputs = configuration.width(of: stream)
    let order = stream.panelOrder
    var tensors: [Tensor] = []
    var checked: [String: Tensor] = [:]
    for projection in order {
      let source = source(projection, layer)
      let tensor: Tensor
      if let known = checked[source.name] {
        tensor = known
      } else {
        tensor = try files.tensor(source.name + ".weight", shape: [source.total, inputs])
      }
      checked[source.name] = tensor
      tensors.append(tensor)
    }
    let outputs = order.reduce(0) { $0 + configuration.outputs(of: $1) }
    var builder = WeightMatrixBuilder(
      inputs: inputs, outputs: outputs, type: Self.type(of: tensors))
    var parts: [(projection: Projection, outputs: Range<Int>)] = []
    var first = 0
    for (projection, tensor) in zip(order, tensors) {
      let rows = source(projection, layer).rows
      builder.place(tensor, rows: rows, at: first)
      parts.append((projection, first..<(first + rows.count)))
      first += rows.count
    }
    return WeightPanel(
      matrix: builder.finish(), parts: parts, bias: try bias(parts, layer: layer))
  }

  private func bias(
    _ parts: [(projection: Projection, outputs: Range<Int>)], layer: Int
  ) throws(ModelError) -> [Float]? {
    guard parts.contains(where: { configuration.biases.contains($0.projection) }) else {
      return nil
    }
    var bias: [Float] = []
    for (projection, outputs) in parts {
      if configuration.biases.contains(projection) {
        let source = source(projection, layer)
        bias += try files.vector(source.name + ".bias", count: source.total)[source.rows]
      } else {
        bias += [Float](repeating: 0, count: outputs.count)
      }
    }
    return bias
  }

  /// The type that holds all parts of a panel without loss.
  private static func type(of tensors: [Tensor]) -> WeightType {
    let types = tensors.compactMap { WeightType($0.elementType) }
    return types.allSatisfy { $0 == types.first } ? types.first ?? .float32 : .float32
  }

  private func refuseExtraTensors() throws(ModelError) {
    var known: Set<String> = [Self.embeddingName, Self.headName, Self.finalNormName]
    for layer in 0..<configuration.layers {
      let prefix = "model.layers.\(layer)."
      known.insert(prefix + "input_layernorm.weight")
      known.insert(prefix + "post_attention_layernorm.weight")
      // Old checkpoints hold the frequencies, which follow from the configuration.
      known.insert(prefix + "self_attn.rotary_emb.inv_freq")
      if configuration.normsHeads {
        known.formUnion([
          prefix + "self_attn.q_norm.weight", prefix + "self_attn.k_norm.weight",
        ])
      }
      for projection in Projection.allCases {
        let name = source(projection, layer).name
        known.insert(name + ".weight")
        if configuration.biases.contains(projection) { known.insert(name + ".bias") }
      }
    }
    guard let extra = files.names.filter({ !known.contains($0) }).min() else { return }
    let isQuantised = Self.quantisedParts.contains { extra.hasSuffix($0) }
    throw .unsupported(
      "\(files.path): tensor '\(extra)' is no part of a \(configuration.family.rawValue) "
        + "decoder of \(configuration.layers) layers as config.json describes it",
      hint: isQuantised
        ? "the checkpoint is quantised; use one with f32, f16 or bf16 weights"
        : "config.json and the weights must belong together")
  }

  /// Ends of the names of tensors beside quantised weights.
  private static let quantisedParts = [
    ".qweight", ".qzeros", ".scales", ".g_idx", ".weight_scale", ".weight_scale_inv",
    ".input_scale", ".weight_packed", ".SCB", ".absmax", ".quant_map",
  ]
}
