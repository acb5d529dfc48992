import WinaTensor

/// Phi-3 and Phi-3.5 mini (arXiv 2404.14219) and Phi-4 (arXiv 2412.08905).
///
/// The layer of Llama with queries, keys and values in one tensor, gate and up in another, and rotary
/// positions on the first `partial_rotary_factor` of each head.
enum Phi3: DecoderFamily {
  static let architecture = "Phi3ForCausalLM"
  static let keys: Set<String> = [
    "sliding_window", "attention_bias", "lm_head_bias", "full_attn_mod", "interpolate_factor",
    "layer_types",
  ]
  static let defaults = FamilyDefaults(contextLength: 4096, normEpsilon: 1e-5)
  static let turnsPartsOfHeads = true
  static let rotaryTypes = ["default"]

  static func complete(
    _ configuration: inout ModelConfiguration, _ section: ConfigurationSection
  ) throws(ModelError) {
    try section.require("attention_bias", isOneOf: [.bool(false)])
    try section.require("lm_head_bias", isOneOf: [.bool(false)])
    // Phi-4 mini states both, which are 1.
    try section.require("full_attn_mod", isOneOf: [.integer(1)])
    try section.require("interpolate_factor", isOneOf: [.integer(1)])
    let window = try section.window()
    try section.requireAlikeLayers(configuration.layers, slide: window != nil)
    configuration.windows = Array(repeating: window, count: configuration.layers)
  }

  static func source(
    of projection: Projection, layer: Int, _ configuration: ModelConfiguration
  ) -> WeightSource {
    let (fused, members): (String, [Projection]) =
      switch projection {
      case .qProj, .kProj, .vProj: ("qkv_proj", [.qProj, .kProj, .vProj])
      case .gateProj, .upProj: ("gate_up_proj", [.gateProj, .upProj])
      case .oProj, .downProj: (projection.rawValue, [projection])
      }
    let first = members.prefix { $0 != projection }
      .reduce(0) { $0 + configuration.outputs(of: $1) }
    return WeightSource(
      name: "model.layers.\(layer).\(projection.block).\(fused)",
      rows: first..<(first + configuration.outputs(of: projection)),
      total: members.reduce(0) { $0 + configuration.outputs(of: $1) })
  }
}
