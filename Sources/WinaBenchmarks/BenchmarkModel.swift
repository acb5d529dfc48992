import Foundation
import WinaModel
import WinaPipeline
import WinaTensor

/// The shapes of Llama models that engines are compared on.
enum BenchmarkModel: String, CaseIterable {
  /// Hidden 288, 6 layers, vocabulary 32,000: fits into caches but for its head.
  case small
  /// Hidden 2048, 4 layers, grouped queries, vocabulary 32,000: read from memory.
  case medium

  private struct Shape {
    var layers: Int
    var hidden: Int
    var heads: Int
    var keyValueHeads: Int
    var feedForward: Int
    var vocabulary = 32_000
  }

  private var shape: Shape {
    switch self {
    case .small: Shape(layers: 6, hidden: 288, heads: 6, keyValueHeads: 6, feedForward: 768)
    case .medium: Shape(layers: 4, hidden: 2048, heads: 32, keyValueHeads: 4, feedForward: 5632)
    }
  }

  /// The outputs and inputs of all matrices that a token passes, the head last.
  var matrices: [(outputs: Int, inputs: Int)] {
    let shape = self.shape
    let keys = shape.hidden / shape.heads * shape.keyValueHeads
    let layer = [
      (shape.hidden, shape.hidden), (keys, shape.hidden), (keys, shape.hidden),
      (shape.hidden, shape.hidden), (shape.feedForward, shape.hidden),
      (shape.feedForward, shape.hidden), (shape.hidden, shape.feedForward),
    ]
    return Array(repeating: layer, count: shape.layers).flatMap(\.self)
      + [(shape.vocabulary, shape.hidden)]
  }

  /// The folder of a checkpoint: the peers' own if they are there, otherwise one that is written.
  func checkpoint(_ type: WeightType, in folder: BenchmarkFolder) throws -> String {
    let suffix = type == .float32 ? "f32" : "bf16"
    if let peers = Peers.shared { return "\(peers.folder)/models/\(rawValue)-\(suffix)" }
    let path = "\(folder.path)/\(rawValue)-\(suffix)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try write(type, to: path)
    return path
  }

  private func write(_ type: WeightType, to path: String) throws {
    let shape = self.shape
    let configuration: JSONValue = .object([
      "architectures": .array([.string("LlamaForCausalLM")]), "model_type": .string("llama"),
      "hidden_act": .string("silu"), "hidden_size": .int(shape.hidden),
      "intermediate_size": .int(shape.feedForward), "num_hidden_layers": .int(shape.layers),
      "num_attention_heads": .int(shape.heads), "num_key_value_heads": .int(shape.keyValueHeads),
      "vocab_size": .int(shape.vocabulary), "max_position_embeddings": .int(2048),
      "rms_norm_eps": .double(1e-5), "rope_theta": .double(10000),
      "tie_word_embeddings": .bool(false), "bos_token_id": .int(1), "eos_token_id": .int(2),
    ])
    try Data(configuration.canonicalText.utf8)
      .write(to: URL(fileURLWithPath: path + "/config.json"))
    var weights = RandomWeights(seed: 6)
    let ones = Tensor([Float](repeating: 1, count: shape.hidden), shape: [shape.hidden])
    var tensors: [(name: String, tensor: Tensor)] = [
      (
        "model.embed_tokens.weight",
        weights.tensor(shape.vocabulary, shape.hidden, type)
      ), ("lm_head.weight", weights.tensor(shape.vocabulary, shape.hidden, type)),
      ("model.norm.weight", ones),
    ]
    let names = [
      "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
      "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
    ]
    for (index, matrix) in matrices.dropLast().enumerated() {
      let (layer, number) = index.quotientAndRemainder(dividingBy: names.count)
      let prefix = "model.layers.\(layer)."
      tensors.append(
        (
          "\(prefix)\(names[number]).weight",
          weights.tensor(matrix.outputs, matrix.inputs, type)
        ))
      guard number == 0 else { continue }
      tensors.append((prefix + "input_layernorm.weight", ones))
      tensors.append((prefix + "post_attention_layernorm.weight", ones))
    }
    try SafetensorsWriter.write(tensors, to: path + "/model.safetensors")
  }
}
