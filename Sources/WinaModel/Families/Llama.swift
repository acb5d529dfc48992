import WinaTensor

/// Llama 2 (arXiv 2307.09288) and Llama 3, 3.1 and 3.2 (arXiv 2407.21783).
///
/// RMSNorm before each block, rotary positions, grouped-query attention, SwiGLU. Llama 3.1 stretches
/// the frequencies, the small models of 3.2 tie the head to the embedding. Derived models may add
/// biases to all attention or all feed-forward projections.
enum Llama: DecoderFamily {
  static let architecture = "LlamaForCausalLM"
  static let keys: Set<String> = ["attention_bias", "mlp_bias", "rope_interleaved", "layer_types"]
  static let defaults = FamilyDefaults(contextLength: 2048)

  static func complete(
    _ configuration: inout ModelConfiguration, _ section: ConfigurationSection
  ) throws(ModelError) {
    try section.require("rope_interleaved", isOneOf: [.bool(false)])
    if try section.bool("attention_bias", default: false) {
      configuration.biases.formUnion([.qProj, .kProj, .vProj, .oProj])
    }
    if try section.bool("mlp_bias", default: false) {
      configuration.biases.formUnion([.gateProj, .upProj, .downProj])
    }
    try section.requireAlikeLayers(configuration.layers, slide: false)
  }
}
