import WinaTensor

/// A model of which one layer at a time is in memory: for statistics of models larger than memory.
///
/// Sequences go through a layer before the next one is loaded, so that weights are read once for all of
/// them. Taps are, bit for bit, those of ``LanguageModel``.
public final class LayerwiseModel: Sendable {
  /// The sizes and constants.
  public let configuration: ModelConfiguration
  private let weights: DecoderWeights

  /// The tokens that go through a layer together.
  private static let rowsOfBatch = 512

  /// Opens a Hugging Face directory without loading weights.
  ///
  /// - Throws: ``ModelError`` naming the file and the key or tensor at fault.
  public init(directory: String) throws(ModelError) {
    weights = try DecoderWeights(directory: directory)
    configuration = weights.configuration
  }

  /// Returns c[i] = ‖W[:, i]‖₂ of every projection, one dictionary a layer.
  ///
  /// Cost: reads every layer.
  ///
  /// - Throws: ``ModelError`` when a tensor is missing or damaged.
  public func columnNorms() throws(ModelError) -> [[Projection: [Float]]] {
    var norms: [[Projection: [Float]]] = []
    for index in 0..<configuration.layers {
      let layer = try weights.layer(index)
      norms.append(
        Dictionary(
          uniqueKeysWithValues: Projection.allCases.map { projection in
            let panel = layer.panel(projection.stream)
            return (projection, panel.matrix.inputNorms(outputs: panel.outputs(of: projection)))
          }))
    }
    return norms
  }

  /// Runs sequences through all layers, densely and without logits.
  ///
  /// Memory: one layer, and D floats a token.
  ///
  /// - Parameters:
  ///   - sequences: The sequences, each at least one token.
  ///   - workspace: Scratch memory that no other thread uses meanwhile.
  ///   - beforeLayer: Called with the index of every layer; may throw to stop.
  ///   - tap: Receives the index of the sequence, the place and the activations.
  /// - Throws: ``ModelError`` when tokens do not fit the model or weights are damaged, and what the
  ///   closures throw.
  public func forward(
    _ sequences: [[Int32]], workspace: ForwardWorkspace,
    beforeLayer: (Int) throws -> Void = { _ in },
    tap: @escaping (Int, TapPoint, ActivationBlock) throws -> Void
  ) throws {
    for tokens in sequences { try check(tokens) }
    var residuals = try embedded(sequences)
    let batches = batches(sequences)
    for index in 0..<configuration.layers {
      try beforeLayer(index)
      let layer = try weights.layer(index)
      for batch in batches {
        try run(batch, sequences, layer, index, workspace, &residuals, tap)
      }
    }
  }

  private func run(
    _ batch: Range<Int>, _ sequences: [[Int32]], _ layer: DecoderLayer, _ index: Int,
    _ workspace: ForwardWorkspace, _ residuals: inout [[Float]],
    _ tap: @escaping (Int, TapPoint, ActivationBlock) throws -> Void
  ) throws {
    var failure: (any Error)?
    let parts = sequences[batch].map { SequencePart(tokens: $0) }
    var pass = DecoderPass(configuration, parts, workspace: workspace) { part, point, block in
      guard failure == nil else { return }
      do { try tap(batch.lowerBound + part, point, block) } catch { failure = error }
    }
    pass.setResidual(Array(residuals[batch]))
    pass.run(layer, index: index)
    if let failure { throw failure }
    residuals.replaceSubrange(batch, with: pass.residuals())
  }

  private func check(_ tokens: [Int32]) throws(ModelError) {
    guard !tokens.isEmpty else { throw .request("a forward pass needs at least one token") }
    guard tokens.count <= configuration.contextLength else {
      throw .request(
        "\(tokens.count) tokens are more than the model's context of "
          + "\(configuration.contextLength)", hint: "cut the sequence")
    }
    try configuration.check(tokens)
  }

  /// The embeddings of every sequence; the table is given back at once.
  private func embedded(_ sequences: [[Int32]]) throws(ModelError) -> [[Float]] {
    let table = try weights.embedding()
    return sequences.map { tokens in
      var rows = [Float](repeating: 0, count: tokens.count * configuration.hidden)
      table.gather(tokens, into: &rows)
      return rows
    }
  }

  private func batches(_ sequences: [[Int32]]) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    var (start, rows) = (0, 0)
    for (index, tokens) in sequences.enumerated() {
      if rows > 0, rows + tokens.count > Self.rowsOfBatch {
        batches.append(start..<index)
        (start, rows) = (index, 0)
      }
      rows += tokens.count
    }
    if start < sequences.count { batches.append(start..<sequences.count) }
    return batches
  }
}

extension DecoderPass {
  /// Puts the residual streams of the parts in place of their embeddings.
  func setResidual(_ parts: [[Float]]) {
    var start = 0
    for values in parts {
      workspace.residual.replaceSubrange(start..<(start + values.count), with: values)
      start += values.count
    }
  }

  /// Returns the residual stream of every part.
  func residuals() -> [[Float]] {
    let width = configuration.hidden
    return parts.map {
      Array(workspace.residual[($0.rows.lowerBound * width)..<($0.rows.upperBound * width)])
    }
  }
}
