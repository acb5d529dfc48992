import Foundation
import Glibc
import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// What is said of checkpoints that are damaged, quantised or of another kind, word for word.
struct CheckpointErrorTests {
  private let tiny = TinyModel(
    layers: 1, hidden: 8, heads: 2, keyValueHeads: 1, headSize: 4, feedForward: 12, vocabulary: 16,
    contextLength: 32)

  /// Returns the error of a directory, in which `$` stands for the directory's path.
  private func message(_ directory: TemporaryDirectory) -> String {
    do {
      _ = try LanguageModel.load(directory: directory.path)
      return "no error"
    } catch {
      return error.description.replacingOccurrences(of: directory.path, with: "$")
    }
  }

  private func message(configuration: String) throws -> String {
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    try directory.write(configuration, to: "config.json")
    return message(directory)
  }

  @Test(
    arguments: [
      (
        "quantization_config", "{\"quant_method\": \"gptq\", \"bits\": 4}",
        "the checkpoint is quantised ('quantization_config.quant_method' is 'gptq') (use a checkpoint "
          + "with f32, f16 or bf16 weights)"
      ),
      (
        "compression_config", "{\"format\": \"int8\"}",
        "the checkpoint is quantised ('compression_config' is an object) (use a checkpoint with f32, "
          + "f16 or bf16 weights)"
      ),
      (
        "model_type", "\"mamba\"",
        "'model_type' is 'mamba', an architecture that is not implemented (supported: llama, mistral, "
          + "qwen2, qwen3, phi3)"
      ),
      (
        "architectures", "[\"LlamaModel\"]",
        "'architectures' lists 'LlamaModel', which is not implemented (supported: LlamaForCausalLM)"
      ),
      (
        "num_hidden_layers", "2147483647",
        "'num_hidden_layers' is 2147483647, not at most 10000"
      ),
      ("num_attention_heads", "4611686018427387904", nil),
      ("head_dim", "2147483646", "'head_dim' is 2147483646, not at most 65536"),
      (
        "partial_rotary_factor", "1e300",
        "'partial_rotary_factor' is 1e+300, not above 0 and at most 1"
      ),
      ("rms_norm_eps", "1e39", "'rms_norm_eps' is 1e+39, not between 0 and 1"),
      ("rope_theta", "-1", "'rope_theta' is -1.0, not above 0.0"),
      (
        "rope_scaling", "{\"type\": \"linear\", \"factor\": 1e-310}",
        "'rope_scaling.rope_theta' 10000.0 and the scaling beside it give a frequency that is no "
          + "finite number"
      ),
      (
        "rope_scaling", "{\"type\": \"yarn\", \"factor\": 2, \"beta_fast\": 0}",
        "'rope_scaling.beta_fast' is 0.0, not above 0.0"
      ),
    ] as [(String, String, String?)])
  func configurationsAreRefusedWithTheKey(key: String, value: String, text: String?) throws {
    let message = try message(configuration: tiny.configuration([key: value]))
    if let text {
      #expect(message == "$/config.json: \(text)")
    } else {
      #expect(message.hasPrefix("$/config.json: '\(key)' is \(value), not "))
    }
  }

  @Test func textsThatAreNoConfigurationAreErrors() throws {
    let deep = String(repeating: "[", count: 100_000)
    let cases: [(text: String, part: String)] = [
      ("", "$/config.json: invalid JSON at byte 0: unexpected end of the file"),
      ("[1]", "$/config.json: not a JSON object, but an array of 1"),
      ("{\"hidden_size\": 1e999}", "$/config.json: invalid JSON at byte 16: expected a value"),
      ("{\"a\": \(deep)", "$/config.json: invalid JSON at byte 69: nested too deeply"),
      (
        "{\"hidden_size\": 8, \"hidden_size\": 16}",
        "$/config.json: 'hidden_size' is there twice (keep one of the two)"
      ),
      (
        "{\"rope_scaling\": {\"factor\": 8, \"factor\": 16}}",
        "$/config.json: 'rope_scaling.factor' is there twice"
      ),
    ]
    let long = "{\"a\": [\(String(repeating: "0,", count: 1 << 21))0]}"
    #expect(
      try message(configuration: long)
        == "$/config.json: \(long.utf8.count) bytes are above the limit of 4194304")
    for (text, part) in cases {
      let message = try message(configuration: text)
      #expect(message.hasPrefix(part))
    }
  }

  private func rewrite(
    _ directory: TemporaryDirectory, configuration: [String: String] = [:],
    _ change: (String, Tensor) throws -> [(name: String, tensor: Tensor)]
  ) throws -> String {
    try tiny.write(to: directory.path)
    try directory.write(tiny.configuration(configuration), to: "config.json")
    let file = try SafetensorsFile(path: directory.file("model.safetensors"))
    let tensors = try file.names.flatMap { try change($0, file.tensor($0)) }
    try SafetensorsWriter.write(tensors, to: directory.file("model.safetensors"))
    return message(directory)
  }

  @Test func quantisedTensorsAreNamed() throws {
    let directory = try TemporaryDirectory()
    let name = "model.layers.0.mlp.up_proj.weight"
    let bytes = try rewrite(directory) { known, tensor in
      let packed = try Tensor(
        bytes: [UInt8](repeating: 1, count: tensor.count), elementType: .int8, shape: tensor.shape)
      return [(known, known == name ? packed : tensor)]
    }
    #expect(
      bytes == "$/model.safetensors: tensor '\(name)' is I8 (weights are F32, F16 or BF16)")
    let scale = try rewrite(directory) { known, tensor in
      let scale = (name: known + "_scale", tensor: Tensor([Float(1)], shape: [1]))
      return [(name: known, tensor: tensor)] + (known == name ? [scale] : [])
    }
    #expect(
      scale
        == "$/model.safetensors: tensor '\(name)_scale' is no part of a llama decoder of 1 layers as "
        + "config.json describes it (the checkpoint is quantised; use one with f32, f16 or bf16 "
        + "weights)")
    let header = "{\"\(name)\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}}"
    try directory.write(
      CheckpointBytes.safetensors(header: Array(header.utf8), data: Array(repeating: 0, count: 8)),
      to: "model.safetensors")
    #expect(
      message(directory)
        == "$/model.safetensors: tensor '\(name)' has the unknown dtype 'F8_E4M3' (quantised "
        + "checkpoints cannot be read)")
  }

  @Test func missingExtraAndSpoiltTensorsAreNamed() throws {
    let directory = try TemporaryDirectory()
    let missing = try rewrite(directory) { $0 == "model.norm.weight" ? [] : [($0, $1)] }
    #expect(
      missing
        == "$/model.safetensors: tensor 'model.norm.weight' is missing (config.json asks for it; are "
        + "all files of the checkpoint there?)")
    let headless = try rewrite(directory) { $0 == "lm_head.weight" ? [] : [($0, $1)] }
    #expect(
      headless
        == "$/model.safetensors: tensor 'lm_head.weight' is missing (if the head is the embedding, set "
        + "'tie_word_embeddings' to true in config.json)")
    let shape = try rewrite(directory, configuration: ["vocab_size": "17"]) { [($0, $1)] }
    #expect(
      shape
        == "$/model.safetensors: tensor 'model.embed_tokens.weight' has the shape [16, 8], but "
        + "config.json asks for [17, 8]")
    let biases = try rewrite(directory, configuration: ["attention_bias": "true"]) { [($0, $1)] }
    #expect(
      biases.hasPrefix("$/model.safetensors: tensor 'model.layers.0.self_attn.q_proj.bias' is"))
    let untied = try rewrite(directory, configuration: ["tie_word_embeddings": "true"]) {
      [($0, $1)]
    }
    #expect(
      untied
        == "$/model.safetensors: tensor 'lm_head.weight' differs from 'model.embed_tokens.weight', but "
        + "config.json ties the two (set 'tie_word_embeddings' to false if the head is its own)")
    for value in [Float.nan, .infinity, -.infinity] {
      let spoilt = try rewrite(directory) { name, tensor in
        guard name == "model.norm.weight" else { return [(name, tensor)] }
        return [(name, Tensor([1, 1, 1, value, 1, 1, 1, 1], shape: [8]))]
      }
      #expect(
        spoilt
          == "$/model.safetensors: tensor 'model.norm.weight' holds a weight that is no finite number, "
          + "element 3 (the checkpoint is damaged or its training diverged)")
    }
  }

  /// Checkpoints hold either of two tied tensors, or both.
  @Test func eitherOfTwoTiedTensorsIsEnough() throws {
    let directory = try TemporaryDirectory()
    var logits: [[Float]] = []
    for kept in [
      ["model.embed_tokens.weight"], ["lm_head.weight"],
      ["model.embed_tokens.weight", "lm_head.weight"],
    ] {
      let message = try rewrite(directory, configuration: ["tie_word_embeddings": "true"]) {
        if $0 == "lm_head.weight" { return [] }
        return $0 == "model.embed_tokens.weight"
          ? kept.map { [tensor = $1] in ($0, tensor) } : [($0, $1)]
      }
      #expect(message == "no error")
      let model = try LanguageModel.load(directory: directory.path)
      let result = try model.forward([3, 1], ForwardRequest(), workspace: ForwardWorkspace())
      logits.append(result.logits)
    }
    #expect(logits[0] == logits[1] && logits[0] == logits[2])
  }

  @Test func brokenIndicesAreErrors() throws {
    let cases: [(change: (String) -> String, message: String)] = [
      (
        { $0.replacingOccurrences(of: "weight_map", with: "map") },
        "$/model.safetensors.index.json: 'weight_map' is missing"
      ),
      (
        { $0.replacingOccurrences(of: "\"a.safetensors\"", with: "7") },
        "$/model.safetensors.index.json: 'weight_map.lm_head.weight' is 7, not a text"
      ),
      (
        { $0.replacingOccurrences(of: "\"a.safetensors\"", with: "\"../a\"") },
        "$/model.safetensors.index.json: tensor 'lm_head.weight' is not in a file of the same directory"
      ),
      (
        { $0.replacingOccurrences(of: "a.safetensors", with: "c.safetensors") },
        "cannot read '$/c.safetensors': No such file or directory ('$/model.safetensors.index.json' "
          + "names it; are all files of the checkpoint there?)"
      ),
      (
        { $0.replacingOccurrences(of: "\"lm_head.weight\"", with: "\"head\"") },
        "$/a.safetensors: tensor 'head' is missing, though the index names it"
      ),
      (
        { $0.replacingOccurrences(of: "\"lm_head.weight\": \"a.safetensors\", ", with: "") },
        "$/a.safetensors: tensor 'lm_head.weight' is not where the index says (fetch the index and the "
          + "shards of one revision)"
      ),
      (
        {
          $0.replacingOccurrences(of: "{\"lm", with: "{\"lm_head.weight\": \"b.safetensors\", \"lm")
        },
        "$/model.safetensors.index.json: 'weight_map.lm_head.weight' is there twice (keep one of the two)"
      ),
      (
        { String($0.dropLast(3)) },
        "$/model.safetensors.index.json: invalid JSON at byte"
      ),
    ]
    let base = try CheckpointBytes.sharded()
    let directory = try TemporaryDirectory()
    for (name, file) in base.files { try directory.write(file, to: name) }
    #expect(message(directory) == "no error")
    let name = "model.safetensors.index.json"
    let index = String(decoding: try #require(base.files[name]), as: UTF8.self)
    for (change, expected) in cases {
      try directory.write(change(index), to: name)
      let message = message(directory)
      #expect(message.hasPrefix(expected))
    }
  }

  @Test func whatIsNoFileIsAnErrorAtOnce() throws {
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    let path = directory.file("model.safetensors")
    try FileManager.default.removeItem(atPath: path)
    #expect(mkfifo(path, 0o600) == 0)
    #expect(message(directory) == "cannot read '$/model.safetensors': not a regular file")
    try FileManager.default.removeItem(atPath: directory.file("config.json"))
    #expect(mkfifo(directory.file("config.json"), 0o600) == 0)
    #expect(message(directory).hasPrefix("cannot read '$/config.json'"))
  }
}
