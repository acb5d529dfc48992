import WinaTensor

/// Qwen 2 (arXiv 2407.10671) and Qwen 2.5 (arXiv 2412.15115).
///
/// The layer of Llama with biases on queries, keys and values. With `use_sliding_window` the layers
/// from `max_window_layers` on, or those that `layer_types` lists, see a window.
enum Qwen2: DecoderFamily {
  static let architecture = "Qwen2ForCausalLM"
  static let keys: Set<String> = [
    "sliding_window", "use_sliding_window", "max_window_layers", "layer_types", "use_mrope",
    // How another program cuts the attention of sequences longer than those of training.
    "dual_chunk_attention_config",
  ]
  static let defaults = FamilyDefaults(keyValueHeads: 32, contextLength: 32_768)

  static func complete(
    _ configuration: inout ModelConfiguration, _ section: ConfigurationSection
  ) throws(ModelError) {
    try section.require("use_mrope", isOneOf: [.bool(false)])
    configuration.biases = [.qProj, .kProj, .vProj]
    configuration.windows = try windows(section, layers: configuration.layers)
  }

  /// The window of each layer, which Qwen 3 describes alike.
  static func windows(
    _ section: ConfigurationSection, layers: Int
  ) throws(ModelError) -> [Int?] {
    let isUsed = try section.bool("use_sliding_window", default: false)
    let window = isUsed ? try section.window(default: 4096) : nil
    let listed = try section.slidingLayers(layers)
    if listed?.contains(true) == true, window == nil {
      throw .invalid(
        "\(section.path): 'layer_types' lists 'sliding_attention', but there is no sliding window",
        hint: "set 'use_sliding_window' and 'sliding_window'")
    }
    guard let window else { return Array(repeating: nil, count: layers) }
    let first =
      section["max_window_layers"] == .integer(0)
      ? 0 : try section.size("max_window_layers", default: 28)
    return (0..<layers).map { (listed?[$0] ?? ($0 >= first)) ? window : nil }
  }
}
