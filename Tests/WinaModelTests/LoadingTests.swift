import Foundation
import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// Configurations and checkpoints that are wrong, and those that are merely different.
struct LoadingTests {
  private let tiny = TinyModel()

  private func message(_ directory: TemporaryDirectory) -> String {
    do {
      _ = try LanguageModel.load(directory: directory.path)
      return "no error"
    } catch { return error.message }
  }

  @Test(arguments: [
    ("attention_bias", "\"yes\""), ("mlp_bias", "1"), ("hidden_act", "\"gelu\""),
    ("quantization_config", "{\"bits\": 4}"), ("model_type", "\"mamba\""),
    ("architectures", "[\"LlamaForSequenceClassification\"]"), ("sliding_window", "128"),
    ("rope_scaling", "{\"rope_type\": \"longrope\", \"long_factor\": [1]}"),
    ("rope_scaling", "{\"rope_type\": \"linear\", \"factor\": 2, \"novel\": 3}"), ("novel", "3"),
    ("layer_types", "[\"sliding_attention\"]"), ("num_key_value_heads", "3"),
    ("hidden_size", "-1"), ("hidden_size", "\"24\""), ("head_dim", "5"),
    ("num_hidden_layers", "null"), ("rope_theta", "0"), ("eos_token_id", "\"x\""),
    ("partial_rotary_factor", "0.5"),
  ])
  func whatWouldChangeTheComputationIsAnErrorThatNamesTheKey(key: String, value: String) throws {
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    try directory.write(tiny.configuration([key: value]), to: "config.json")
    let message = message(directory)
    #expect(message.contains(directory.path + "/config.json"))
    #expect(message.contains(key) || key == "rope_theta" || key == "rope_scaling")
  }

  @Test func bothLayoutsOfRopeAreEqual() throws {
    let directory = try TemporaryDirectory()
    let old = try directory.write(
      tiny.configuration([
        "rope_theta": "500.0",
        "rope_scaling": """
        {"type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32}
        """,
      ]), to: "old/config.json")
    let new = try directory.write(
      tiny.configuration([
        "rope_theta": "null",
        "rope_parameters": """
        {"rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
        """,
      ]), to: "new/config.json")
    let configuration = try ModelConfiguration.load(path: old)
    #expect(configuration == (try ModelConfiguration.load(path: new)))
    #expect(configuration.rope.base == 500)
    #expect(
      configuration.rope.scaling == .llama3(factor: 8, low: 1, high: 4, originalContext: 32))
    #expect(configuration.bosToken == 1 && configuration.eosTokens == [2])
  }

  @Test func eosMayBeAListAndHeadDimMayBeAbsent() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(
      tiny.configuration(["eos_token_id": "[2, 7]", "bos_token_id": "null", "head_dim": "null"]),
      to: "config.json")
    let configuration = try ModelConfiguration.load(path: path)
    #expect(configuration.eosTokens == [2, 7] && configuration.bosToken == nil)
    #expect(configuration.headSize == 6)
  }

  @Test(arguments: [ElementType.bfloat16, .float16])
  func halfPrecisionWeightsAreReadExactly(type: ElementType) throws {
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    var rounded: [String: [Float]] = [:]
    let tensors = try tiny.shapes.map { name, shape in
      let values = tiny.weights[name] ?? []
      let patterns =
        type == .float16
        ? Kernels.floatToHalf(values) : values.map { UInt16($0.bitPattern >> 16) }
      rounded[name] =
        type == .float16 ? Kernels.halfToFloat(patterns) : Kernels.bfloatToFloat(patterns)
      let bytes = patterns.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      return (name: name, tensor: try Tensor(bytes: bytes, elementType: type, shape: shape))
    }
    try SafetensorsWriter.write(tensors, to: directory.file("model.safetensors"))
    let model = try LanguageModel.load(directory: directory.path)
    #expect(
      model.weights(layer: 0, projection: .downProj)
        == rounded["model.layers.0.mlp.down_proj.weight"])
  }

  @Test func shardsWithAnIndexAreOneModel() throws {
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    let whole = try LanguageModel.load(directory: directory.path)
    let file = try SafetensorsFile(path: directory.file("model.safetensors"))
    var map: [String: String] = [:]
    for (shard, keep) in [("a.safetensors", 0), ("b.safetensors", 1)] {
      let names = file.names.enumerated().filter { $0.offset % 2 == keep }.map(\.element)
      for name in names { map[name] = shard }
      try SafetensorsWriter.write(
        try names.map { ($0, try file.tensor($0)) }, to: directory.file(shard))
    }
    try FileManager.default.removeItem(atPath: directory.file("model.safetensors"))
    let index = String(decoding: try JSONEncoder().encode(["weight_map": map]), as: UTF8.self)
    try directory.write(index, to: "model.safetensors.index.json")
    let model = try LanguageModel.load(directory: directory.path)
    let workspace = ForwardWorkspace()
    #expect(
      try model.forward([1, 2, 3], ForwardRequest(), workspace: workspace).logits
        == whole.forward([1, 2, 3], ForwardRequest(), workspace: workspace).logits)
    map["lm_head.weight"] = "../a.safetensors"
    let outside = String(decoding: try JSONEncoder().encode(["weight_map": map]), as: UTF8.self)
    try directory.write(outside, to: "model.safetensors.index.json")
    #expect(message(directory).contains("lm_head.weight"))
  }

  @Test func missingExtraAndMisshapenTensorsAreNamed() throws {
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    let file = try SafetensorsFile(path: directory.file("model.safetensors"))
    let all = try file.names.map { ($0, try file.tensor($0)) }
    func rewrite(_ tensors: [(String, Tensor)]) throws {
      try SafetensorsWriter.write(
        tensors.map { (name: $0.0, tensor: $0.1) }, to: directory.file("model.safetensors"))
    }
    let name = "model.layers.1.mlp.up_proj.weight"
    try rewrite(all.filter { $0.0 != name })
    #expect(message(directory).contains("'\(name)' is missing"))
    try rewrite(all + [("model.layers.0.self_attn.q_proj.bias", Tensor([Float(0)], shape: [1]))])
    #expect(message(directory).contains("q_proj.bias"))
    try rewrite(all.map { $0.0 == name ? (name, Tensor([Float(0)], shape: [1])) : $0 })
    #expect(message(directory).contains("'\(name)' has the shape [1]"))
    try rewrite(
      all.map {
        $0.0 == name ? (name, Tensor([Int32](repeating: 0, count: 864), shape: [36, 24])) : $0
      })
    #expect(message(directory).contains("'\(name)' is I32"))
  }

  @Test func damagedDirectoriesAreErrors() throws {
    let directory = try TemporaryDirectory()
    #expect(message(directory).contains("config.json"))
    try directory.write("{\"model_type\": ", to: "config.json")
    #expect(message(directory).contains("config.json: invalid JSON at byte 15"))
    try tiny.write(to: directory.path)
    let path = directory.file("model.safetensors")
    let bytes = try #require(FileManager.default.contents(atPath: path))
    for count in [0, 7, 8, 100, bytes.count / 2, bytes.count - 1] {
      try directory.write([UInt8](bytes.prefix(count)), to: "model.safetensors")
      #expect(message(directory).contains(path))
    }
    try FileManager.default.removeItem(atPath: path)
    #expect(message(directory).contains("holds no model.safetensors"))
  }
}
