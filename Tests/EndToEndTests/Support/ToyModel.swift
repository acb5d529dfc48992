import Foundation
import WinaTensor
import WinaTestSupport

/// A small random Llama model with a byte-level tokenizer, as a Hugging Face directory.
enum ToyModel {
  static let layers = 3
  static let hidden = 32
  static let heads = 4
  static let keyValueHeads = 2
  static let headSize = 8
  static let feedForward = 48
  /// The bytes, two special tokens and one merge.
  static let vocabulary = 259

  /// Writes `config.json`, `model.safetensors` and `tokenizer.json`.
  static func write(to directory: String) throws {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    try Data(configuration.utf8).write(to: URL(fileURLWithPath: directory + "/config.json"))
    try Data(tokenizer().utf8).write(to: URL(fileURLWithPath: directory + "/tokenizer.json"))
    try SafetensorsWriter.write(weights(), to: directory + "/model.safetensors")
  }

  private static var shapes: [(name: String, shape: [Int])] {
    var shapes: [(name: String, shape: [Int])] = [
      ("model.embed_tokens.weight", [vocabulary, hidden]), ("model.norm.weight", [hidden]),
    ]
    for layer in 0..<layers {
      let prefix = "model.layers.\(layer)."
      shapes += [
        (prefix + "input_layernorm.weight", [hidden]),
        (prefix + "post_attention_layernorm.weight", [hidden]),
        (prefix + "self_attn.q_proj.weight", [heads * headSize, hidden]),
        (prefix + "self_attn.k_proj.weight", [keyValueHeads * headSize, hidden]),
        (prefix + "self_attn.v_proj.weight", [keyValueHeads * headSize, hidden]),
        (prefix + "self_attn.o_proj.weight", [hidden, heads * headSize]),
        (prefix + "mlp.gate_proj.weight", [feedForward, hidden]),
        (prefix + "mlp.up_proj.weight", [feedForward, hidden]),
        (prefix + "mlp.down_proj.weight", [hidden, feedForward]),
      ]
    }
    return shapes
  }

  /// Matrices that keep the size of their input; an embedding small enough for a mild softmax.
  private static func weights() -> [(name: String, tensor: Tensor)] {
    var generator = SeededGenerator(seed: 20)
    return shapes.map { name, shape in
      let isNorm = shape.count == 1
      let scale: Float =
        isNorm ? 0.3 : name.contains("embed") ? 0.5 : 1.8 / Float(shape[1]).squareRoot()
      let values = (0..<shape.reduce(1, *)).map { _ in
        (isNorm ? 1 : 0) + scale * generator.float()
      }
      return (name, Tensor(values, shape: shape))
    }
  }

  private static let configuration = """
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
     "hidden_size": \(hidden), "intermediate_size": \(feedForward),
     "num_hidden_layers": \(layers), "num_attention_heads": \(heads),
     "num_key_value_heads": \(keyValueHeads), "head_dim": \(headSize),
     "vocab_size": \(vocabulary), "max_position_embeddings": 128, "rms_norm_eps": 1e-05,
     "rope_theta": 10000.0, "rope_scaling": null, "tie_word_embeddings": true,
     "attention_bias": false, "bos_token_id": 256, "eos_token_id": 257}
    """

  /// Returns a byte-level tokenizer that joins `t` and `h`, with the merges replaced if given.
  static func tokenizer(merges: String? = #""merges": [["t", "h"]]"#) -> String {
    var tokens = byteScalars.enumerated().map { "\(quoted(String($1))): \($0)" }
    tokens += [#""<s>": 256"#, #""</s>": 257"#, #""th": 258"#]
    let special = [(256, "<s>"), (257, "</s>")].map { id, text in
      #"{"id": \#(id), "content": "\#(text)", "special": true, "normalized": false, "#
        + #""single_word": false, "lstrip": false, "rstrip": false}"#
    }
    return """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [\(special.joined(separator: ", "))], "normalizer": null,
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
       "post_processor": {"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                   {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [256], "tokens": ["<s>"]}}},
       "decoder": {"type": "ByteLevel"},
       "model": {"type": "BPE", "vocab": {\(tokens.joined(separator: ", "))}\
      \(merges.map { ", " + $0 } ?? "")}}
      """
  }

  /// The scalar that stands for each byte: printable bytes themselves, the rest from U+0100.
  private static let byteScalars: [Unicode.Scalar] = {
    let printable = Set(Array(33...126) + Array(161...172) + Array(174...255))
    var next: UInt32 = 256
    return (0..<256).map { byte in
      if printable.contains(byte) { return Unicode.Scalar(UInt8(byte)) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? "?"
    }
  }()

  private static func quoted(_ text: String) -> String {
    "\"" + (text == "\"" || text == "\\" ? "\\" + text : text) + "\""
  }
}
