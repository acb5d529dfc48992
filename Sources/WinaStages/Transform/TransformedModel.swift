import WinaEvaluation
import WinaModel
import WinaPipeline

extension LoadedModel {
  /// Returns the model of a leaf, rotated by a transform if there is one; made once per run.
  static func load(
    _ reference: LeafRef<ModelFiles>, transform: Ref<TransformArtifact>?,
    _ context: any StageContext
  ) throws -> LoadedModel {
    guard let transform else { return try load(reference, context) }
    let name = transform.digest.hex
    return try context.shared("model:" + reference.leaf.digest.hex + ":transform:" + name) {
      let model = try load(reference, context)
      let bytes = ModelMemory.transformed(model.shape)
      let held = try ModelMemory.needed(reference.leaf.location)
      guard held + bytes <= ModelMemory.physical / 4 * 3 else {
        throw ArtifactError(
          "the transformed model of '\(reference.leaf.location)' does not fit into this machine's "
            + "memory beside the model itself (\((held + bytes) >> 20) of "
            + "\(ModelMemory.physical >> 20) MiB): use a larger machine, or no transform")
      }
      let rotated = try model.language.transformed(
        by: try context.load(transform).transform, name: name, threads: context.threads)
      return LoadedModel(language: rotated, shape: model.shape)
    }
  }
}

extension CaptureModel {
  /// Returns the model of a leaf, rotated by a transform if there is one.
  ///
  /// - Throws: `ArtifactError` for a transform of a model that does not fit into memory.
  static func load(
    _ reference: LeafRef<ModelFiles>, transform: Ref<TransformArtifact>?,
    _ context: any StageContext
  ) throws -> CaptureModel {
    guard let transform else { return try load(reference, context) }
    guard try ModelMemory.fits(reference.leaf.location) else {
      throw ArtifactError(
        "the model '\(reference.leaf.location)' does not fit into this machine's memory, so its "
          + "activations can be captured layer by layer only, and a transform needs all of it: "
          + "remove `transform`, or use a larger machine")
    }
    return .resident(try LoadedModel.load(reference, transform: transform, context).language)
  }
}

extension ModelMemory {
  /// The bytes of a transformed model: all weights, a head of its own and the rotations, in f32.
  static func transformed(_ shape: ModelShape) -> Int {
    let cost = CostModel(shape)
    return Int(cost.linearMACs + 2 * cost.headMACs + cost.rotationMACs) * 4
  }
}
