import WinaTensor

extension LanguageModel {
  /// Runs one sequence through the model.
  ///
  /// Prefill by matrix products whose rows are this sequence alone, so that results do not depend on
  /// what else is computed. Cost: O(T · parameters + T² · H · E · L).
  ///
  /// - Parameters:
  ///   - tokens: The sequence, at least one token and at most the model's context.
  ///   - request: What is computed and gated.
  ///   - workspace: Scratch memory that no other thread uses meanwhile.
  ///   - tap: Receives activations as they come, layer by layer: `attn_in`, `o_in`, `mlp_in`, the gate
  ///     activation, `down_in`. They are those of this pass before any mask of their own.
  /// - Throws: ``ModelError`` when tokens, rows or gates do not fit the model.
  public func forward(
    _ tokens: [Int32], _ request: ForwardRequest, workspace: ForwardWorkspace,
    tap: ((TapPoint, ActivationBlock) -> Void)? = nil
  ) throws(ModelError) -> ForwardResult {
    try check(tokens, request)
    var pass = LlamaPass(
      self, gates: request.gates, workspace: workspace, rows: tokens.count, firstPosition: 0,
      firstGatedRow: request.firstGatedRow, cache: nil, tap: tap)
    pass.embed(tokens)
    var hidden: [[Float]] = []
    let count = tokens.count * configuration.hidden
    if request.keepHidden { hidden.append(Array(workspace.residual[..<count])) }
    let end = request.stopAfterLayer.map { $0 + 1 } ?? configuration.layers
    for layer in 0..<end {
      pass.run(layer: layer)
      guard request.keepHidden else { continue }
      let isLast = layer + 1 == configuration.layers
      if isLast { normalize(0..<tokens.count, workspace) }
      hidden.append(Array((isLast ? workspace.normed : workspace.residual)[..<count]))
    }
    let rows = request.stopAfterLayer == nil ? request.rows(of: tokens.count) : 0..<0
    return ForwardResult(
      logits: logits(rows, workspace), logitRows: rows, hidden: hidden, kept: pass.kept,
      gatedRows: pass.gatedRows)
  }

  /// Applies the final norm to some rows; the first of them becomes row 0 of `normed`.
  private func normalize(_ rows: Range<Int>, _ workspace: ForwardWorkspace) {
    Kernels.rmsNorm(
      workspace.residual, weight: weights.finalNorm, epsilon: configuration.normEpsilon,
      firstRow: rows.lowerBound, rows: rows.count, into: &workspace.normed)
  }

  /// Returns the logits of some rows of the residual stream, [rows, V].
  func logits(_ rows: Range<Int>, _ workspace: ForwardWorkspace) -> [Float] {
    guard !rows.isEmpty else { return [] }
    normalize(rows, workspace)
    let head = MatrixLayout(rows: configuration.vocabulary, columns: configuration.hidden)
    if rows.count == 1 {
      var logits = [Float](repeating: 0, count: configuration.vocabulary)
      Kernels.gemv(weights.head, head, workspace.normed, into: &logits)
      return logits
    }
    return BLAS.product(
      workspace.normed, MatrixLayout(rows: rows.count, columns: configuration.hidden),
      weights.head, head)
  }

  private func check(_ tokens: [Int32], _ request: ForwardRequest) throws(ModelError) {
    guard !tokens.isEmpty else { throw .request("a forward pass needs at least one token") }
    guard tokens.count <= configuration.contextLength else {
      throw .request(
        "\(tokens.count) tokens are more than the model's context of "
          + "\(configuration.contextLength)", hint: "cut the sequence")
    }
    try check(tokens)
    try check(request.gates)
    if case .range(let rows) = request.logitRows {
      guard rows.lowerBound >= 0, rows.upperBound <= tokens.count else {
        throw .request("logits of rows \(rows) were asked for, but there are \(tokens.count)")
      }
    }
    if let layer = request.stopAfterLayer, !(0..<configuration.layers).contains(layer) {
      throw .request("there is no layer \(layer) to stop after")
    }
  }

  /// Checks that gates were prepared for a model of this shape.
  func check(_ gates: PreparedGates?) throws(ModelError) {
    guard let gates, gates.configuration != configuration else { return }
    throw .request("the gates were prepared for another model")
  }
}

extension ForwardRequest {
  /// The rows of a pass of `count` rows whose logits are computed.
  func rows(of count: Int) -> Range<Int> {
    switch logitRows {
    case .all: 0..<count
    case .last: (count - 1)..<count
    case .none: 0..<0
    case .range(let rows): rows
    }
  }
}
