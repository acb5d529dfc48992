import WinaTensor

extension LanguageModel {
  /// Runs one sequence through the model.
  ///
  /// Cost: O(T · parameters + T² · H · E · L).
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
    let parts = [SequencePart(tokens: tokens, request: request)]
    return try forward(parts, workspace: workspace, tap: tap.map { tap in { tap($1, $2) } })[0]
  }

  /// Runs parts of several sequences through the model together.
  ///
  /// Every result is, bit for bit, what the part alone would give, or the whole sequence at once.
  ///
  /// - Parameters:
  ///   - parts: The parts; no two share a cache, and all begin at the same layer and stop after the
  ///     same.
  ///   - workspace: Scratch memory that no other thread uses meanwhile.
  ///   - tap: Receives the index of the part, the place and the activations.
  /// - Returns: One result a part.
  /// - Throws: ``ModelError`` when tokens, rows, caches or gates do not fit the model.
  public func forward(
    _ parts: [SequencePart], workspace: ForwardWorkspace,
    tap: ((Int, TapPoint, ActivationBlock) -> Void)? = nil
  ) throws(ModelError) -> [ForwardResult] {
    for part in parts { try check(part) }
    guard let first = parts.first else { return [] }
    let stop = first.request.stopAfterLayer
    guard parts.allSatisfy({ $0.request.stopAfterLayer == stop }) else {
      throw .request("the parts of a pass stop after different layers")
    }
    let start = first.start?.layer
    guard parts.allSatisfy({ $0.start?.layer == start }) else {
      throw .request("the parts of a pass begin at different layers")
    }
    var pass = DecoderPass(configuration, parts, workspace: workspace, tap: tap)
    workspace.stopwatch?.skip()
    pass.begin(parts, outer.embedding)
    var hidden: [[[Float]]] = Array(repeating: [], count: parts.count)
    keep(&hidden, parts, pass, isNormed: false)
    for index in (start ?? 0)..<(stop.map { $0 + 1 } ?? configuration.layers) {
      pass.run(layers[index], index: index)
      keep(&hidden, parts, pass, isNormed: index + 1 == configuration.layers)
    }
    let rows = parts.map { stop == nil ? $0.request.rows(of: $0.tokens.count) : 0..<0 }
    let logits = logits(
      zip(pass.parts, rows).map { part, rows in
        (part.rows.lowerBound + rows.lowerBound)..<(part.rows.lowerBound + rows.upperBound)
      }, workspace)
    workspace.lap(.head)
    return parts.indices.map { index in
      ForwardResult(
        logits: logits[index], logitRows: rows[index], hidden: hidden[index],
        kept: pass.parts[index].kept,
        gatedRows: pass.parts[index].gates == nil ? 0 : pass.parts[index].gatedRows)
    }
  }

  /// Adds the residual stream to the hidden states of the parts that keep them.
  private func keep(
    _ hidden: inout [[[Float]]], _ parts: [SequencePart], _ pass: DecoderPass, isNormed: Bool
  ) {
    guard parts.contains(where: \.request.keepHidden) else { return }
    let (workspace, width) = (pass.workspace, configuration.hidden)
    if isNormed {
      Kernels.rmsNorm(
        workspace.residual, weight: outer.finalNorm, epsilon: configuration.normEpsilon,
        rows: pass.rows, into: &workspace.normed)
    }
    for (index, part) in parts.enumerated() where part.request.keepHidden {
      let rows = pass.parts[index].rows
      let range = (rows.lowerBound * width)..<(rows.upperBound * width)
      hidden[index].append(Array((isNormed ? workspace.normed : workspace.residual)[range]))
    }
  }

  /// Logits above this number are made range by range, so that they are not in memory twice.
  private static let logitsAtOnce = 1 << 24

  /// Returns the logits of some ranges of rows of the residual stream, each [rows, V].
  private func logits(_ ranges: [Range<Int>], _ workspace: ForwardWorkspace) -> [[Float]] {
    let vocabulary = configuration.vocabulary
    let total = ranges.reduce(0) { $0 + $1.count }
    guard ranges.count > 1, total * vocabulary <= Self.logitsAtOnce else {
      return ranges.map { head([$0], workspace) }
    }
    let logits = head(ranges, workspace)
    var start = 0
    return ranges.map { range in
      let end = start + range.count * vocabulary
      defer { start = end }
      return Array(logits[start..<end])
    }
  }

  /// Returns the logits of ranges of rows, one below the other.
  private func head(_ ranges: [Range<Int>], _ workspace: ForwardWorkspace) -> [Float] {
    let (width, vocabulary) = (configuration.hidden, configuration.vocabulary)
    let total = ranges.reduce(0) { $0 + $1.count }
    guard total > 0 else { return [] }
    workspace.prepareHead(total * width)
    var row = 0
    for range in ranges where !range.isEmpty {
      Kernels.rmsNorm(
        workspace.residual, weight: outer.finalNorm, epsilon: configuration.normEpsilon,
        firstRow: range.lowerBound, rows: range.count, into: &workspace.headInput, at: row)
      row += range.count
    }
    var logits = [Float](repeating: 0, count: total * vocabulary)
    workspace.engine.multiply(
      workspace.headInput, MatrixLayout(rows: total, columns: width), outer.head,
      outputs: 0..<vocabulary, into: &logits, MatrixLayout(rows: total, columns: vocabulary))
    return logits
  }

  private func check(_ part: SequencePart) throws(ModelError) {
    let (count, request) = (part.tokens.count, part.request)
    guard count > 0 else { throw .request("a forward pass needs at least one token") }
    let before = part.cache?.count ?? 0
    guard before + count <= configuration.contextLength else {
      throw .request(
        "\(before + count) tokens are more than the model's context of "
          + "\(configuration.contextLength)", hint: "cut the sequence")
    }
    if let cache = part.cache, !cache.fits(configuration) {
      throw .request("a cache of keys and values belongs to another model")
    }
    try check(part.tokens)
    try check(request.gates)
    if case .range(let rows) = request.logitRows {
      guard rows.lowerBound >= 0, rows.upperBound <= count else {
        throw .request("logits of rows \(rows) were asked for, but there are \(count)")
      }
    }
    if let layer = request.stopAfterLayer, !(0..<configuration.layers).contains(layer) {
      throw .request("there is no layer \(layer) to stop after")
    }
    try check(part.start, of: part)
  }

  private func check(_ start: LayerStart?, of part: SequencePart) throws(ModelError) {
    guard let start else { return }
    guard (0...(part.request.stopAfterLayer ?? (configuration.layers - 1))).contains(start.layer)
    else { throw .request("there is no layer \(start.layer) to begin at") }
    guard part.cache == nil else {
      throw .request("a pass that begins at layer \(start.layer) cannot fill a cache")
    }
    guard start.residual.count == part.tokens.count * configuration.hidden else {
      throw .request(
        "\(start.residual.count) numbers cannot enter layer \(start.layer) for "
          + "\(part.tokens.count) tokens of \(configuration.hidden)")
    }
  }

  /// Checks that gates were prepared for a model of this shape.
  func check(_ gates: PreparedGates?) throws(ModelError) {
    guard let gates, gates.configuration != configuration else { return }
    throw .request("the gates were prepared for another model")
  }
}
