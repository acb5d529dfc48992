extension ModelConfiguration {
  /// Reads the configuration of the Llama family, in the layouts of transformers 4 and 5.
  static func llama(_ section: ConfigurationSection) throws(ModelError) -> ModelConfiguration {
    try refuseUnknownComputation(section)
    let hidden = try section.size("hidden_size")
    let heads = try section.size("num_attention_heads")
    let configuration = ModelConfiguration(
      family: .llama, layers: try section.size("num_hidden_layers"), hidden: hidden, heads: heads,
      keyValueHeads: try section.size("num_key_value_heads", default: heads),
      headSize: try section.size("head_dim", default: max(1, hidden / heads)),
      feedForward: try section.size("intermediate_size"),
      vocabulary: try section.size("vocab_size"),
      contextLength: try section.size("max_position_embeddings", default: 2048),
      rope: try rope(section),
      normEpsilon: Float(try section.number("rms_norm_eps", default: 1e-6)),
      tiesEmbeddings: try section.bool("tie_word_embeddings", default: false),
      bosToken: try section.tokens("bos_token_id").first,
      eosTokens: try section.tokens("eos_token_id"))
    guard heads.isMultiple(of: configuration.keyValueHeads) else {
      throw .invalid(
        "\(section.path): 'num_attention_heads' is \(heads), "
          + "no multiple of 'num_key_value_heads' \(configuration.keyValueHeads)")
    }
    guard configuration.headSize.isMultiple(of: 2) else {
      throw .invalid("\(section.path): 'head_dim' is \(configuration.headSize), an odd number")
    }
    guard section["head_dim"] != nil || hidden.isMultiple(of: heads) else {
      throw .invalid(
        "\(section.path): 'hidden_size' is \(hidden), no multiple of 'num_attention_heads' \(heads)"
      )
    }
    return configuration
  }

  /// Refuses keys that other variants use to change what is computed.
  private static func refuseUnknownComputation(
    _ section: ConfigurationSection
  ) throws(ModelError) {
    if case .array(let names) = section["architectures"], !names.isEmpty,
      !names.contains(.string("LlamaForCausalLM"))
    {
      throw .unsupported(
        "\(section.path): 'architectures' lists \(names[0].summary), which is not implemented",
        hint: "supported: LlamaForCausalLM")
    }
    try section.require("hidden_act", isOneOf: [.string("silu"), .string("swish")])
    try section.require("attention_bias", isOneOf: [.bool(false)])
    try section.require("mlp_bias", isOneOf: [.bool(false)])
    try section.require("partial_rotary_factor", isOneOf: [.integer(1), .number(1)])
    for key in [
      "quantization_config", "sliding_window", "attn_logit_softcapping", "final_logit_softcapping",
      "query_pre_attn_scalar", "logit_scale", "logits_scaling", "embedding_multiplier",
      "residual_multiplier", "attention_multiplier", "num_local_experts", "num_experts",
    ] {
      try section.require(key, isOneOf: [])
    }
    for key in ["use_qk_norm", "qk_norm", "use_sliding_window"] {
      try section.require(key, isOneOf: [.bool(false)])
    }
    if case .array(let types) = section["layer_types"],
      let other = types.first(where: { $0 != .string("full_attention") })
    {
      throw .unsupported(
        "\(section.path): 'layer_types' lists \(other.summary), which is not implemented",
        hint: "supported: full_attention")
    }
  }

  private static func rope(_ section: ConfigurationSection) throws(ModelError) -> RotaryEmbedding {
    let current = try section.section("rope_parameters")
    let older = try section.section("rope_scaling")
    let parameters = current ?? older
    let outer = try section.number("rope_theta", default: 10_000)
    guard let parameters else { return RotaryEmbedding(base: try positive(outer, section)) }
    let base = try positive(try parameters.number("rope_theta", default: outer), section)
    try parameters.require("partial_rotary_factor", isOneOf: [.integer(1), .number(1)])
    let named = try parameters.string("rope_type")
    let olderName = try parameters.string("type")
    let type = named ?? olderName ?? "default"
    switch type {
    case "default": return RotaryEmbedding(base: base)
    case "linear":
      let factor = try parameters.number("factor")
      return RotaryEmbedding(base: base, scaling: .linear(factor: try positive(factor, section)))
    case "llama3":
      let low = try parameters.number("low_freq_factor")
      let high = try parameters.number("high_freq_factor")
      guard low > 0, high > low else {
        throw .invalid(
          "\(section.path): '\(parameters.prefix)high_freq_factor' \(high) is not above "
            + "'\(parameters.prefix)low_freq_factor' \(low)")
      }
      return RotaryEmbedding(
        base: base,
        scaling: .llama3(
          factor: try positive(try parameters.number("factor"), section), low: low, high: high,
          originalContext: Double(try parameters.size("original_max_position_embeddings"))))
    default:
      throw .unsupported(
        "\(section.path): '\(parameters.prefix)rope_type' is '\(type)', which is not implemented",
        hint: "supported: default, linear, llama3")
    }
  }

  private static func positive(
    _ value: Double, _ section: ConfigurationSection
  ) throws(ModelError) -> Double {
    guard value > 0 else {
      throw .invalid("\(section.path): a rope parameter is \(value), not above 0")
    }
    return value
  }
}
