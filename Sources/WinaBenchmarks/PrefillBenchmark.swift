import Foundation
import WinaModel
import WinaPipeline
import WinaTensor

/// One forward pass over a sample, against its matrix products alone.
enum PrefillBenchmark: Benchmark {
  static let name = "prefill"

  private static let tokens = 256

  /// The shape of a small Llama: the extents of its matrices, outputs first.
  private enum Shape {
    static let (layers, hidden, heads, keyValueHeads, headSize) = (6, 192, 6, 3, 32)
    static let (feedForward, vocabulary) = (512, 4096)

    static let projections: [(name: String, outputs: Int, inputs: Int)] = [
      ("self_attn.q_proj", heads * headSize, hidden),
      ("self_attn.k_proj", keyValueHeads * headSize, hidden),
      ("self_attn.v_proj", keyValueHeads * headSize, hidden),
      ("self_attn.o_proj", hidden, heads * headSize),
      ("mlp.gate_proj", feedForward, hidden), ("mlp.up_proj", feedForward, hidden),
      ("mlp.down_proj", hidden, feedForward),
    ]
  }

  static func cases() throws -> [BenchmarkCase] {
    let folder = try BenchmarkFolder()
    try writeModel(to: folder.path)
    let model = try LanguageModel.load(directory: folder.path)
    let workspace = ForwardWorkspace()
    var numbers = RandomNumbers(seed: 7)
    let ids = (0..<tokens).map { _ in
      Int32.random(in: 0..<Int32(Shape.vocabulary), using: &numbers)
    }
    let first = try model.forward(ids, ForwardRequest(), workspace: workspace).logits
    let second = try model.forward(ids, ForwardRequest(), workspace: workspace).logits
    guard first == second, first.count == tokens * Shape.vocabulary, first.allSatisfy(\.isFinite)
    else { throw BenchmarkError(description: "prefill: the logits are wrong") }

    let products = matrixProducts(&numbers)
    return [
      BenchmarkCase(
        parameters: [
          "batch": .int(1), "tokens": .int(tokens), "layers": .int(Shape.layers),
          "hidden": .int(Shape.hidden), "vocabulary": .int(Shape.vocabulary),
        ],
        amount: Double(tokens), unit: "tokens/s",
        run: {
          try seconds {
            _ = try model.forward(ids, ForwardRequest(), workspace: workspace)
          }
        },
        baselineName: "sgemm of the same shapes",
        runBaseline: { seconds { for product in products { product() } } })
    ]
  }

  /// Returns the products of a pass, with matrices of random numbers.
  private static func matrixProducts(_ numbers: inout RandomNumbers) -> [() -> Void] {
    var shapes = Array(repeating: Shape.projections, count: Shape.layers).flatMap(\.self)
    shapes.append(("lm_head", Shape.vocabulary, Shape.hidden))
    return shapes.map { shape in
      let inputs = numbers.normals(tokens * shape.inputs)
      let weights = numbers.normals(shape.outputs * shape.inputs)
      var outputs = [Float](repeating: 0, count: tokens * shape.outputs)
      return {
        BLAS.multiplyTransposed(
          inputs, MatrixLayout(rows: tokens, columns: shape.inputs), weights,
          MatrixLayout(rows: shape.outputs, columns: shape.inputs), into: &outputs,
          MatrixLayout(rows: tokens, columns: shape.outputs))
      }
    }
  }

  /// Writes a model of random weights as a Hugging Face directory.
  private static func writeModel(to path: String) throws {
    let configuration: JSONValue = .object([
      "architectures": .array([.string("LlamaForCausalLM")]), "model_type": .string("llama"),
      "hidden_act": .string("silu"), "hidden_size": .int(Shape.hidden),
      "intermediate_size": .int(Shape.feedForward), "num_hidden_layers": .int(Shape.layers),
      "num_attention_heads": .int(Shape.heads), "num_key_value_heads": .int(Shape.keyValueHeads),
      "head_dim": .int(Shape.headSize), "vocab_size": .int(Shape.vocabulary),
      "max_position_embeddings": .int(512), "rms_norm_eps": .double(1e-5),
      "rope_theta": .double(10000), "tie_word_embeddings": .bool(true), "bos_token_id": .int(0),
      "eos_token_id": .int(0),
    ])
    try Data(configuration.canonicalText.utf8)
      .write(to: URL(fileURLWithPath: path + "/config.json"))
    var numbers = RandomNumbers(seed: 6)
    func matrix(_ outputs: Int, _ inputs: Int) -> Tensor {
      Tensor(numbers.normals(outputs * inputs).map { $0 * 0.02 }, shape: [outputs, inputs])
    }
    let ones = Tensor([Float](repeating: 1, count: Shape.hidden), shape: [Shape.hidden])
    var tensors: [(name: String, tensor: Tensor)] = [
      ("model.embed_tokens.weight", matrix(Shape.vocabulary, Shape.hidden)),
      ("model.norm.weight", ones),
    ]
    for layer in 0..<Shape.layers {
      let prefix = "model.layers.\(layer)."
      for projection in Shape.projections {
        tensors.append(
          (
            "\(prefix)\(projection.name).weight", matrix(projection.outputs, projection.inputs)
          ))
      }
      tensors.append((prefix + "input_layernorm.weight", ones))
      tensors.append((prefix + "post_attention_layernorm.weight", ones))
    }
    try SafetensorsWriter.write(tensors, to: path + "/model.safetensors")
  }
}
