import Foundation
import WinaTensor

/// A small Llama model with random weights, as values and as a Hugging Face directory.
///
/// Self-contained, so that other test targets can hold a copy.
struct TinyModel {
  var layers = 2
  var hidden = 24
  var heads = 4
  var keyValueHeads = 2
  var headSize = 6
  var feedForward = 36
  var vocabulary = 50
  var contextLength = 96
  var tiesEmbeddings = false
  /// The members of `rope_scaling`, or `nil`.
  var ropeScaling: [String: Double]?
  var ropeBase = 10_000.0
  var normEpsilon = 1e-5
  var seed: UInt64 = 1

  /// The names and shapes of the checkpoint's tensors.
  var shapes: [(name: String, shape: [Int])] {
    var shapes: [(name: String, shape: [Int])] = [
      ("model.embed_tokens.weight", [vocabulary, hidden]), ("model.norm.weight", [hidden]),
    ]
    if !tiesEmbeddings { shapes.append(("lm_head.weight", [vocabulary, hidden])) }
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

  /// The number of weights.
  var parameters: Int { shapes.reduce(0) { $0 + $1.shape.reduce(1, *) } }

  /// The weights by name: matrices scaled to keep the size of their input, norms around 1.
  var weights: [String: [Float]] {
    var state = seed
    var result: [String: [Float]] = [:]
    for (name, shape) in shapes {
      let count = shape.reduce(1, *)
      let width = shape.count == 1 ? 0 : shape[1]
      let scale = name.contains("embed") ? 1 : 1.8 / Double(max(1, width)).squareRoot()
      result[name] = (0..<count).map { _ in
        let value = uniform(&state)
        return Float(width == 0 ? 1 + 0.3 * value : scale * value)
      }
    }
    return result
  }

  /// Returns a value of [-1, 1) and moves on (SplitMix64).
  private func uniform(_ state: inout UInt64) -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Double(z >> 11) * 0x1p-52 - 1
  }

  /// The text of `config.json`; `extra` members replace or add to the usual ones.
  func configuration(_ extra: [String: String] = [:]) -> String {
    var members: [String: String] = [
      "architectures": "[\"LlamaForCausalLM\"]", "model_type": "\"llama\"",
      "hidden_act": "\"silu\"", "hidden_size": "\(hidden)", "intermediate_size": "\(feedForward)",
      "num_hidden_layers": "\(layers)", "num_attention_heads": "\(heads)",
      "num_key_value_heads": "\(keyValueHeads)", "head_dim": "\(headSize)",
      "vocab_size": "\(vocabulary)", "max_position_embeddings": "\(contextLength)",
      "rms_norm_eps": "\(normEpsilon)", "rope_theta": "\(ropeBase)", "rope_scaling": "null",
      "tie_word_embeddings": "\(tiesEmbeddings)", "attention_bias": "false",
      "bos_token_id": "1", "eos_token_id": "2",
    ]
    if let ropeScaling {
      let numbers = ropeScaling.sorted { $0.key < $1.key }.map { key, value in
        "\"\(key)\": " + (value == value.rounded() ? "\(Int(value))" : "\(value)")
      }
      members["rope_scaling"] = "{\"rope_type\": \"llama3\", \(numbers.joined(separator: ", "))}"
    }
    members.merge(extra) { $1 }
    let lines = members.sorted { $0.key < $1.key }.map { "  \"\($0)\": \($1)" }
    return "{\n\(lines.joined(separator: ",\n"))\n}\n"
  }

  /// Writes `config.json` and `model.safetensors` into a directory.
  func write(to directory: String) throws {
    try Data(configuration().utf8).write(to: URL(fileURLWithPath: directory + "/config.json"))
    let weights = self.weights
    try SafetensorsWriter.write(
      shapes.map { ($0.name, Tensor(weights[$0.name] ?? [], shape: $0.shape)) },
      to: directory + "/model.safetensors")
  }
}
