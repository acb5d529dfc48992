import WinaEvaluation
import WinaModel
import WinaPipeline

/// A model as stages use it: loaded once per run and shared by all tasks.
struct LoadedModel: Sendable {
  let language: LanguageModel
  let shape: ModelShape

  /// Returns the model of a leaf, loading it on first use.
  static func load(
    _ reference: LeafRef<ModelFiles>, _ context: any StageContext
  ) throws -> LoadedModel {
    try context.shared("model:" + reference.leaf.digest.hex) {
      let language = try LanguageModel.load(directory: reference.leaf.location)
      return LoadedModel(language: language, shape: ModelShape(language.configuration))
    }
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
