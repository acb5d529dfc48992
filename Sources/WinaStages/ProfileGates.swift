import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// A profile's gates in the terms of the engine.
public enum ProfileGates {
  /// Returns the gates of one group.
  ///
  /// - Parameters:
  ///   - profile: The profile; it must be one that its method can reach.
  ///   - group: The group's index.
  ///   - model: The model, whose column norms weigh the scores.
  /// - Throws: `ArtifactError` for a profile of another shape than the model's.
  public static func gates(
    of profile: SparsityProfile, group: Int, for model: LanguageModel
  ) throws -> ActivationGates {
    let summary = profile.summary
    let widths = ActivationStream.allCases.map { model.configuration.width(of: $0) }
    guard summary.layers == model.configuration.layers, summary.widths == widths else {
      throw ArtifactError(
        "the profile is for \(summary.layers) layers with inputs of \(summary.widths), the model has "
          + "\(model.configuration.layers) with \(widths): use a profile that was fitted to this model"
      )
    }
    var gates = ActivationGates(layers: summary.layers)
    for layer in 0..<summary.layers {
      for projection in Projection.allCases {
        let rule = profile.gate(group: group, layer: layer, projection: projection)
        if summary.method == .cats {
          // Both gated projections share the mask of SiLU(gate); the tap is at down_proj's units.
          if projection == .downProj, case .threshold(let threshold) = rule {
            gates.cats[layer] = threshold
          }
          continue
        }
        guard let keep = rule.keepRule else { continue }
        let isWeighted: Bool
        if case .weighted? = summary.method.slot(for: projection) {
          isWeighted = true
        } else {
          isWeighted = false
        }
        gates.projections[layer][projection] = ProjectionGate(
          rule: keep,
          norms: isWeighted ? model.columnNorms(layer: layer, projection: projection) : nil,
          mean: profile.means?.mean(group: group, layer: layer, stream: projection.stream))
      }
    }
    return gates
  }
}

/// The gates of every group of a profile, prepared for a model.
struct GroupGates {
  let arms: [GatedArm]

  init(profile: SparsityProfile, model: LoadedModel) throws {
    arms = try profile.summary.groups.indices.map { group in
      try GatedArm(
        ProfileGates.gates(of: profile, group: group, for: model.language), for: model.language)
    }
  }
}

extension ProjectionShapes {
  /// The shapes of a model's projections.
  init(_ shape: ModelShape) throws {
    func sizes(_ values: [Int]) -> [Projection: Int] {
      Dictionary(uniqueKeysWithValues: zip(Projection.allCases, values))
    }
    try self.init(inputs: sizes(shape.inputs), outputs: sizes(shape.outputs))
  }
}
