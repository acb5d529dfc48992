import WinaTensor

/// The weights of projections that read one stream, side by side: [inputs, sum of outputs].
struct WeightPanel: Sendable {
  let matrix: WeightMatrix
  /// The outputs of each projection, in the order of the panel.
  let parts: [(projection: Projection, outputs: Range<Int>)]
  /// What is added to every row of the product, one value an output; `nil` adds nothing.
  let bias: [Float]?

  /// The width of the stream.
  var inputs: Int { matrix.inputs }
  /// The sum of all outputs.
  var outputs: Int { matrix.outputs }

  func outputs(of projection: Projection) -> Range<Int> {
    parts.first { $0.projection == projection }?.outputs ?? 0..<0
  }
}

extension ActivationStream {
  /// The place in `ActivationStream.allCases`.
  var index: Int {
    switch self {
    case .attentionInput: 0
    case .outputInput: 1
    case .mlpInput: 2
    case .downInput: 3
    }
  }

  /// The projections of the stream in the order of its panel.
  ///
  /// q and v stand side by side because WINA's default gates them alike and k differently.
  var panelOrder: [Projection] {
    switch self {
    case .attentionInput: [.qProj, .vProj, .kProj]
    case .outputInput: [.oProj]
    case .mlpInput: [.gateProj, .upProj]
    case .downInput: [.downProj]
    }
  }
}

extension Projection {
  /// The place in `Projection.allCases`.
  var index: Int {
    switch self {
    case .qProj: 0
    case .kProj: 1
    case .vProj: 2
    case .oProj: 3
    case .gateProj: 4
    case .upProj: 5
    case .downProj: 6
    }
  }
}
