import WinaTensor

/// The weights of projections that read one stream, stacked: [sum of outputs, inputs].
struct WeightPanel: Sendable {
  let values: [Float]
  let inputs: Int
  /// The rows of each projection, in the order of the panel.
  let parts: [(projection: Projection, rows: Range<Int>)]

  /// The sum of all outputs.
  var outputs: Int { parts.last?.rows.upperBound ?? 0 }

  func rows(of projection: Projection) -> Range<Int> {
    parts.first { $0.projection == projection }?.rows ?? 0..<0
  }

  func layout(_ rows: Range<Int>) -> MatrixLayout {
    MatrixLayout(rows: rows.count, columns: inputs, offset: rows.lowerBound * inputs)
  }
}

/// The weights of one decoder layer, as f32.
struct LlamaLayer: Sendable {
  let attentionNorm: [Float]
  let mlpNorm: [Float]
  /// One panel a stream, in `ActivationStream.allCases` order.
  let panels: [WeightPanel]

  func panel(_ stream: ActivationStream) -> WeightPanel { panels[stream.index] }
}

/// The weights of a Llama decoder, as f32.
struct LlamaWeights: Sendable {
  /// Shape [V, D].
  let embedding: [Float]
  let layers: [LlamaLayer]
  let finalNorm: [Float]
  /// Shape [V, D]; `nil` where the embedding is the head.
  let untiedHead: [Float]?

  var head: [Float] { untiedHead ?? embedding }

  /// The projections of a stream in the order of its panel.
  ///
  /// q and v stand side by side because WINA's default gates them alike and k differently.
  static func order(_ stream: ActivationStream) -> [Projection] {
    switch stream {
    case .attentionInput: [.qProj, .vProj, .kProj]
    case .outputInput: [.oProj]
    case .mlpInput: [.gateProj, .upProj]
    case .downInput: [.downProj]
    }
  }

  init(_ configuration: ModelConfiguration, _ files: CheckpointFiles) throws(ModelError) {
    let (hidden, vocabulary) = (configuration.hidden, configuration.vocabulary)
    try Self.refuseExtraTensors(configuration, files)
    func vector(_ name: String) throws(ModelError) -> [Float] {
      var values = [Float](repeating: 0, count: hidden)
      try files.read(name, shape: [hidden], into: &values)
      return values
    }
    func table(_ name: String) throws(ModelError) -> [Float] {
      var values = [Float](repeating: 0, count: vocabulary * hidden)
      try files.read(name, shape: [vocabulary, hidden], into: &values)
      return values
    }
    embedding = try table("model.embed_tokens.weight")
    untiedHead = configuration.tiesEmbeddings ? nil : try table("lm_head.weight")
    finalNorm = try vector("model.norm.weight")
    var layers: [LlamaLayer] = []
    for layer in 0..<configuration.layers {
      var panels: [WeightPanel] = []
      for stream in ActivationStream.allCases {
        panels.append(try Self.panel(stream, layer: layer, configuration, files))
      }
      layers.append(
        LlamaLayer(
          attentionNorm: try vector("model.layers.\(layer).input_layernorm.weight"),
          mlpNorm: try vector("model.layers.\(layer).post_attention_layernorm.weight"),
          panels: panels))
    }
    self.layers = layers
  }

  private static func panel(
    _ stream: ActivationStream, layer: Int, _ configuration: ModelConfiguration,
    _ files: CheckpointFiles
  ) throws(ModelError) -> WeightPanel {
    let inputs = configuration.width(of: stream)
    let order = order(stream)
    let outputs = order.reduce(0) { $0 + configuration.outputs(of: $1) }
    var values = [Float](repeating: 0, count: outputs * inputs)
    var parts: [(projection: Projection, rows: Range<Int>)] = []
    var row = 0
    for projection in order {
      let count = configuration.outputs(of: projection)
      try files.read(
        name(of: projection, layer: layer), shape: [count, inputs], into: &values,
        at: row * inputs)
      parts.append((projection, row..<(row + count)))
      row += count
    }
    return WeightPanel(values: values, inputs: inputs, parts: parts)
  }

  /// The name of a projection's weights in a checkpoint.
  static func name(of projection: Projection, layer: Int) -> String {
    let block =
      switch projection {
      case .qProj, .kProj, .vProj, .oProj: "self_attn"
      case .gateProj, .upProj, .downProj: "mlp"
      }
    return "model.layers.\(layer).\(block).\(projection.rawValue).weight"
  }

  private static func refuseExtraTensors(
    _ configuration: ModelConfiguration, _ files: CheckpointFiles
  ) throws(ModelError) {
    var known: Set<String> = [
      "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight",
    ]
    for layer in 0..<configuration.layers {
      known.insert("model.layers.\(layer).input_layernorm.weight")
      known.insert("model.layers.\(layer).post_attention_layernorm.weight")
      // Old checkpoints hold the frequencies, which follow from the configuration.
      known.insert("model.layers.\(layer).self_attn.rotary_emb.inv_freq")
      for projection in Projection.allCases { known.insert(name(of: projection, layer: layer)) }
    }
    if let extra = files.names.filter({ !known.contains($0) }).min() {
      throw .unsupported(
        "'\(files.directory)': tensor '\(extra)' is no part of a Llama decoder of "
          + "\(configuration.layers) layers without biases",
        hint: "config.json and the weights must belong together")
    }
  }
}

extension ActivationStream {
  /// The place in `ActivationStream.allCases`.
  var index: Int {
    switch self {
    case .attentionInput: 0
    case .outputInput: 1
    case .mlpInput: 2
    case .downInput: 3
    }
  }
}

extension Projection {
  /// The place in `Projection.allCases`.
  var index: Int {
    switch self {
    case .qProj: 0
    case .kProj: 1
    case .vProj: 2
    case .oProj: 3
    case .gateProj: 4
    case .upProj: 5
    case .downProj: 6
    }
  }
}
