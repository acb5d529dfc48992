import WinaTensor

/// Gates made ready for a model: checked, grouped by equality, with the biases W·μ.
public struct PreparedGates: Sendable {
  /// Neighbouring outputs of a panel that share a masked input.
  struct Run: Sendable {
    var outputs: Range<Int>
    /// W·μ of these outputs.
    var bias: [Float]?
    /// The weights of the inputs that a static mask keeps, where they were packed.
    var packed: WeightMatrix?
    /// The outputs that the packed weights compute; `nil` for all of ``outputs``.
    var packedOutputs: [Int]?
  }

  /// The projections of a stream that share a gate and therefore a masked copy.
  struct Group: Sendable {
    var gate: ProjectionGate?
    var projections: [Projection]
    var runs: [Run]
    /// The inputs that a packed static mask keeps.
    var packedInputs: [Int]?
  }

  struct Layer: Sendable {
    /// One list a stream, in `ActivationStream.allCases` order.
    var streams: [[Group]]
    var cats: Float?
    var catsNorms: [Float]?
  }

  /// Tells gates that were prepared together from others, so that their parts can share products.
  final class Identity: Sendable {}

  let configuration: ModelConfiguration
  let layers: [Layer]
  let identity = Identity()
}

extension LanguageModel {
  /// Makes gates ready; the result can be shared by threads.
  ///
  /// Cost: one product of a matrix and a vector for every gate with a mean, and with packing a copy of
  /// the weights that static masks keep.
  ///
  /// - Parameters:
  ///   - gates: The gates.
  ///   - packsMasks: Whether the weights that static masks keep are gathered into smaller matrices,
  ///     which then are all that gated rows read.
  /// - Throws: ``ModelError`` when the gates do not fit the model.
  public func prepare(
    _ gates: ActivationGates, packsMasks: Bool = false
  ) throws(ModelError) -> PreparedGates {
    guard gates.projections.count == configuration.layers,
      gates.cats.count == configuration.layers
    else {
      throw .request(
        "the gates are for \(gates.projections.count) layers, the model has "
          + "\(configuration.layers)")
    }
    var prepared: [PreparedGates.Layer] = []
    for (index, layer) in layers.enumerated() {
      let given = gates.projections[index]
      for projection in Projection.allCases {
        if let gate = given[projection] { try check(gate, projection, layer: index) }
      }
      if let threshold = gates.cats[index] {
        guard !threshold.isNaN else {
          throw .request("the CATS threshold of layer \(index) is not a number")
        }
        guard given[.upProj] == nil, given[.downProj] == nil else {
          throw .request(
            "layer \(index) has a CATS threshold and a gate on up_proj or down_proj",
            hint: "CATS masks both; remove one of the two")
        }
      }
      if let norms = gates.catsNorms[index] {
        guard gates.cats[index] != nil, norms.count == configuration.feedForward else {
          throw .request(
            "layer \(index) has \(norms.count) CATS norms, but \(configuration.feedForward) hidden "
              + "units" + (gates.cats[index] == nil ? " and no threshold" : ""))
        }
      }
      let packing = packsMasks ? Packing(units: gates.keptUnits(layer: index)) : nil
      prepared.append(
        PreparedGates.Layer(
          streams: layer.panels.map { Self.groups(given, $0, packing) },
          cats: gates.cats[index], catsNorms: gates.catsNorms[index]))
    }
    return PreparedGates(configuration: configuration, layers: prepared)
  }

  /// How static masks are packed.
  private struct Packing {
    /// The hidden units of the feed-forward block that are needed; `nil` for all.
    let units: [Int]?
  }

  private static func groups(
    _ gates: [Projection: ProjectionGate], _ panel: WeightPanel, _ packing: Packing?
  ) -> [PreparedGates.Group] {
    var groups: [PreparedGates.Group] = []
    for (projection, outputs) in panel.parts {
      let gate = gates[projection]
      let known = groups.firstIndex { $0.gate == gate }
      let index = known ?? groups.count
      if known == nil {
        groups.append(PreparedGates.Group(gate: gate, projections: [], runs: []))
      }
      groups[index].projections.append(projection)
      if let last = groups[index].runs.indices.last,
        groups[index].runs[last].outputs.upperBound == outputs.lowerBound
      {
        let first = groups[index].runs[last].outputs.lowerBound
        groups[index].runs[last].outputs = first..<outputs.upperBound
      } else {
        groups[index].runs.append(PreparedGates.Run(outputs: outputs))
      }
    }
    for group in groups.indices {
      complete(&groups[group], panel, packing)
    }
    return groups
  }

  /// Adds what follows from the weights: W·μ, and the packed weights of a static mask.
  private static func complete(
    _ group: inout PreparedGates.Group, _ panel: WeightPanel, _ packing: Packing?
  ) {
    if let mean = group.gate?.mean {
      for run in group.runs.indices {
        group.runs[run].bias = panel.product(group.runs[run].outputs, with: mean)
      }
    }
    guard let packing, case .mask(let mask)? = group.gate?.rule else { return }
    let inputs = mask.indices.filter { mask[$0] }
    group.packedInputs = inputs
    let isFeedForward = group.projections.allSatisfy { $0 == .gateProj || $0 == .upProj }
    for run in group.runs.indices {
      let outputs = group.runs[run].outputs
      if isFeedForward, let units = packing.units {
        let kept = panel.parts.flatMap { part in
          outputs.contains(part.outputs.lowerBound)
            ? units.map { part.outputs.lowerBound + $0 } : []
        }
        group.runs[run].packedOutputs = kept
        group.runs[run].packed = panel.matrix.gathering(inputs: inputs, outputs: kept)
      } else {
        group.runs[run].packed = panel.matrix.gathering(inputs: inputs, outputs: outputs)
      }
    }
  }

  private func check(
    _ gate: ProjectionGate, _ projection: Projection, layer: Int
  ) throws(ModelError) {
    let width = inputs(of: projection)
    let place = "\(projection.rawValue) of layer \(layer)"
    for (name, count) in [("norms", gate.norms?.count), ("means", gate.mean?.count)] {
      if let count, count != width {
        throw .request("the gate on \(place) has \(count) \(name), but \(width) inputs")
      }
    }
    switch gate.rule {
    case .threshold(let threshold):
      guard !threshold.isNaN else {
        throw .request("the threshold on \(place) is not a number")
      }
    case .topK(let kept):
      guard (0...width).contains(kept) else {
        throw .request("the gate on \(place) keeps \(kept) of \(width) inputs")
      }
    case .mask(let mask):
      guard mask.count == width else {
        throw .request("the mask on \(place) has \(mask.count) entries, but \(width) inputs")
      }
    }
  }
}
