import WinaTensor

extension LanguageModel {
  /// Returns the projections whose columns a rotation of a stream makes orthogonal: k_proj or
  /// gate_proj, with those that share its tensor in the checkpoint.
  ///
  /// - Returns: Nothing for streams that are not rotated.
  public func rotationAnchors(of stream: ActivationStream) -> [Projection] {
    let main: Projection
    switch stream {
    case .attentionInput: main = .kProj
    case .mlpInput: main = .gateProj
    case .outputInput, .downInput: return []
    }
    let name = tensorName(of: main, layer: 0)
    return stream.projections.filter { tensorName(of: $0, layer: 0) == name }
  }

  func tensorName(of projection: Projection, layer: Int) -> String {
    configuration.family.decoder.source(of: projection, layer: layer, configuration).name
  }

  /// Returns the rotations of one layer.
  ///
  /// Cost: two decompositions of f64, O(D³ + outputs · D²); the result is the same on every machine.
  ///
  /// - Precondition: The layer exists.
  /// - Throws: ``ModelError`` naming the tensor when weights times gains are no finite numbers.
  public func rotations(
    layer: Int
  ) throws(ModelError) -> ColumnOrthogonalTransform.Layer {
    let norms = layers[layer]
    return ColumnOrthogonalTransform.Layer(
      attention: try rotation(of: .attentionInput, gains: norms.attentionNorm, layer: layer),
      mlp: try rotation(of: .mlpInput, gains: norms.mlpNorm, layer: layer))
  }

  private func rotation(
    of stream: ActivationStream, gains: [Float], layer: Int
  ) throws(ModelError) -> ColumnOrthogonalTransform.Rotation {
    let panel = layers[layer].panel(stream)
    let width = panel.inputs
    var matrix: [Double] = []
    let anchors = rotationAnchors(of: stream)
    for projection in anchors {
      let rows = panel.matrix.rows(panel.outputs(of: projection))
      for (index, weight) in rows.enumerated() {
        matrix.append(Double(weight) * Double(gains[index % width]))
      }
    }
    do {
      let found = try RightSingularVectors(
        matrix, rows: matrix.count / width, columns: width)
      return ColumnOrthogonalTransform.Rotation(
        matrix: found.vectors.map(Float.init), values: found.values, rank: found.rank)
    } catch {
      throw .invalid(
        "'\(tensorName(of: anchors[0], layer: layer)).weight' times the gains of its norm: "
          + error.message, hint: "the checkpoint is damaged or its training diverged")
    }
  }
}
