import WinaTensor

/// Mistral (arXiv 2310.06825).
///
/// The layer of Llama 2 with attention that sees the last `sliding_window` positions, 4,096 where the
/// configuration is silent and all where it says null.
enum Mistral: DecoderFamily {
  static let architecture = "MistralForCausalLM"
  static let keys: Set<String> = ["sliding_window", "layer_types"]
  static let defaults = FamilyDefaults(keyValueHeads: 8, contextLength: 131_072)

  static func complete(
    _ configuration: inout ModelConfiguration, _ section: ConfigurationSection
  ) throws(ModelError) {
    let window = try section.window(default: 4096)
    try section.requireAlikeLayers(configuration.layers, slide: window != nil)
    configuration.windows = Array(repeating: window, count: configuration.layers)
  }
}
