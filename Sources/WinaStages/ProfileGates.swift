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
    guard summary.transform == model.transformName else {
      throw ArtifactError(
        summary.transform.map {
          "the profile was fitted to the model as transform \($0.prefix(12)) rotates it, and this is "
            + (model.isTransformed ? "another transform of it" : "the model as it was loaded")
            + ": use a profile without a transform"
        } ?? "the profile was fitted to the model as it was loaded, and this one is transformed")
    }
    var gates = ActivationGates(layers: summary.layers)
    for layer in 0..<summary.layers {
      for projection in Projection.allCases {
        let rule = profile.gate(group: group, layer: layer, projection: projection)
        if summary.method.gatesNeurons {
          // Both gated projections share the mask of SiLU(gate); the tap is at down_proj's units.
          if projection == .downProj, case .threshold(let threshold) = rule {
            gates.cats[layer] = threshold
            gates.catsNorms[layer] = summary.method.slot(for: projection).flatMap {
              model.columnNorms(layer: layer, of: $0)
            }
          }
          continue
        }
        let norms = summary.method.slot(for: projection).flatMap {
          model.columnNorms(layer: layer, of: $0)
        }
        let mean = profile.means?.mean(group: group, layer: layer, stream: projection.stream)
        gates.projections[layer][projection] = projectionGate(
          rule, norms: norms, mean: mean,
          inputs: model.configuration.width(of: projection.stream))
      }
    }
    return gates
  }

  /// Whether a profile has masks that do not depend on the token, so that weights can be packed.
  public static func hasFixedMasks(_ profile: SparsityProfile) -> Bool {
    profile.summary.gate == .fixed && profile.summary.unreachable == nil
  }

  private static func projectionGate(
    _ rule: GateRule, norms: [Float]?, mean: [Float]?, inputs: Int
  ) -> ProjectionGate? {
    switch rule {
    case .dense: return nil
    case .threshold(let threshold):
      return ProjectionGate(rule: .threshold(threshold), norms: norms, mean: mean)
    case .keep(let count): return ProjectionGate(rule: .topK(count), norms: norms, mean: mean)
    case .fixed(let mask): return ProjectionGate(rule: .mask(mask), mean: mean)
    case .hybrid(let threshold, let mask):
      // A score of 0 is never above a threshold, so a norm of 0 removes an input for every token.
      let weights = mask.indices.map { mask[$0] ? norms?[$0] ?? 1 : 0 }
      return ProjectionGate(rule: .threshold(max(threshold, 0)), norms: weights, mean: mean)
    }
  }
}

/// The gates of every group of a profile, prepared for a model.
struct GroupGates {
  let arms: [GatedArm]

  init(profile: SparsityProfile, model: LoadedModel) throws {
    // Packing copies at most the model once a group; it is left out where that would be too much.
    let weights = CostModel(model.shape).linearMACs
    let copies = Int(weights) * 4 * profile.summary.groups.count
    let packs =
      ProfileGates.hasFixedMasks(profile) && copies <= ModelMemory.physical / 4
    arms = try profile.summary.groups.indices.map { group in
      try GatedArm(
        ProfileGates.gates(of: profile, group: group, for: model.language), for: model.language,
        packsMasks: packs)
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
