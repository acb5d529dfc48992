import Foundation
import WinaTensor

/// The sizes and constants of a decoder, as its `config.json` states them.
public struct ModelConfiguration: Sendable, Hashable {
  /// The families of architectures.
  public enum Family: String, Sendable, Hashable, CaseIterable {
    /// Llama 2, 3, 3.1, 3.2 and what copies them (arXiv 2302.13971, 2407.21783).
    case llama
    /// Mistral (arXiv 2310.06825).
    case mistral
    /// Qwen 2 and 2.5 (arXiv 2407.10671, 2412.15115).
    case qwen2
    /// Qwen 3 (arXiv 2505.09388).
    case qwen3
    /// Phi-3, Phi-3.5 mini and Phi-4 (arXiv 2404.14219, 2412.08905).
    case phi3
  }

  /// The architecture.
  public var family: Family
  /// Whether checkpoints hold q, k and v in one tensor, and gate and up in another.
  public var fusesProjections: Bool { family == .phi3 }
  /// The number of decoder layers, L.
  public var layers: Int
  /// The width of the residual stream, D.
  public var hidden: Int
  /// The number of query heads, H.
  public var heads: Int
  /// The number of key and value heads, K.
  public var keyValueHeads: Int
  /// The width of a head, E.
  public var headSize: Int
  /// The width of the feed-forward block, F.
  public var feedForward: Int
  /// The number of token ids, V.
  public var vocabulary: Int
  /// The longest sequence that the model was made for, in tokens.
  public var contextLength: Int
  /// How positions turn queries and keys.
  public var rope: RotaryEmbedding
  /// How many positions a row of each layer sees, itself included; `nil` is all before it.
  public var windows: [Int?]
  /// The constant under the root of RMSNorm.
  public var normEpsilon: Float
  /// Whether queries and keys are normed head by head before they are turned.
  public var normsHeads: Bool
  /// The projections that add a bias.
  public var biases: Set<Projection>
  /// Whether the output head is the embedding table.
  public var tiesEmbeddings: Bool
  /// The token that begins a sequence.
  public var bosToken: Int32?
  /// The tokens that end a sequence.
  public var eosTokens: [Int32]

  /// Returns the width of a projection's input.
  public func inputs(of projection: Projection) -> Int { width(of: projection.stream) }

  /// Returns the width of a projection's output.
  public func outputs(of projection: Projection) -> Int {
    switch projection {
    case .qProj: heads * headSize
    case .kProj, .vProj: keyValueHeads * headSize
    case .oProj, .downProj: hidden
    case .gateProj, .upProj: feedForward
    }
  }

  /// Returns the width of a stream of activations.
  public func width(of stream: ActivationStream) -> Int {
    switch stream {
    case .attentionInput, .mlpInput: hidden
    case .outputInput: heads * headSize
    case .downInput: feedForward
    }
  }

  /// Returns the name of the linear map in a checkpoint that holds a projection; several projections may
  /// share one.
  public func linearName(of projection: Projection, layer: Int) -> String {
    family.decoder.source(of: projection, layer: layer, self).name
  }

  /// Reads a configuration.
  ///
  /// - Parameter path: A `config.json` or the directory that holds it.
  /// - Throws: ``ModelError`` naming the file and the key when something is missing, or could change
  ///   the computation in a way that is not implemented.
  public static func load(path: String) throws(ModelError) -> ModelConfiguration {
    var isDirectory: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    let isFile = exists ? !isDirectory.boolValue : path.hasSuffix(".json")
    let file = isFile ? path : path + "/config.json"
    let section = try ConfigurationSection(path: file)
    guard let type = try section.string("model_type") else { throw section.missing("model_type") }
    guard let family = Family(rawValue: type) else {
      throw .unsupported(
        "\(file): 'model_type' is '\(type)', an architecture that is not implemented",
        hint: "supported: \(Family.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return try read(family, section)
  }
}

extension ModelConfiguration.Family {
  /// What tells the family from others.
  var decoder: any DecoderFamily.Type {
    switch self {
    case .llama: Llama.self
    case .mistral: Mistral.self
    case .qwen2: Qwen2.self
    case .qwen3: Qwen3.self
    case .phi3: Phi3.self
    }
  }
}
