import WinaTensor

extension LanguageModel {
  /// Returns the model that computes the same function with a rotated residual stream.
  ///
  /// The gains of the norms are folded into the weights that follow and set to 1, the head is untied
  /// from the embedding, and weights are f32. After each block but the last the residual stream is
  /// multiplied with a matrix [D, D]: two such products a layer, which ``isTransformed`` models pay for.
  ///
  /// Cost: O(parameters · D). Memory: 4 bytes a weight beside this model.
  ///
  /// - Parameters:
  ///   - transform: The rotations.
  ///   - name: What tells the transform from others, such as a digest; ``transformName`` gives it back.
  ///   - threads: How many threads products may use; they change no result.
  /// - Throws: ``ModelError`` when the transform is of another shape, this model was transformed
  ///   already, or a rotated weight is no finite number, naming its tensor.
  public func transformed(
    by transform: ColumnOrthogonalTransform, name: String, threads: Int = 1
  ) throws(ModelError) -> LanguageModel {
    guard transform.hidden == configuration.hidden,
      transform.layers.count == configuration.layers
    else {
      throw .request(
        "the transform is for \(transform.layers.count) layers of width \(transform.hidden), the "
          + "model has \(configuration.layers) of \(configuration.hidden)",
        hint: "use a transform of this model")
    }
    guard !isTransformed else { throw .request("the model was transformed already") }
    let rotator = Rotator(width: configuration.hidden, threads: threads)
    var layers: [DecoderLayer] = []
    var attention = rotator.matrix(transform.layers[0].attention)
    let embedding = rotator.rotateRows(
      outer.embedding.values(), count: configuration.vocabulary, gains: nil, by: attention)
    try checkFinite(embedding, "model.embed_tokens.weight")
    for (index, layer) in self.layers.enumerated() {
      let rotations = transform.layers[index]
      let mlp = rotator.matrix(rotations.mlp)
      let following = transform.layers.dropFirst(index + 1).first?.attention
      let next = following.map(rotator.matrix)
      let panels = try ActivationStream.allCases.map { stream throws(ModelError) in
        let panel = layer.panel(stream)
        switch stream {
        case .attentionInput:
          return try rotatedInputs(
            panel, layer: index, gains: layer.attentionNorm, rotations.attention, attention,
            rotator)
        case .outputInput: return try rotatedOutputs(panel, layer: index, by: mlp, rotator)
        case .mlpInput:
          return try rotatedInputs(
            panel, layer: index, gains: layer.mlpNorm, rotations.mlp, mlp, rotator)
        case .downInput:
          return try rotatedOutputs(panel, layer: index, by: next ?? mlp, rotator)
        }
      }
      let ones = [Float](repeating: 1, count: configuration.hidden)
      layers.append(
        DecoderLayer(
          attentionNorm: ones, mlpNorm: ones, headNorms: layer.headNorms, panels: panels,
          turns: ResidualTurns(
            afterAttention: rotator.turn(from: rotations.attention, to: mlp),
            afterMLP: next.map { rotator.turn(from: rotations.mlp, to: $0) })))
      attention = next ?? mlp
    }
    return LanguageModel(
      untied, try transformedOuter(embedding, last: attention, rotator), layers,
      transformName: name)
  }

  private var untied: ModelConfiguration {
    var configuration = configuration
    configuration.tiesEmbeddings = false
    return configuration
  }

  private func transformedOuter(
    _ embedding: [Float], last: WeightMatrix, _ rotator: Rotator
  ) throws(ModelError) -> OuterWeights {
    let (hidden, vocabulary) = (configuration.hidden, configuration.vocabulary)
    let head = rotator.rotateRows(
      outer.head.rows(0..<vocabulary), count: vocabulary, gains: outer.finalNorm, by: last)
    try checkFinite(head, "lm_head.weight")
    return OuterWeights(
      embedding: RowTable(Tensor(embedding, shape: [vocabulary, hidden])),
      finalNorm: [Float](repeating: 1, count: hidden),
      head: rotator.weights(head, inputs: hidden, outputs: vocabulary))
  }

  /// W ← W·diag(gains)·Q for all projections of a panel.
  private func rotatedInputs(
    _ panel: WeightPanel, layer: Int, gains: [Float],
    _ rotation: ColumnOrthogonalTransform.Rotation, _ matrix: WeightMatrix, _ rotator: Rotator
  ) throws(ModelError) -> WeightPanel {
    var rows = rotator.rotateRows(
      panel.matrix.rows(0..<panel.outputs), count: panel.outputs, gains: gains, by: matrix)
    for (projection, outputs) in panel.parts {
      let range = (outputs.lowerBound * panel.inputs)..<(outputs.upperBound * panel.inputs)
      try checkFinite(rows[range], tensorName(of: projection, layer: layer) + ".weight")
    }
    // Columns of the null space are zero but for rounding: made so, they cost no wrong score.
    for projection in rotationAnchors(of: panel.parts[0].projection.stream) {
      for output in panel.outputs(of: projection) {
        for column in rotation.rank..<panel.inputs { rows[output * panel.inputs + column] = 0 }
      }
    }
    return WeightPanel(
      matrix: rotator.weights(rows, inputs: panel.inputs, outputs: panel.outputs),
      parts: panel.parts, bias: panel.bias)
  }

  /// W ← Qᵀ·W and b ← Qᵀ·b for the only projection of a panel.
  private func rotatedOutputs(
    _ panel: WeightPanel, layer: Int, by matrix: WeightMatrix, _ rotator: Rotator
  ) throws(ModelError) -> WeightPanel {
    let values = rotator.rotateRows(
      panel.matrix.inputMajorValues(), count: panel.inputs, gains: nil, by: matrix)
    try checkFinite(
      values, tensorName(of: panel.parts[0].projection, layer: layer) + ".weight")
    return WeightPanel(
      matrix: WeightMatrix(inputMajor: values, inputs: panel.inputs, outputs: panel.outputs),
      parts: panel.parts,
      bias: panel.bias.map { rotator.rotateRows($0, count: 1, gains: nil, by: matrix) })
  }

  private func checkFinite(
    _ values: some Collection<Float>, _ name: String
  ) throws(ModelError) {
    guard values.contains(where: { !$0.isFinite }) else { return }
    throw .invalid(
      "tensor '\(name)' holds weights that are no finite numbers once gains are folded in",
      hint: "the checkpoint is damaged or its training diverged")
  }
}

/// Multiplies weights with rotations.
private struct Rotator {
  let width: Int
  private let engine: ProductEngine

  init(width: Int, threads: Int) {
    self.width = width
    engine = ProductEngine(threads: threads)
  }

  /// Q, as x·Q needs it.
  func matrix(_ rotation: ColumnOrthogonalTransform.Rotation) -> WeightMatrix {
    WeightMatrix(inputMajor: rotation.matrix, inputs: width, outputs: width)
  }

  /// Pᵀ·Q, which takes the residual stream from one basis to the next.
  func turn(
    from old: ColumnOrthogonalTransform.Rotation, to new: WeightMatrix
  ) -> WeightMatrix {
    var transposed = [Float](repeating: 0, count: width * width)
    for row in 0..<width {
      for column in 0..<width {
        transposed[column * width + row] = old.matrix[row * width + column]
      }
    }
    return WeightMatrix(
      inputMajor: rotateRows(transposed, count: width, gains: nil, by: new), inputs: width,
      outputs: width)
  }

  /// Returns rows · diag(gains) · Q.
  func rotateRows(
    _ rows: [Float], count: Int, gains: [Float]?, by rotation: WeightMatrix
  ) -> [Float] {
    var rows = rows
    if let gains {
      for row in 0..<count {
        for column in 0..<width { rows[row * width + column] *= gains[column] }
      }
    }
    var result = [Float](repeating: 0, count: count * width)
    let layout = MatrixLayout(rows: count, columns: width)
    engine.multiply(rows, layout, rotation, outputs: 0..<width, into: &result, layout)
    return result
  }

  /// A matrix from weights in the checkpoint's order, [outputs, inputs].
  func weights(_ rows: [Float], inputs: Int, outputs: Int) -> WeightMatrix {
    var builder = WeightMatrixBuilder(inputs: inputs, outputs: outputs, type: .float32)
    builder.place(Tensor(rows, shape: [outputs, inputs]), rows: 0..<outputs, at: 0)
    return builder.finish()
  }
}
