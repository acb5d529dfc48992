import WinaEvaluation
import WinaModel
import WinaTensor
import WinaTestSupport

/// A small random Llama written to a temporary directory and loaded from it.
struct TinyModel {
  static let hidden = 16
  static let layers = 2
  static let vocabulary = 40
  static let feedForward = 24

  let model: LanguageModel
  private let directory: TemporaryDirectory

  /// Makes a model.
  init(seed: UInt64) throws {
    directory = try TemporaryDirectory()
    var generator = SeededGenerator(seed: seed)
    var tensors: [(name: String, tensor: Tensor)] = []
    func add(_ name: String, _ shape: [Int], deviation: Double) {
      tensors.append(
        (
          name,
          Tensor(generator.normals(shape.reduce(1, *), deviation: deviation), shape: shape)
        ))
    }
    func addNorm(_ name: String) {
      tensors.append(
        (name, Tensor([Float](repeating: 1, count: Self.hidden), shape: [Self.hidden])))
    }
    add("model.embed_tokens.weight", [Self.vocabulary, Self.hidden], deviation: 1)
    for layer in 0..<Self.layers {
      let prefix = "model.layers.\(layer)."
      addNorm(prefix + "input_layernorm.weight")
      addNorm(prefix + "post_attention_layernorm.weight")
      for (name, rows) in [("q", 16), ("k", 8), ("v", 8), ("o", 16)] {
        add(prefix + "self_attn.\(name)_proj.weight", [rows, Self.hidden], deviation: 0.4)
      }
      add(prefix + "mlp.gate_proj.weight", [Self.feedForward, Self.hidden], deviation: 0.4)
      add(prefix + "mlp.up_proj.weight", [Self.feedForward, Self.hidden], deviation: 0.4)
      add(prefix + "mlp.down_proj.weight", [Self.hidden, Self.feedForward], deviation: 0.4)
    }
    addNorm("model.norm.weight")
    try SafetensorsWriter.write(tensors, to: directory.file("model.safetensors"))
    try directory.write(
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
       "hidden_size": \(Self.hidden), "intermediate_size": \(Self.feedForward),
       "num_hidden_layers": \(Self.layers), "num_attention_heads": 4, "num_key_value_heads": 2,
       "head_dim": 4, "vocab_size": \(Self.vocabulary), "max_position_embeddings": 64,
       "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true,
       "bos_token_id": 1, "eos_token_id": 2}
      """, to: "config.json")
    model = try LanguageModel.load(directory: directory.path)
  }

  /// A document of random tokens.
  static func document(_ length: Int, seed: UInt64, label: String = "d") -> TokenizedSample {
    var generator = SeededGenerator(seed: seed)
    let tokens =
      [1] + (1..<length).map { _ in Int32.random(in: 3..<Int32(vocabulary), using: &generator) }
    return TokenizedSample(
      label: label, kind: .document, prompt: tokens,
      sequences: [.init(tokens: tokens, scoredStart: 1)],
      tokenBytes: tokens.map { $0 == 1 ? 0 : 3 }, tokenWords: tokens.map { _ in 1 })
  }

  /// A question of random tokens with three choices of different lengths.
  static func question(seed: UInt64) -> TokenizedSample {
    var generator = SeededGenerator(seed: seed)
    func tokens(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32.random(in: 3..<Int32(vocabulary), using: &generator) }
    }
    let prompt = [1] + tokens(5)
    let choices = [tokens(1), tokens(3), tokens(2)]
    return TokenizedSample(
      label: "q", kind: .choices, prompt: prompt,
      sequences: choices.map { .init(tokens: prompt + $0, scoredStart: prompt.count) }, gold: 1,
      choiceCharacters: [4, 9, 7], choiceBytes: [4, 9, 7],
      tokenBytes: (prompt + choices[1]).map { _ in 2 },
      tokenWords: (prompt + choices[1]).map { _ in 1 })
  }
}
