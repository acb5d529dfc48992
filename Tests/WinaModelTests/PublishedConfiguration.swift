import Testing

/// The text of a published model's `config.json`, retyped, and what it amounts to.
struct PublishedConfiguration: CustomTestStringConvertible {
  var name: String
  var summary: String
  var json: String

  var testDescription: String { name }

  /// Adds what nearly all files hold to the members that differ.
  init(
    _ name: String, _ summary: String, _ type: String, sizes: [Int], _ members: String,
    more: String = ""
  ) {
    self.name = name
    self.summary = summary
    let keys = [
      "hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers",
      "num_key_value_heads", "vocab_size", "max_position_embeddings",
    ]
    let architecture = [
      "llama": "LlamaForCausalLM", "mistral": "MistralForCausalLM", "qwen2": "Qwen2ForCausalLM",
      "qwen3": "Qwen3ForCausalLM", "phi3": "Phi3ForCausalLM",
    ][type]
    let numbers = zip(keys, sizes).map { "\"\($0)\": \($1)" }.joined(separator: ", ")
    json = """
      {"architectures": ["\(architecture ?? "")"], "model_type": "\(type)", \(numbers),
      "hidden_act": "silu", "initializer_range": 0.02, "use_cache": true, \(members)\(more)}
      """
  }
}

extension PublishedConfiguration {
  private static let llama3 = """
    , "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 128000, "mlp_bias": false,
    "pretraining_tp": 1, "rms_norm_eps": 1e-05, "torch_dtype": "bfloat16",
    "transformers_version": "4.43.0.dev0"
    """
  private static let llama2 = """
    , "bos_token_id": 1, "eos_token_id": 2, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
    "torch_dtype": "float16", "transformers_version": "4.31.0.dev0", "tie_word_embeddings": false
    """
  private static let mistral = """
    , "bos_token_id": 1, "eos_token_id": 2, "rms_norm_eps": 1e-05, "tie_word_embeddings": false,
    "torch_dtype": "bfloat16", "transformers_version": "4.42.0.dev0"
    """
  private static let qwen = """
    , "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151645,
    "rms_norm_eps": 1e-06, "torch_dtype": "bfloat16", "transformers_version": "4.43.1",
    "use_sliding_window": false
    """
  private static let phi = """
    , "attention_bias": false, "attention_dropout": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0,
    "bos_token_id": 1, "eos_token_id": 32000, "pad_token_id": 32000, "rms_norm_eps": 1e-05,
    "torch_dtype": "bfloat16", "transformers_version": "4.40.2", "auto_map": {"AutoConfig":
    "configuration_phi3.Phi3Config", "AutoModelForCausalLM": "modeling_phi3.Phi3ForCausalLM"}
    """

  /// Configurations that are read.
  static let all: [PublishedConfiguration] = llamas + mistrals + qwens + phis

  private static let llamas: [PublishedConfiguration] = [
    .init(
      "Llama-2-7b", "llama L32 D4096 32/32x128 F11008 V32000 T4096 θ10000", "llama",
      sizes: [4096, 11008, 32, 32, 32, 32000, 4096],
      "\"_name_or_path\": \"meta-llama/Llama-2-7b-hf\", \"rope_scaling\": null", more: llama2),
    .init(
      "Llama-2-70b", "llama L80 D8192 64/8x128 F28672 V32000 T4096 θ10000", "llama",
      sizes: [8192, 28672, 64, 80, 8, 32000, 4096], "\"rope_scaling\": null", more: llama2),
    .init(
      "CodeLlama-7b", "llama L32 D4096 32/32x128 F11008 V32016 T16384 θ1000000", "llama",
      sizes: [4096, 11008, 32, 32, 32, 32016, 16384], "\"rope_theta\": 1000000", more: llama2),
    .init(
      "deepseek-coder-6.7b", "llama L32 D4096 32/32x128 F11008 V32256 T16384 θ100000 linear4.0",
      "llama", sizes: [4096, 11008, 32, 32, 32, 32256, 16384],
      "\"rope_theta\": 100000, \"rope_scaling\": {\"factor\": 4.0, \"type\": \"linear\"}",
      more: llama2),
    .init(
      "Yarn-Llama-2-7b-64k", "llama L32 D4096 32/32x128 F11008 V32000 T65536 θ10000 yarn16.0",
      "llama", sizes: [4096, 11008, 32, 32, 32, 32000, 65536],
      """
      "rope_scaling": {"factor": 16.0, "original_max_position_embeddings": 4096, "type": "yarn",
      "finetuned": true}, "auto_map": {"AutoConfig": "configuration_llama.LlamaConfig"}
      """, more: llama2),
    .init(
      "TinyLlama-1.1B", "llama L22 D2048 32/4x64 F5632 V32000 T2048 θ10000", "llama",
      sizes: [2048, 5632, 32, 22, 4, 32000, 2048],
      "\"attention_bias\": false, \"rope_theta\": 10000.0, \"rope_scaling\": null", more: llama2),
    .init(
      "SmolLM2-135M-Instruct", "llama L30 D576 9/3x64 F1536 V49152 T8192 θ100000 tied", "llama",
      sizes: [576, 1536, 9, 30, 3, 49152, 8192],
      """
      "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2,
      "is_llama_config": true, "mlp_bias": false, "pad_token_id": 2, "pretraining_tp": 1,
      "rms_norm_eps": 1e-05, "rope_interleaved": false, "rope_scaling": null,
      "rope_theta": 100000, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
      "transformers.js_config": {"kv_cache_dtype": {"q4f16": "float16", "fp16": "float16"}},
      "transformers_version": "4.42.3"
      """),
    .init(
      "Meta-Llama-3-8B", "llama L32 D4096 32/8x128 F14336 V128256 T8192 θ500000", "llama",
      sizes: [4096, 14336, 32, 32, 8, 128256, 8192],
      """
      "eos_token_id": 128001, "rope_scaling": null, "rope_theta": 500000.0,
      "tie_word_embeddings": false
      """, more: llama3),
    .init(
      "Llama-3.1-8B-Instruct",
      "llama L32 D4096 32/8x128 F14336 V128256 T131072 θ500000 llama3:8.0:8192", "llama",
      sizes: [4096, 14336, 32, 32, 8, 128256, 131072],
      """
      "eos_token_id": [128001, 128008, 128009], "rope_theta": 500000.0,
      "tie_word_embeddings": false, "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0,
      "high_freq_factor": 4.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}
      """, more: llama3),
    .init(
      "Llama-3.2-1B",
      "llama L16 D2048 32/8x64 F8192 V128256 T131072 θ500000 llama3:32.0:8192 tied", "llama",
      sizes: [2048, 8192, 32, 16, 8, 128256, 131072],
      """
      "eos_token_id": 128001, "head_dim": 64, "rope_theta": 500000.0,
      "tie_word_embeddings": true, "rope_scaling": {"factor": 32.0, "low_freq_factor": 1.0,
      "high_freq_factor": 4.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}
      """, more: llama3),
    .init(
      "Llama-3.2-1B saved by transformers 5",
      "llama L16 D2048 32/8x64 F8192 V128256 T131072 θ500000 llama3:32.0:8192 tied", "llama",
      sizes: [2048, 8192, 32, 16, 8, 128256, 131072],
      """
      "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 128000,
      "dtype": "bfloat16", "eos_token_id": 128001, "head_dim": 64, "mlp_bias": false,
      "pad_token_id": null, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_parameters":
      {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
      "original_max_position_embeddings": 8192, "rope_theta": 500000.0, "rope_type": "llama3"},
      "tie_word_embeddings": true, "transformers_version": "5.24.0"
      """),
  ]

  private static let mistrals: [PublishedConfiguration] = [
    .init(
      "Mistral-7B-v0.1", "mistral L32 D4096 32/8x128 F14336 V32000 T32768 θ10000 W4096",
      "mistral", sizes: [4096, 14336, 32, 32, 8, 32000, 32768],
      "\"rope_theta\": 10000.0, \"sliding_window\": 4096", more: mistral),
    .init(
      "Mistral-7B-Instruct-v0.2", "mistral L32 D4096 32/8x128 F14336 V32000 T32768 θ1000000",
      "mistral", sizes: [4096, 14336, 32, 32, 8, 32000, 32768],
      "\"attention_dropout\": 0.0, \"rope_theta\": 1000000.0, \"sliding_window\": null",
      more: mistral),
    .init(
      "Mistral-7B-v0.3", "mistral L32 D4096 32/8x128 F14336 V32768 T32768 θ1000000", "mistral",
      sizes: [4096, 14336, 32, 32, 8, 32768, 32768],
      "\"attention_dropout\": 0.0, \"rope_theta\": 1000000.0, \"sliding_window\": null",
      more: mistral),
    .init(
      "Mistral-Nemo-Base-2407", "mistral L40 D5120 32/8x128 F14336 V131072 T131072 θ1000000",
      "mistral", sizes: [5120, 14336, 32, 40, 8, 131072, 131072],
      "\"head_dim\": 128, \"rope_theta\": 1000000.0, \"sliding_window\": null", more: mistral),
  ]

  private static let qwens: [PublishedConfiguration] = [
    .init(
      "Qwen2-0.5B", "qwen2 L24 D896 14/2x64 F4864 V151936 T131072 θ1000000 tied 3 biases",
      "qwen2", sizes: [896, 4864, 14, 24, 2, 151936, 131072],
      """
      "max_window_layers": 24, "rope_theta": 1000000.0, "sliding_window": 131072,
      "tie_word_embeddings": true
      """, more: qwen),
    .init(
      "Qwen2-72B", "qwen2 L80 D8192 64/8x128 F29568 V152064 T131072 θ1000000 3 biases", "qwen2",
      sizes: [8192, 29568, 64, 80, 8, 152064, 131072],
      """
      "max_window_layers": 80, "rope_theta": 1000000.0, "sliding_window": 131072,
      "tie_word_embeddings": false
      """, more: qwen),
    .init(
      "Qwen2.5-7B", "qwen2 L28 D3584 28/4x128 F18944 V152064 T131072 θ1000000 3 biases", "qwen2",
      sizes: [3584, 18944, 28, 28, 4, 152064, 131072],
      """
      "max_window_layers": 28, "rope_theta": 1000000.0, "sliding_window": 131072,
      "tie_word_embeddings": false, "use_mrope": false
      """, more: qwen),
    .init(
      "Qwen2.5-7B-Instruct with the advised YaRN",
      "qwen2 L28 D3584 28/4x128 F18944 V152064 T32768 θ1000000 yarn4.0 3 biases", "qwen2",
      sizes: [3584, 18944, 28, 28, 4, 152064, 32768],
      """
      "max_window_layers": 28, "rope_theta": 1000000.0, "sliding_window": 131072,
      "tie_word_embeddings": false, "rope_scaling": {"factor": 4.0,
      "original_max_position_embeddings": 32768, "type": "yarn"}
      """, more: qwen),
    .init(
      "Qwen2.5-7B-Instruct-1M",
      "qwen2 L28 D3584 28/4x128 F18944 V152064 T1010000 θ10000000 3 biases", "qwen2",
      sizes: [3584, 18944, 28, 28, 4, 152064, 1_010_000],
      """
      "max_window_layers": 28, "rope_theta": 10000000.0, "sliding_window": 32768,
      "tie_word_embeddings": false, "dual_chunk_attention_config": {"chunk_size": 262144,
      "local_size": 8192, "original_max_position_embeddings": 262144}
      """, more: qwen),
    .init(
      "QwQ-32B", "qwen2 L64 D5120 40/8x128 F27648 V152064 T40960 θ1000000 3 biases", "qwen2",
      sizes: [5120, 27648, 40, 64, 8, 152064, 40960],
      """
      "max_window_layers": 64, "pad_token_id": 151643, "rope_theta": 1000000.0,
      "sliding_window": 32768, "tie_word_embeddings": false
      """, more: qwen),
    .init(
      "Qwen3-0.6B", "qwen3 L28 D1024 16/8x128 F3072 V151936 T40960 θ1000000 tied", "qwen3",
      sizes: [1024, 3072, 16, 28, 8, 151936, 40960],
      """
      "attention_bias": false, "head_dim": 128, "max_window_layers": 28, "rope_scaling": null,
      "rope_theta": 1000000, "sliding_window": null, "tie_word_embeddings": true
      """, more: qwen),
    .init(
      "Qwen3-32B", "qwen3 L64 D5120 64/8x128 F25600 V151936 T40960 θ1000000", "qwen3",
      sizes: [5120, 25600, 64, 64, 8, 151936, 40960],
      """
      "attention_bias": false, "head_dim": 128, "max_window_layers": 64, "rope_scaling": null,
      "rope_theta": 1000000, "sliding_window": null, "tie_word_embeddings": false
      """, more: qwen),
  ]

  private static let phis: [PublishedConfiguration] = [
    .init(
      "Phi-3-mini-4k-instruct", "phi3 L32 D3072 32/32x96 F8192 V32064 T4096 θ10000 W2047",
      "phi3", sizes: [3072, 8192, 32, 32, 32, 32064, 4096],
      """
      "original_max_position_embeddings": 4096, "rope_scaling": null, "rope_theta": 10000.0,
      "sliding_window": 2047, "tie_word_embeddings": false
      """, more: phi),
    .init(
      "phi-4", "phi3 L40 D5120 40/10x128 F17920 V100352 T16384 θ250000", "phi3",
      sizes: [5120, 17920, 40, 40, 10, 100352, 16384],
      """
      "original_max_position_embeddings": 16384, "rope_scaling": null, "rope_theta": 250000,
      "sliding_window": null, "tie_word_embeddings": false
      """, more: phi),
  ]

  /// Configurations that ask for LongRoPE; their summary is the type that they name.
  static let longContext: [PublishedConfiguration] = [
    .init(
      "Phi-3-mini-128k-instruct", "su", "phi3",
      sizes: [3072, 8192, 32, 32, 32, 32064, 131072],
      """
      "original_max_position_embeddings": 4096, "rope_scaling": {"long_factor": [1.03, 1.05],
      "short_factor": [1.0, 1.05], "type": "su"}, "rope_theta": 10000.0,
      "sliding_window": 262144, "tie_word_embeddings": false
      """, more: phi),
    .init(
      "Phi-3.5-mini-instruct", "longrope", "phi3",
      sizes: [3072, 8192, 32, 32, 32, 32064, 131072],
      """
      "original_max_position_embeddings": 4096, "rope_scaling": {"long_factor": [1.08, 1.1],
      "short_factor": [1.0, 1.02], "type": "longrope"}, "rope_theta": 10000.0,
      "sliding_window": 262144, "tie_word_embeddings": false
      """, more: phi),
    .init(
      "Phi-4-mini-instruct", "longrope", "phi3",
      sizes: [3072, 8192, 24, 32, 8, 200064, 131072],
      """
      "full_attn_mod": 1, "interpolate_factor": 1, "lm_head_bias": false, "mlp_bias": false,
      "original_max_position_embeddings": 4096, "partial_rotary_factor": 0.75,
      "rope_scaling": {"long_factor": [1, 1.1], "short_factor": [1, 1], "type": "longrope"},
      "rope_theta": 10000.0, "sliding_window": 262144, "tie_word_embeddings": true
      """, more: phi),
  ]
}
