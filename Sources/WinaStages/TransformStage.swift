import WinaModel
import WinaPipeline
import WinaTensor

/// Finds the rotations that make the columns of k_proj and gate_proj orthogonal.
///
/// They are the right singular vectors of the weights with the gains of the norms folded in: one
/// matrix [D, D] for the attention inputs and one for the feed-forward inputs of every layer. A
/// capture that names the stage runs on the rotated model, and so does everything that rests on it.
/// Cost: two decompositions a layer, O(D³ + outputs · D²) in f64, equal bit for bit on every machine.
///
/// Version 1. Raise the version when the same weights may give other rotations.
public enum TransformStage: Stage {
  public static let kind = "transform"
  public static let version = 1
  public static let summary = "Finds rotations that make columns of weights orthogonal."
  public static let dataUse = DataUse.derived

  /// There is nothing to set.
  public struct Params: Codable, Sendable {}

  /// The model, whose weights alone decide.
  public struct Inputs: StageInputs {
    var model: LeafRef<ModelFiles>

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      model = try ports.read("model")
    }
  }

  public static let parameters: [Parameter] = []

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<Params>] {
    [TaskTemplate(params: params, inputs: ["model": .model], fanOut: .once)]
  }

  /// As many threads as there are: layers are decomposed side by side.
  public static func resources(for params: Params) -> Resources {
    Resources(threads: 1024, memory: 1 << 30)
  }

  public static func run(
    _ params: Params, _ inputs: Inputs, _ context: any StageContext
  ) throws -> TransformArtifact {
    let model = try LoadedModel.load(inputs.model, context).language
    let count = model.configuration.layers
    let layers = try concurrentMap(
      count, threads: context.threads, progress: { context.progress($0, of: count) }
    ) { layer in
      try context.checkCancellation()
      return try model.rotations(layer: layer)
    }
    return TransformArtifact(
      transform: try ColumnOrthogonalTransform(
        hidden: model.configuration.hidden, layers: layers),
      attentionAnchors: model.rotationAnchors(of: .attentionInput),
      mlpAnchors: model.rotationAnchors(of: .mlpInput))
  }
}
