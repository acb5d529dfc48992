import WinaTensor

/// Qwen 3 (arXiv 2505.09388).
///
/// The layer of Llama with RMSNorm over each head of queries and keys before they are turned, and
/// heads whose width is not D / H. Biases on attention are gone unless `attention_bias` says so.
enum Qwen3: DecoderFamily {
  static let architecture = "Qwen3ForCausalLM"
  static let keys = Qwen2.keys.union(["attention_bias"])
  static let defaults = FamilyDefaults(keyValueHeads: 32, headSize: 128, contextLength: 32_768)

  static func complete(
    _ configuration: inout ModelConfiguration, _ section: ConfigurationSection
  ) throws(ModelError) {
    try section.require("use_mrope", isOneOf: [.bool(false)])
    configuration.normsHeads = true
    if try section.bool("attention_bias", default: false) {
      configuration.biases = [.qProj, .kProj, .vProj, .oProj]
    }
    configuration.windows = try Qwen2.windows(section, layers: configuration.layers)
  }
}
