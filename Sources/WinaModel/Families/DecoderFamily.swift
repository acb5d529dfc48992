import WinaTensor

/// What tells one architecture of decoders from another: its own keys of `config.json`, and where its
/// weights stand in a checkpoint.
///
/// All families here share one layer, which ``DecoderPass`` runs:
///
///     n = norm(x)
///     x ← x + O · attention(turn(Q · n), turn(K · n), V · n)
///     m = norm(x)
///     x ← x + D · (SiLU(G · m) ⊙ U · m)
protocol DecoderFamily {
  /// The class in `architectures`.
  static var architecture: String { get }
  /// The keys of `config.json` that only this family reads.
  static var keys: Set<String> { get }
  /// What transformers assumes where `config.json` is silent.
  static var defaults: FamilyDefaults { get }
  /// Whether `partial_rotary_factor` may be below 1.
  static var turnsPartsOfHeads: Bool { get }
  /// The types of rotary embedding that the family may have, in the spelling of `rope_type`.
  static var rotaryTypes: [String] { get }

  /// Reads the family's own keys.
  static func complete(
    _ configuration: inout ModelConfiguration, _ section: ConfigurationSection
  ) throws(ModelError)

  /// The place of a projection's weights and bias in a checkpoint.
  static func source(
    of projection: Projection, layer: Int, _ configuration: ModelConfiguration
  ) -> WeightSource
}

/// What transformers assumes where `config.json` is silent.
struct FamilyDefaults {
  /// `nil` is the number of heads.
  var keyValueHeads: Int?
  /// `nil` is the hidden size divided by the number of heads.
  var headSize: Int?
  var contextLength: Int
  var normEpsilon = 1e-6
}

/// Some rows of a linear map of a checkpoint.
struct WeightSource {
  /// The name without `.weight` or `.bias`.
  var name: String
  /// The rows, which are the outputs.
  var rows: Range<Int>
  /// The number of rows of the whole tensor.
  var total: Int
}

extension DecoderFamily {
  static var turnsPartsOfHeads: Bool { false }
  static var rotaryTypes: [String] { ["default", "linear", "dynamic", "llama3", "yarn"] }

  /// Every projection in a tensor of its own.
  static func source(
    of projection: Projection, layer: Int, _ configuration: ModelConfiguration
  ) -> WeightSource {
    let count = configuration.outputs(of: projection)
    return WeightSource(
      name: "model.layers.\(layer).\(projection.block).\(projection.rawValue)", rows: 0..<count,
      total: count)
  }
}

extension Projection {
  /// The block of a layer that the projection belongs to, in the spelling of checkpoints.
  var block: String {
    switch self {
    case .qProj, .kProj, .vProj, .oProj: "self_attn"
    case .gateProj, .upProj, .downProj: "mlp"
    }
  }
}

extension ConfigurationSection {
  /// Reads `sliding_window`: how many positions a row sees, or `nil` for all.
  func window(default fallback: Int? = nil) throws(ModelError) -> Int? {
    guard contains("sliding_window") else { return fallback }
    return self["sliding_window"] == nil ? nil : try size("sliding_window")
  }

  /// Reads `layer_types`: whether each layer's attention slides.
  func slidingLayers(_ layers: Int) throws(ModelError) -> [Bool]? {
    guard let value = self["layer_types"] else { return nil }
    guard case .array(let types) = value, types.count == layers else {
      throw wrong("layer_types", value, "a list of \(layers), one a layer")
    }
    var slides: [Bool] = []
    for type in types {
      switch type {
      case .string("full_attention"): slides.append(false)
      case .string("sliding_attention"): slides.append(true)
      default:
        throw .unsupported(
          "\(path): 'layer_types' lists \(type.summary), which is not implemented",
          hint: "supported: full_attention, sliding_attention")
      }
    }
    return slides
  }

  /// Requires that `layer_types`, where it is present, has all layers slide or none.
  func requireAlikeLayers(_ layers: Int, slide: Bool) throws(ModelError) {
    guard let listed = try slidingLayers(layers), listed.contains(!slide) else { return }
    throw .unsupported(
      "\(path): 'layer_types' lists '\(slide ? "full" : "sliding")_attention', "
        + (slide ? "but 'sliding_window' is set" : "but there is no sliding window"),
      hint: "layers of this family are alike; remove one of the two keys")
  }
}
