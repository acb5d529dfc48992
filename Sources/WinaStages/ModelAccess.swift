import Glibc
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// A model as stages use it: loaded once per run and shared by all tasks.
struct LoadedModel: Sendable {
  let language: LanguageModel
  let shape: ModelShape

  /// Returns the model of a leaf, loading it on first use.
  static func load(
    _ reference: LeafRef<ModelFiles>, _ context: any StageContext
  ) throws -> LoadedModel {
    try context.shared("model:" + reference.leaf.digest.hex) {
      let directory = reference.leaf.location
      guard try ModelMemory.fits(directory) else {
        throw ArtifactError(
          "the model '\(directory)' does not fit into this machine's memory "
            + "(\(try ModelMemory.needed(directory) >> 20) of \(ModelMemory.physical >> 20) MiB): "
            + "its activations can be captured, but scoring it needs a larger machine")
      }
      let language = try LanguageModel.load(directory: directory)
      return LoadedModel(language: language, shape: ModelShape(language.configuration))
    }
  }
}

/// A model whose activations are captured: in memory if it fits, else layer by layer.
package enum CaptureModel: Sendable {
  case resident(LanguageModel)
  case layerwise(LayerwiseModel)

  /// Returns the model of a leaf, chosen once per run.
  static func load(
    _ reference: LeafRef<ModelFiles>, _ context: any StageContext
  ) throws -> CaptureModel {
    try context.shared("capture-model:" + reference.leaf.digest.hex) {
      if try ModelMemory.fits(reference.leaf.location) {
        return .resident(try LoadedModel.load(reference, context).language)
      }
      return .layerwise(try LayerwiseModel(directory: reference.leaf.location))
    }
  }

  var configuration: ModelConfiguration {
    switch self {
    case .resident(let model): model.configuration
    case .layerwise(let model): model.configuration
    }
  }

  /// Returns the column norms of every projection, computed once per run.
  func columnNorms(
    _ reference: LeafRef<ModelFiles>, _ context: any StageContext
  ) throws -> [[Projection: [Float]]] {
    switch self {
    case .resident(let model):
      (0..<model.configuration.layers).map { layer in
        Dictionary(
          uniqueKeysWithValues: Projection.allCases.map {
            ($0, model.columnNorms(layer: layer, projection: $0))
          })
      }
    case .layerwise(let model):
      try context.shared("norms:" + reference.leaf.digest.hex) {
        try model.columnNorms()
      }
    }
  }
}

extension LanguageModel {
  /// Returns the norms that weigh the scores of a slot, one value per input; `nil` where none do.
  func columnNorms(layer: Int, of slot: ScoreSlot) -> [Float]? {
    let weights = slot.weights
    guard !weights.isEmpty else { return nil }
    return ColumnNorms.joint(weights.map { columnNorms(layer: layer, projection: $0) })
  }
}

/// What a model takes and what there is.
enum ModelMemory {
  /// The bytes of physical memory.
  static var physical: Int {
    Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// The bytes that the weights of a model take.
  static func needed(_ directory: String) throws -> Int {
    try LanguageModel.weightBytes(directory: directory)
  }

  /// Whether a model leaves a quarter of memory to everything else.
  static func fits(_ directory: String) throws -> Bool {
    try needed(directory) <= physical / 4 * 3
  }
}

extension LeafRef where Kind == ModelFiles {
  /// Returns the shape of the model without loading its weights.
  func shape() throws -> ModelShape {
    ModelShape(try ModelConfiguration.load(path: leaf.location))
  }
}

extension LeafRef where Kind == TokenizerFiles {
  /// Returns the tokenizer of a leaf, loading it on first use.
  func loaded(_ context: any StageContext) throws -> Tokenizer {
    try context.shared("tokenizer:" + leaf.digest.hex) {
      try Tokenizer.load(path: leaf.location)
    }
  }
}
