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
    "_attn_implementation", "_attn_implementation_autoset", "_name_or_path",
    "attention_dropout", "attn_implementation", "auto_map", "bad_words_ids",
    "begin_suppress_tokens",
    "chunk_size_feed_forward", "cross_attention_hidden_size", "decoder_start_token_id",
    "diversity_penalty", "do_sample", "dtype", "early_stopping", "embd_pdrop", "embedding_dropout",
    "encoder_no_repeat_ngram_size", "exponential_decay_length_penalty", "finetuning_task",
    "forced_bos_token_id", "forced_eos_token_id", "hidden_dropout", "hidden_dropout_prob",
    "id2label",
    "initializer_range", "is_llama_config", "keys_to_ignore_at_inference", "label2id",
    "length_penalty", "max_length", "max_window_layers", "min_length", "no_repeat_ngram_size",
    "num_beam_groups", "num_beams", "num_labels", "num_return_sequences", "output_attentions",
    "output_hidden_states", "output_router_logits", "output_scores", "pad_token_id", "prefix",
    "pretraining_tp", "problem_type", "remove_invalid_values", "repetition_penalty", "resid_pdrop",
    "return_dict", "return_dict_in_generate", "sep_token_id", "suppress_tokens",
    "task_specific_params", "temperature", "tf_legacy_loss", "tokenizer_class", "top_k", "top_p",
    "torch_dtype", "transformers.js_config", "transformers_version", "typical_p", "unk_token_id",
    "unsloth_fixed", "unsloth_version", "use_bfloat16", "use_cache", "is_decoder",
  ]

  /// Reads what all families share, then what the family adds.
  static func read(
    _ family: Family, _ section: ConfigurationSection
  ) throws(ModelError) -> ModelConfiguration {
    let decoder = family.decoder
    try refuseOthers(decoder, section)
    let defaults = decoder.defaults
    let hidden = try section.size("hidden_size")
    let heads = try section.size("num_attention_heads")
    let layers = try section.size("num_hidden_layers")
    let headSize = try section.size(
      "head_dim", default: defaults.headSize ?? max(1, hidden / heads))
    guard headSize.isMultiple(of: 2) else {
      throw .invalid("\(section.path): 'head_dim' is \(headSize), an odd number")
    }
    let context = try section.size("max_position_embeddings", default: defaults.contextLength)
    var configuration = ModelConfiguration(
      family: family, layers: layers, hidden: hidden, heads: heads,
      keyValueHeads: try section.size(
        "num_key_value_heads", default: defaults.keyValueHeads ?? heads),
      headSize: headSize, feedForward: try section.size("intermediate_size"),
      vocabulary: try section.size("vocab_size"), contextLength: context,
      rope: try .read(section, headSize: headSize, contextLength: context),
      windows: Array(repeating: nil, count: layers),
      normEpsilon: Float(try section.number("rms_norm_eps", default: defaults.normEpsilon)),
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
    if let value = section["quantization_config"] ?? section["compression_config"] {
      throw .unsupported(
        "\(section.path): the checkpoint is quantised ('quantization_config' is \(value.summary))",
        hint: "use a checkpoint with f32, f16 or bf16 weights")
    }
    try section.require("hidden_act", isOneOf: [.string("silu"), .string("swish")])
    try section.refuseUnknownKeys(sharedKeys.union(inertKeys).union(decoder.keys))
  }
}
