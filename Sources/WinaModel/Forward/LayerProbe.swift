import WinaTensor

/// Runs one decoder layer on given inputs again and again under changing gates, reusing what a change
/// leaves as it is.
///
/// The outputs are, bit for bit, those of the whole model's pass under the same gates. A change at q, k
/// or v keeps the products with the other two; one at o_proj keeps attention; one at gate_proj or
/// up_proj keeps the attention half and the other product; one at down_proj keeps all but its own.
///
/// Not for use by several threads at once.
public final class LayerProbe {
  /// The rows of all sequences together.
  public let rows: Int
  /// The multiplications of projections so far.
  public private(set) var multiplications = 0
  /// The multiplications that running the whole layer every time would have taken.
  public private(set) var wholeMultiplications = 0

  private let model: LanguageModel
  private let index: Int
  private let workspace: ForwardWorkspace
  private let pass: DecoderPass
  /// The rows of every sequence that are gated.
  private let gated: [Range<Int>]
  /// The residual stream that enters, in the basis after attention.
  private let input: [Float]
  private let normed: [Float]
  private var gates: [Projection: ProjectionGate] = [:]
  private var state: State

  /// What a layer has computed on its way, under some gates.
  private struct State {
    /// The raw products of each projection, [rows, outputs].
    var products: [Projection: [Float]] = [:]
    /// The input of o_proj.
    var attended: [Float] = []
    /// The residual stream after attention.
    var middle: [Float] = []
    /// The same in the basis after the layer.
    var carried: [Float] = []
    /// The normed input of gate_proj and up_proj.
    var normed: [Float] = []
    /// The input of down_proj.
    var neurons: [Float] = []
    /// The residual stream after the layer.
    var output: [Float] = []
  }

  /// Makes a probe and runs the layer densely.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - layer: The layer's index.
  ///   - residuals: The residual stream that enters the layer, one array [T, D] a sequence.
  ///   - firstGatedRows: The first row of each sequence that gates apply to.
  ///   - threads: How many threads a product may use.
  /// - Throws: ``ModelError`` for no rows or a shape that does not fit the model.
  public init(
    _ model: LanguageModel, layer: Int, residuals: [[Float]], firstGatedRows: [Int],
    threads: Int = 1
  ) throws(ModelError) {
    let configuration = model.configuration
    let hidden = configuration.hidden
    guard model.layers.indices.contains(layer), !residuals.isEmpty,
      residuals.count == firstGatedRows.count,
      residuals.allSatisfy({ !$0.isEmpty && $0.count % hidden == 0 })
    else {
      throw .request("a probe of layer \(layer) needs sequences of rows of \(hidden) values")
    }
    self.model = model
    index = layer
    workspace = ForwardWorkspace(threads: threads)
    let parts = residuals.map {
      SequencePart(tokens: [Int32](repeating: 0, count: $0.count / hidden))
    }
    pass = DecoderPass(configuration, parts, workspace: workspace, tap: nil)
    rows = pass.rows
    gated = zip(pass.parts, firstGatedRows).map { part, first in
      min(part.rows.lowerBound + max(0, first), part.rows.upperBound)..<part.rows.upperBound
    }
    let joined = Array(residuals.joined())
    input = LayerProbe.turned(
      joined, model.layers[layer].turns?.afterAttention, workspace, rows: rows)
    state = State()
    normed = LayerProbe.norm(
      joined, model.layers[layer].attentionNorm, configuration, workspace, rows: rows)
    state = run(state, gates: [:], from: nil)
  }

  /// The residual stream after the layer under the gates that were set, [rows, D].
  public var output: [Float] { state.output }

  /// What enters the projections of a stream under the gates that were set, before any mask, shape
  /// [rows, width].
  public func input(of stream: ActivationStream) -> [Float] {
    switch stream {
    case .attentionInput: normed
    case .outputInput: state.attended
    case .mlpInput: state.normed
    case .downInput: state.neurons
    }
  }

  /// Sets or removes the gate of one projection.
  public func set(_ gate: ProjectionGate?, at projection: Projection) {
    gates[projection] = gate
    state = run(state, gates: gates, from: projection)
  }

  /// Sets the gates of all projections.
  public func set(_ all: [Projection: ProjectionGate]) {
    gates = all
    state = run(State(), gates: all, from: nil)
  }

  /// Returns the residual stream after the layer with another gate at one projection, [rows, D].
  ///
  /// What was set stays set.
  public func output(with gate: ProjectionGate?, at projection: Projection) -> [Float] {
    var changed = gates
    changed[projection] = gate
    return run(state, gates: changed, from: projection).output
  }

  // MARK: Steps

  /// Runs what depends on one projection, or everything.
  private func run(
    _ old: State, gates: [Projection: ProjectionGate], from changed: Projection?
  ) -> State {
    var state = old
    let configuration = model.configuration
    wholeMultiplications += rows * Projection.allCases.reduce(0) { $0 + weights(of: $1) }
    let queries: [Projection] = [.qProj, .kProj, .vProj]
    let needsQueries = changed.map(queries.contains) ?? true
    for projection in queries where changed == nil || changed == projection {
      state.products[projection] = multiply(projection, normed, gates[projection])
    }
    if needsQueries { state.attended = attend(state) }
    let needsAttention = needsQueries || changed == .oProj
    if needsAttention {
      let product = multiply(.oProj, state.attended, gates[.oProj])
      state.middle = added(product, to: input)
      state.carried = LayerProbe.turned(
        state.middle, model.layers[index].turns?.afterMLP, workspace, rows: rows)
      state.normed = LayerProbe.norm(
        state.middle, model.layers[index].mlpNorm, configuration, workspace, rows: rows)
    }
    for projection in [Projection.gateProj, .upProj]
    where needsAttention || changed == projection {
      state.products[projection] = multiply(projection, state.normed, gates[projection])
    }
    if changed != .downProj { state.neurons = activate(state) }
    state.output = added(multiply(.downProj, state.neurons, gates[.downProj]), to: state.carried)
    return state
  }

  private func weights(of projection: Projection) -> Int {
    let panel = model.layers[index].panel(projection.stream)
    return panel.inputs * panel.outputs(of: projection).count
  }

  /// Multiplies a stream with one projection's weights, masked as its gate says.
  private func multiply(
    _ projection: Projection, _ input: [Float], _ gate: ProjectionGate?
  ) -> [Float] {
    let panel = model.layers[index].panel(projection.stream)
    let outputs = panel.outputs(of: projection)
    multiplications += rows * panel.inputs * outputs.count
    var masked = input
    if let gate {
      for range in gated where !range.isEmpty {
        _ = Kernels.maskRows(
          input, columns: panel.inputs, rows: range, firstGatedRow: range.lowerBound,
          rule: gate.rule, norms: gate.norms, mean: gate.mean, into: &masked)
      }
    }
    var result = [Float](repeating: 0, count: rows * outputs.count)
    let layout = MatrixLayout(rows: rows, columns: outputs.count)
    workspace.engine.multiply(
      masked, MatrixLayout(rows: rows, columns: panel.inputs), panel.matrix, outputs: outputs,
      into: &result, layout)
    if let mean = gate?.mean {
      let bias = panel.product(outputs, with: mean)
      for range in gated {
        Kernels.addRow(
          bias, to: &result,
          MatrixLayout(
            rows: range.count, columns: outputs.count, offset: range.lowerBound * outputs.count))
      }
    }
    if let bias = panel.bias {
      Kernels.addRow(Array(bias[outputs]), to: &result, layout)
    }
    return result
  }

  /// Turns the products with q, k and v into the input of o_proj.
  private func attend(_ state: State) -> [Float] {
    let layer = model.layers[index]
    let panel = layer.panel(.attentionInput)
    for (projection, outputs) in panel.parts {
      place(state.products[projection] ?? [], outputs, of: panel.outputs, in: &workspace.attention)
    }
    pass.attend(layer, index)
    return Array(workspace.attended[..<(rows * model.configuration.width(of: .outputInput))])
  }

  /// Turns the products with gate and up into the input of down_proj.
  private func activate(_ state: State) -> [Float] {
    let panel = model.layers[index].panel(.mlpInput)
    for (projection, outputs) in panel.parts {
      place(state.products[projection] ?? [], outputs, of: panel.outputs, in: &workspace.gateUp)
    }
    let units = model.configuration.feedForward
    workspace.engine.siluMultiply(
      workspace.gateUp, gate: MatrixLayout(rows: rows, columns: units, stride: 2 * units),
      up: MatrixLayout(rows: rows, columns: units, offset: units, stride: 2 * units),
      into: &workspace.neurons)
    return Array(workspace.neurons[..<(rows * units)])
  }

  /// Writes a matrix to some columns of a wider one.
  private func place(
    _ values: [Float], _ columns: Range<Int>, of width: Int, in target: inout [Float]
  ) {
    for row in 0..<rows {
      let start = row * width + columns.lowerBound
      target.replaceSubrange(
        start..<(start + columns.count),
        with: values[(row * columns.count)..<((row + 1) * columns.count)])
    }
  }

  private func added(_ values: [Float], to residual: [Float]) -> [Float] {
    var sum = residual
    workspace.engine.accumulate(values, count: values.count, into: &sum)
    return sum
  }

  /// Takes a residual stream to another basis, in a transformed model.
  private static func turned(
    _ values: [Float], _ turn: WeightMatrix?, _ workspace: ForwardWorkspace, rows: Int
  ) -> [Float] {
    guard let turn else { return values }
    var result = [Float](repeating: 0, count: values.count)
    let layout = MatrixLayout(rows: rows, columns: turn.inputs)
    workspace.engine.multiply(
      values, layout, turn, outputs: 0..<turn.outputs, into: &result, layout)
    return result
  }

  private static func norm(
    _ values: [Float], _ weight: [Float], _ configuration: ModelConfiguration,
    _ workspace: ForwardWorkspace, rows: Int
  ) -> [Float] {
    var result = [Float](repeating: 0, count: values.count)
    workspace.engine.rmsNorm(
      values, weight: weight, epsilon: configuration.normEpsilon, rows: rows, into: &result)
    return result
  }
}
