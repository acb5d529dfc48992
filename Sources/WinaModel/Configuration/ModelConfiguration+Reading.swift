extension ModelConfiguration {
  /// Keys that every family reads.
  private static let sharedKeys: Set<String> = RotaryEmbedding.keys.union([
    "architectures", "model_type", "hidden_size", "num_attention_heads", "num_hidden_layers",
    "num_key_value_heads", "intermediate_size", "vocab_size", "max_position_embeddings",
    "rms_norm_eps", "tie_word_embeddings", "bos_token_id", "eos_token_id", "hidden_act",
    "head_dim",
  ])

  /// Keys of published configurations that say nothing about what a forward pass computes: how the
  /// model was trained, how transformers runs it, and how it is sampled from.
  private static let inertKeys: Set<String> = [
    "_attn_implementation", "_attn_implementation_autoset", "_commit_hash", "_name_or_path",
    "assistant_confidence_threshold", "assistant_lookbehind", "attention_dropout",
    "attn_implementation", "auto_map", "bad_words_ids", "begin_suppress_tokens",
    "chunk_size_feed_forward", "cross_attention_hidden_size", "decoder_start_token_id",
    "diversity_penalty", "do_sample", "dtype", "early_stopping", "embd_pdrop", "embedding_dropout",
    "encoder_no_repeat_ngram_size", "encoder_repetition_penalty", "epsilon_cutoff", "eta_cutoff",
    "exponential_decay_length_penalty", "finetuning_task", "forced_bos_token_id",
    "forced_eos_token_id", "guidance_scale", "hidden_dropout", "hidden_dropout_prob", "id2label",
    "initializer_range", "is_decoder", "is_llama_config", "keys_to_ignore_at_inference", "label2id",
    "length_penalty", "max_length", "max_new_tokens", "max_window_layers", "min_length",
    "min_new_tokens", "name_or_path", "no_repeat_ngram_size", "num_assistant_tokens",
    "num_assistant_tokens_schedule", "num_beam_groups", "num_beams", "num_labels",
    "num_return_sequences", "output_attentions", "output_hidden_states", "output_router_logits",
    "output_scores", "pad_token_id", "penalty_alpha", "prefix", "pretraining_tp", "problem_type",
    "remove_invalid_values", "renormalize_logits", "repetition_penalty", "resid_pdrop",
    "return_dict", "return_dict_in_generate", "sep_token_id", "suppress_tokens",
    "target_lookbehind", "task_specific_params", "temperature", "tf_legacy_loss", "tokenizer_class",
    "top_k", "top_p", "torch_dtype", "torchscript", "transformers.js_config",
    "transformers_version", "typical_p", "unk_token_id", "unsloth_fixed", "unsloth_version",
    "use_bfloat16", "use_cache",
  ]

  // Limits far above any model, so that sizes of layers neither overflow nor take memory before the
  // weights have shown that they are true.
  private static let maximumLayers = 10_000
  private static let maximumHeads = 1 << 16
  private static let maximumWidth = 1 << 26

  /// Reads what all families share, then what the family adds.
  static func read(
    _ family: Family, _ section: ConfigurationSection
  ) throws(ModelError) -> ModelConfiguration {
    let decoder = family.decoder
    try refuseOthers(decoder, section)
    let defaults = decoder.defaults
    let hidden = try section.size("hidden_size", limit: maximumWidth)
    let heads = try section.size("num_attention_heads", limit: maximumHeads)
    let layers = try section.size("num_hidden_layers", limit: maximumLayers)
    let headSize = try section.size(
      "head_dim", default: defaults.headSize ?? max(1, hidden / heads), limit: maximumHeads)
    guard headSize.isMultiple(of: 2) else {
      throw .invalid("\(section.path): 'head_dim' is \(headSize), an odd number")
    }
    let context = try section.size("max_position_embeddings", default: defaults.contextLength)
    var configuration = ModelConfiguration(
      family: family, layers: layers, hidden: hidden, heads: heads,
      keyValueHeads: try keyValueHeads(section, heads: heads, default: defaults.keyValueHeads),
      headSize: headSize,
      feedForward: try section.size("intermediate_size", limit: maximumWidth),
      vocabulary: try section.size("vocab_size", limit: maximumWidth), contextLength: context,
      rope: try .read(
        section, headSize: headSize, contextLength: context, types: decoder.rotaryTypes),
      windows: Array(repeating: nil, count: layers),
      normEpsilon: try normEpsilon(section, default: defaults.normEpsilon),
      normsHeads: false, biases: [],
      tiesEmbeddings: try section.bool("tie_word_embeddings", default: false),
      bosToken: try section.tokens("bos_token_id").first,
      eosTokens: try section.tokens("eos_token_id"))
    try configuration.checkHeads(section)
    guard decoder.turnsPartsOfHeads || configuration.rope.width == headSize else {
      throw .unsupported(
        "\(section.path): 'partial_rotary_factor' is below 1, which \(family.rawValue) does not have",
        hint: "supported: 1")
    }
    try decoder.complete(&configuration, section)
    return configuration
  }

  /// As many as there are query heads where the key is null; the family's number where it is absent.
  private static func keyValueHeads(
    _ section: ConfigurationSection, heads: Int, default fallback: Int?
  ) throws(ModelError) -> Int {
    let key = "num_key_value_heads"
    let silent = section.contains(key) ? heads : fallback ?? heads
    return try section.size(key, default: silent, limit: maximumHeads)
  }

  private static func normEpsilon(
    _ section: ConfigurationSection, default fallback: Double
  ) throws(ModelError) -> Float {
    let value = try section.number("rms_norm_eps", default: fallback)
    guard value >= 0, value < 1 else {
      throw .invalid("\(section.path): 'rms_norm_eps' is \(value), not between 0 and 1")
    }
    return Float(value)
  }

  private func checkHeads(_ section: ConfigurationSection) throws(ModelError) {
    guard heads.isMultiple(of: keyValueHeads) else {
      throw .invalid(
        "\(section.path): 'num_attention_heads' is \(heads), "
          + "no multiple of 'num_key_value_heads' \(keyValueHeads)")
    }
    guard
      section["head_dim"] != nil || family.decoder.defaults.headSize != nil
        || hidden.isMultiple(of: heads)
    else {
      throw .invalid(
        "\(section.path): 'hidden_size' is \(hidden), no multiple of 'num_attention_heads' \(heads)"
      )
    }
  }

  /// Refuses other architectures and every key that is not known to be read or inert.
  private static func refuseOthers(
    _ decoder: any DecoderFamily.Type, _ section: ConfigurationSection
  ) throws(ModelError) {
    if case .array(let names) = section["architectures"], !names.isEmpty,
      !names.contains(.string(decoder.architecture))
    {
      throw .unsupported(
        "\(section.path): 'architectures' lists \(names[0].summary), which is not implemented",
        hint: "supported: \(decoder.architecture)")
    }
    for key in ["quantization_config", "compression_config"] {
      guard let value = section[key] else { continue }
      var method = "\(key)' is \(value.summary)"
      if case .object(let members) = value, let name = members["quant_method"] {
        method = "\(key).quant_method' is \(name.summary)"
      }
      throw .unsupported(
        "\(section.path): the checkpoint is quantised ('\(method))",
        hint: "use a checkpoint with f32, f16 or bf16 weights")
    }
    try section.require("hidden_act", isOneOf: [.string("silu"), .string("swish")])
    try section.refuseUnknownKeys(sharedKeys.union(inertKeys).union(decoder.keys))
  }
}
