import WinaModel
import WinaTensor

/// A profile made ready for a model, with what it costs to apply.
public struct GatedArm: Sendable {
  /// What scoring, comparing and centring cost a gated row.
  public let overhead: GateOverhead
  let gates: PreparedGates
  let hasNeuronGate: [Bool]
  /// How many hidden units a static mask keeps in each layer; `nil` for all.
  let units: [Int?]

  /// Prepares gates.
  ///
  /// The overhead counts, per gated row: a multiply-and-compare per input coordinate of each
  /// projection with a threshold, three operations with top-k, none with a static mask, one per
  /// neuron with CATS; and a subtraction per input and an addition per output where inputs are
  /// centred.
  ///
  /// - Parameters:
  ///   - gates: The gates.
  ///   - model: The model.
  ///   - packsMasks: Whether the weights that static masks keep are gathered into smaller matrices;
  ///     it changes no result.
  /// - Throws: `ModelError` if the gates do not fit the model.
  public init(
    _ gates: ActivationGates, for model: LanguageModel, packsMasks: Bool = false
  ) throws {
    self.gates = try model.prepare(gates, packsMasks: packsMasks)
    hasNeuronGate = gates.cats.map { $0 != nil }
    units = gates.projections.indices.map { gates.keptUnits(layer: $0)?.count }
    overhead = Self.overhead(of: gates, shape: ModelShape(model.configuration))
  }

  private static func overhead(of gates: ActivationGates, shape: ModelShape) -> GateOverhead {
    var overhead = GateOverhead.none
    let (inputs, outputs) = (shape.inputs, shape.outputs)
    for (index, name) in ModelShape.projectionNames.enumerated() {
      guard let projection = Projection(rawValue: name) else { continue }
      for layer in gates.projections {
        guard let gate = layer[projection] else { continue }
        // An input with a norm of 0 is removed by a hybrid gate and never looked at.
        let scored = gate.norms?.reduce(0) { $0 + ($1 == 0 ? 0 : 1) } ?? inputs[index]
        overhead.gatePerRow += Double(scored) * operations(gate.rule)
        if gate.mean != nil { overhead.centringPerRow += Double(inputs[index] + outputs[index]) }
      }
    }
    for case .some in gates.cats { overhead.gatePerRow += Double(shape.feedForward) }
    return overhead
  }

  private static func operations(_ rule: KeepRule) -> Double {
    switch rule {
    case .threshold: 1
    case .topK: 3
    case .mask: 0
    }
  }
}

extension ModelShape {
  /// The shape that a configuration describes.
  public init(_ configuration: ModelConfiguration) {
    self.init(
      layers: configuration.layers, hidden: configuration.hidden, heads: configuration.heads,
      keyValueHeads: configuration.keyValueHeads, headSize: configuration.headSize,
      feedForward: configuration.feedForward, vocabulary: configuration.vocabulary)
  }
}
