import WinaTensor

/// Gates made ready for a model: checked, grouped by equality, with the biases W·μ.
public struct PreparedGates: Sendable {
  /// Neighbouring rows of a panel that share a masked input.
  struct Run: Sendable {
    var rows: Range<Int>
    /// W·μ of these rows.
    var bias: [Float]?
  }

  /// The projections of a stream that share a gate and therefore a masked copy.
  struct Group: Sendable {
    var gate: ProjectionGate?
    var projections: [Projection]
    var runs: [Run]
  }

  struct Layer: Sendable {
    /// One list a stream, in `ActivationStream.allCases` order.
    var streams: [[Group]]
    var cats: Float?
  }

  let configuration: ModelConfiguration
  let layers: [Layer]
}

extension LanguageModel {
  /// Makes gates ready; the result can be shared by threads.
  ///
  /// Cost: one product of a matrix and a vector for every gate with a mean.
  ///
  /// - Throws: ``ModelError`` when the gates do not fit the model.
  public func prepare(_ gates: ActivationGates) throws(ModelError) -> PreparedGates {
    guard gates.projections.count == configuration.layers,
      gates.cats.count == configuration.layers
    else {
      throw .request(
        "the gates are for \(gates.projections.count) layers, the model has "
          + "\(configuration.layers)")
    }
    var layers: [PreparedGates.Layer] = []
    for (index, layer) in weights.layers.enumerated() {
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
      layers.append(
        PreparedGates.Layer(
          streams: layer.panels.map { Self.groups(given, $0) }, cats: gates.cats[index]))
    }
    return PreparedGates(configuration: configuration, layers: layers)
  }

  private static func groups(
    _ gates: [Projection: ProjectionGate], _ panel: WeightPanel
  ) -> [PreparedGates.Group] {
    var groups: [PreparedGates.Group] = []
    for (projection, rows) in panel.parts {
      let gate = gates[projection]
      let known = groups.firstIndex { $0.gate == gate }
      let index = known ?? groups.count
      if known == nil {
        groups.append(PreparedGates.Group(gate: gate, projections: [], runs: []))
      }
      groups[index].projections.append(projection)
      if let last = groups[index].runs.indices.last,
        groups[index].runs[last].rows.upperBound == rows.lowerBound
      {
        groups[index].runs[last].rows = groups[index].runs[last].rows.lowerBound..<rows.upperBound
      } else {
        groups[index].runs.append(PreparedGates.Run(rows: rows))
      }
    }
    for group in groups.indices {
      guard let mean = groups[group].gate?.mean else { continue }
      for run in groups[group].runs.indices {
        let rows = groups[group].runs[run].rows
        var bias = [Float](repeating: 0, count: rows.count)
        Kernels.gemv(panel.values, panel.layout(rows), mean, into: &bias)
        groups[group].runs[run].bias = bias
      }
    }
    return groups
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
