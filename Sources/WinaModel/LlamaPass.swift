import WinaTensor

/// One run of rows through the layers of a Llama decoder.
///
/// Shapes: T rows, D hidden, H heads, K key-value heads, E head size, F feed-forward.
struct LlamaPass {
  let configuration: ModelConfiguration
  let weights: LlamaWeights
  let gates: PreparedGates?
  let workspace: ForwardWorkspace
  let tap: ((TapPoint, ActivationBlock) -> Void)?
  /// The number of rows, T.
  let rows: Int
  /// The position of the first row in its sequence.
  let firstPosition: Int
  /// The first row that is gated, at most T.
  let firstGatedRow: Int
  /// Keys and values of earlier positions; `nil` when the pass holds the whole sequence.
  let cache: KeyValueCache?
  /// See ``ForwardResult/kept``.
  private(set) var kept: [UInt64]

  init(
    _ model: LanguageModel, gates: PreparedGates?, workspace: ForwardWorkspace, rows: Int,
    firstPosition: Int, firstGatedRow: Int, cache: KeyValueCache?,
    tap: ((TapPoint, ActivationBlock) -> Void)?
  ) {
    configuration = model.configuration
    weights = model.weights
    self.gates = gates
    self.workspace = workspace
    self.tap = tap
    self.rows = rows
    self.firstPosition = firstPosition
    self.firstGatedRow = min(max(0, firstGatedRow), rows)
    self.cache = cache
    let count = configuration.layers * Projection.allCases.count
    kept = gates == nil ? [] : [UInt64](repeating: 0, count: count)
    workspace.prepare(configuration, rows: rows, keys: firstPosition + rows)
  }

  /// The rows that are gated.
  var gatedRows: Int { gates == nil ? 0 : rows - firstGatedRow }

  /// Copies the tokens' embeddings into the residual stream.
  func embed(_ tokens: [Int32]) {
    Kernels.gatherRows(
      tokens, of: weights.embedding, columns: configuration.hidden, into: &workspace.residual)
  }

  /// Runs one layer over the residual stream.
  mutating func run(layer index: Int) {
    let layer = weights.layers[index]
    let epsilon = configuration.normEpsilon
    Kernels.rmsNorm(
      workspace.residual, weight: layer.attentionNorm, epsilon: epsilon, rows: rows,
      into: &workspace.normed)
    show(.attentionInput, index, workspace.normed)
    project(.attentionInput, index, workspace.normed, into: &workspace.attention)
    attend(layer: index)
    show(.outputInput, index, workspace.attended)
    project(
      .outputInput, index, workspace.attended, into: &workspace.residual, accumulate: true)
    Kernels.rmsNorm(
      workspace.residual, weight: layer.mlpNorm, epsilon: epsilon, rows: rows,
      into: &workspace.normed)
    show(.mlpInput, index, workspace.normed)
    project(.mlpInput, index, workspace.normed, into: &workspace.gateUp)
    activate(layer: index)
    show(.downInput, index, workspace.neurons)
    project(.downInput, index, workspace.neurons, into: &workspace.residual, accumulate: true)
    if gates?.layers[index].cats != nil {
      let first = index * Projection.allCases.count
      kept[first + Projection.downProj.index] = kept[first + Projection.upProj.index]
    }
  }

  private func show(_ stream: ActivationStream, _ layer: Int, _ values: [Float]) {
    guard let tap else { return }
    let columns = configuration.width(of: stream)
    tap(
      .stream(stream, layer: layer),
      ActivationBlock(rows: rows, columns: columns, values: Array(values[..<(rows * columns)])))
  }

  /// Multiplies a stream with the weights that read it, masked as the gates say.
  private mutating func project(
    _ stream: ActivationStream, _ layer: Int, _ input: [Float], into output: inout [Float],
    accumulate: Bool = false
  ) {
    let panel = weights.layers[layer].panel(stream)
    guard let groups = gates?.layers[layer].streams[stream.index] else {
      multiply(input, panel, 0..<panel.outputs, into: &output, accumulate: accumulate)
      return
    }
    for group in groups {
      guard let gate = group.gate else {
        count(group.projections, UInt64(gatedRows * panel.inputs), layer: layer)
        for run in group.runs {
          multiply(input, panel, run.rows, into: &output, accumulate: accumulate)
        }
        continue
      }
      workspace.prepareMasked(rows * panel.inputs)
      let kept = Kernels.maskRows(
        input, rows: rows, columns: panel.inputs, firstGatedRow: firstGatedRow, rule: gate.rule,
        norms: gate.norms, mean: gate.mean, into: &workspace.masked)
      count(group.projections, kept, layer: layer)
      for run in group.runs {
        multiply(workspace.masked, panel, run.rows, into: &output, accumulate: accumulate)
        guard let bias = run.bias else { continue }
        Kernels.addRow(
          bias, to: &output,
          MatrixLayout(
            rows: gatedRows, columns: run.rows.count,
            offset: firstGatedRow * panel.outputs + run.rows.lowerBound, stride: panel.outputs))
      }
    }
  }

  private mutating func count(_ projections: [Projection], _ kept: UInt64, layer: Int) {
    for projection in projections {
      self.kept[layer * Projection.allCases.count + projection.index] += kept
    }
  }

  /// Multiplies rows with some rows of a panel; the results keep their places in the panel.
  private func multiply(
    _ input: [Float], _ panel: WeightPanel, _ part: Range<Int>, into output: inout [Float],
    accumulate: Bool
  ) {
    if rows == 1 {
      Kernels.gemv(
        panel.values, panel.layout(part), input, into: &output, at: part.lowerBound,
        accumulate: accumulate)
    } else {
      BLAS.multiplyTransposed(
        input, MatrixLayout(rows: rows, columns: panel.inputs), panel.values, panel.layout(part),
        into: &output,
        MatrixLayout(
          rows: rows, columns: part.count, offset: part.lowerBound, stride: panel.outputs),
        accumulate: accumulate)
    }
  }

  /// Turns gate and up into the input of down_proj: SiLU(gate) · up, with CATS masked between.
  private mutating func activate(layer: Int) {
    let units = configuration.feedForward
    let gate = MatrixLayout(rows: rows, columns: units, stride: 2 * units)
    let up = MatrixLayout(rows: rows, columns: units, offset: units, stride: 2 * units)
    let threshold = gates?.layers[layer].cats
    guard tap != nil || threshold != nil else {
      Kernels.siluMultiply(workspace.gateUp, gate: gate, up: up, into: &workspace.neurons)
      return
    }
    workspace.prepareActivated(rows * units)
    Kernels.silu(workspace.gateUp, gate, into: &workspace.activated)
    tap?(
      .gateActivation(layer: layer),
      ActivationBlock(
        rows: rows, columns: units, values: Array(workspace.activated[..<(rows * units)])))
    if let threshold {
      let alive = Kernels.maskMagnitudes(
        &workspace.activated, rows: rows, columns: units, firstGatedRow: firstGatedRow,
        threshold: threshold)
      kept[layer * Projection.allCases.count + Projection.upProj.index] = alive
    }
    Kernels.multiply(workspace.activated, workspace.gateUp, up, into: &workspace.neurons)
  }
}
