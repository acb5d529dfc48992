import WinaTensor

/// One run of the rows of some sequences through the layers of a decoder.
///
/// Shapes: T rows of all parts together, D hidden, H heads, K key-value heads, E head size, F
/// feed-forward.
struct DecoderPass {
  /// The rows of one part among those of the pass.
  struct Part {
    let rows: Range<Int>
    /// The position of the first row in its sequence.
    let firstPosition: Int
    /// The first row of the pass that is gated; the end of the rows without gates.
    let firstGatedRow: Int
    let gates: PreparedGates?
    let execution: GateExecution
    let cache: KeyValueCache?
    /// See ``ForwardResult/kept``.
    var kept: [UInt64]

    /// The rows that are gated.
    var gatedRows: Int { rows.upperBound - firstGatedRow }
  }

  /// Receives what enters projections: the index of the part, the place, the values.
  typealias Tap = (Int, TapPoint, ActivationBlock) -> Void

  let configuration: ModelConfiguration
  let workspace: ForwardWorkspace
  let tap: Tap?
  var parts: [Part]
  /// The number of rows, T.
  let rows: Int
  /// Whether any part has gates.
  let isGated: Bool

  init(
    _ configuration: ModelConfiguration, _ sequences: [SequencePart],
    workspace: ForwardWorkspace, tap: Tap?
  ) {
    self.configuration = configuration
    self.workspace = workspace
    self.tap = tap
    let counters = configuration.layers * Projection.allCases.count
    var parts: [Part] = []
    var (first, end) = (0, 0)
    for sequence in sequences {
      let request = sequence.request
      let rows = first..<(first + sequence.tokens.count)
      let dense = min(max(0, request.firstGatedRow), rows.count)
      let position = sequence.cache?.count ?? 0
      parts.append(
        Part(
          rows: rows, firstPosition: position,
          firstGatedRow: request.gates == nil ? rows.upperBound : rows.lowerBound + dense,
          gates: request.gates, execution: request.execution, cache: sequence.cache,
          kept: request.gates == nil ? [] : [UInt64](repeating: 0, count: counters)))
      first = rows.upperBound
      end = max(end, position + rows.count)
    }
    self.parts = parts
    rows = first
    isGated = parts.contains { $0.gates != nil }
    workspace.prepare(configuration, rows: rows, end: end)
  }

  /// Copies the tokens' embeddings, or what enters a later layer, into the residual stream.
  func begin(_ sequences: [SequencePart], _ table: RowTable) {
    let residuals = sequences.compactMap(\.start?.residual)
    guard !residuals.isEmpty else {
      return table.gather(sequences.flatMap(\.tokens), into: &workspace.residual)
    }
    var first = 0
    for residual in residuals {
      workspace.residual.replaceSubrange(first..<(first + residual.count), with: residual)
      first += residual.count
    }
  }

  /// Runs one layer over the residual stream.
  mutating func run(_ layer: DecoderLayer, index: Int) {
    normalize(layer.attentionNorm)
    workspace.lap(.residual)
    project(layer, index, .attentionInput, workspace.normed, into: &workspace.attention)
    workspace.lap(.attentionInput)
    attend(layer, index)
    workspace.lap(.attention)
    project(layer, index, .outputInput, workspace.attended, into: &workspace.delta)
    workspace.lap(.outputInput)
    addDelta(turning: layer.turns?.afterAttention)
    normalize(layer.mlpNorm)
    workspace.lap(.residual)
    project(layer, index, .mlpInput, workspace.normed, into: &workspace.gateUp)
    workspace.lap(.mlpInput)
    activate(index)
    workspace.lap(.activation)
    project(layer, index, .downInput, workspace.neurons, into: &workspace.delta)
    workspace.lap(.downInput)
    addDelta(turning: layer.turns?.afterMLP)
    countCATS(index)
    workspace.lap(.residual)
  }

  private func normalize(_ weight: [Float]) {
    workspace.engine.rmsNorm(
      workspace.residual, weight: weight, epsilon: configuration.normEpsilon, rows: rows,
      into: &workspace.normed)
  }

  /// Adds the output of a block to the residual stream, which a transformed model turns before.
  private func addDelta(turning turn: WeightMatrix?) {
    if let turn {
      let layout = MatrixLayout(rows: rows, columns: configuration.hidden)
      workspace.engine.multiply(
        workspace.residual, layout, turn, outputs: 0..<turn.outputs, into: &workspace.normed,
        layout)
      swap(&workspace.residual, &workspace.normed)
    }
    workspace.engine.accumulate(
      workspace.delta, count: rows * configuration.hidden, into: &workspace.residual)
  }

  /// Shows a stream to the tap, then multiplies it with the weights that read it, as the gates say.
  private mutating func project(
    _ layer: DecoderLayer, _ index: Int, _ stream: ActivationStream, _ input: [Float],
    into output: inout [Float]
  ) {
    show(.stream(stream, layer: index), input, columns: configuration.width(of: stream))
    let panel = layer.panel(stream)
    if isGated {
      multiplyGated(panel, stream, index, input, into: &output)
    } else {
      workspace.engine.multiply(
        input, MatrixLayout(rows: rows, columns: panel.inputs), panel.matrix,
        outputs: 0..<panel.outputs, into: &output,
        MatrixLayout(rows: rows, columns: panel.outputs))
    }
    if let bias = panel.bias {
      Kernels.addRow(bias, to: &output, MatrixLayout(rows: rows, columns: panel.outputs))
    }
  }

  func show(_ point: TapPoint, _ values: [Float], columns: Int) {
    guard let tap else { return }
    for (index, part) in parts.enumerated() {
      let range = (part.rows.lowerBound * columns)..<(part.rows.upperBound * columns)
      tap(
        index, point,
        ActivationBlock(
          rows: part.rows.count, columns: columns, firstPosition: part.firstPosition,
          values: Array(values[range])))
    }
  }

  /// Turns gate and up into the input of down_proj: SiLU(gate) · up, with CATS masked between.
  private mutating func activate(_ index: Int) {
    let units = configuration.feedForward
    let gate = MatrixLayout(rows: rows, columns: units, stride: 2 * units)
    let up = MatrixLayout(rows: rows, columns: units, offset: units, stride: 2 * units)
    let hasCATS = parts.contains { $0.gates?.layers[index].cats != nil }
    guard tap != nil || hasCATS else {
      workspace.engine.siluMultiply(
        workspace.gateUp, gate: gate, up: up, into: &workspace.neurons)
      return
    }
    workspace.prepareActivated(rows * units)
    Kernels.silu(workspace.gateUp, gate, into: &workspace.activated)
    show(.gateActivation(layer: index), workspace.activated, columns: units)
    for part in parts.indices {
      guard let layer = parts[part].gates?.layers[index], let threshold = layer.cats else {
        continue
      }
      let counter = index * Projection.allCases.count + Projection.upProj.index
      let rows = parts[part].firstGatedRow..<parts[part].rows.upperBound
      if let norms = layer.catsNorms {
        parts[part].kept[counter] = Kernels.maskMagnitudes(
          &workspace.activated, columns: units, rows: rows, threshold: threshold, norms: norms)
      } else {
        parts[part].kept[counter] = Kernels.maskMagnitudes(
          &workspace.activated, columns: units, rows: rows, threshold: threshold)
      }
    }
    Kernels.multiply(workspace.activated, workspace.gateUp, up, into: &workspace.neurons)
  }

  /// With CATS the kept outputs of up_proj are the kept inputs of down_proj.
  private mutating func countCATS(_ index: Int) {
    let first = index * Projection.allCases.count
    for part in parts.indices where parts[part].gates?.layers[index].cats != nil {
      parts[part].kept[first + Projection.downProj.index] =
        parts[part].kept[first + Projection.upProj.index]
    }
  }
}
