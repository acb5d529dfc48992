import Foundation
import WinaModel
import WinaTensor
import WinaTestSupport

/// The files of a small checkpoint by name.
struct CheckpointBytes {
  var files: [String: [UInt8]]

  private static let tiny = TinyModel(
    layers: 1, hidden: 8, heads: 2, keyValueHeads: 1, headSize: 4, feedForward: 12, vocabulary: 16,
    contextLength: 32)

  /// A checkpoint in one file.
  static func single() throws -> CheckpointBytes {
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    return try CheckpointBytes(directory, ["config.json", "model.safetensors"])
  }

  /// A checkpoint in two files with an index.
  static func sharded() throws -> CheckpointBytes {
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    let file = try SafetensorsFile(path: directory.file("model.safetensors"))
    var map: [String] = []
    for (shard, isFirst) in [("a.safetensors", true), ("b.safetensors", false)] {
      let names = file.names.enumerated().filter { $0.offset.isMultiple(of: 2) == isFirst }
      map += names.map { "\"\($0.element)\": \"\(shard)\"" }
      try SafetensorsWriter.write(
        try names.map { ($0.element, try file.tensor($0.element)) }, to: directory.file(shard))
    }
    let index =
      "{\"metadata\": {\"total_size\": 9}, \"weight_map\": {\(map.joined(separator: ", "))}}"
    try directory.write(index, to: "model.safetensors.index.json")
    return try CheckpointBytes(
      directory,
      ["config.json", "model.safetensors.index.json", "a.safetensors", "b.safetensors"])
  }

  /// The configuration of a fixture without its weights.
  static func configuration(_ variant: String) throws -> CheckpointBytes {
    let path = FamilyTests.folder + "/" + variant + "/config.json"
    return CheckpointBytes(files: [
      "config.json": [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    ])
  }

  private init(files: [String: [UInt8]]) { self.files = files }

  private init(_ directory: TemporaryDirectory, _ names: [String]) throws {
    files = [:]
    for name in names {
      files[name] = [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory.file(name))))
    }
  }

  /// Joins a header and data to a safetensors file, whose length field tells the truth.
  static func safetensors(header: [UInt8], data: [UInt8]) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + data
  }
}

/// Damages a checkpoint where its readers look.
struct CheckpointMutator {
  var bytes: ByteMutator

  init(seed: UInt64) { bytes = ByteMutator(seed: seed) }

  private static let headerWords = [
    "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"F32\"", "\"F16\"", "\"BF16\"", "\"F64\"",
    "\"I8\"",
    "\"I64\"", "\"BOOL\"", "\"F8_E4M3\"", "\"F8_E5M2\"", "\"U4\"", "\"lm_head.weight\"",
    "\"model.norm.weight\"", "\"model.embed_tokens.weight\"", "[0,0]", "[8,0]", "[0,64]", "[16,8]",
    "[4,2,8]", "[9223372036854775807,9223372036854775807]", "[0,9223372036854775807]",
    "[-1,8]", "[0,-8]", "[]", "{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}",
  ]

  private static let indexWords = [
    "\"weight_map\"", "\"a.safetensors\"", "\"b.safetensors\"", "\"c.safetensors\"", "\"\"",
    "\".\"",
    "\"../a.safetensors\"", "\"config.json\"", "\"model.safetensors.index.json\"",
    "\"lm_head.weight\"", "\"a.safetensors\\u0000\"", "\"metadata\"",
  ]

  private static let configurationWords = [
    "\"llama\"", "\"mistral\"", "\"qwen2\"", "\"qwen3\"", "\"phi3\"", "\"gemma\"",
    "\"hidden_size\"",
    "\"num_attention_heads\"", "\"num_key_value_heads\"", "\"num_hidden_layers\"", "\"head_dim\"",
    "\"intermediate_size\"", "\"vocab_size\"", "\"max_position_embeddings\"", "\"rope_theta\"",
    "\"rope_scaling\"", "\"rope_parameters\"", "\"sliding_window\"", "\"use_sliding_window\"",
    "\"max_window_layers\"", "\"layer_types\"", "\"partial_rotary_factor\"", "\"attention_bias\"",
    "\"mlp_bias\"", "\"tie_word_embeddings\"", "\"rms_norm_eps\"", "\"eos_token_id\"",
    "\"quantization_config\"", "[\"full_attention\"]", "[\"sliding_attention\"]",
    "{\"type\":\"linear\",\"factor\":2}", "{\"type\":\"linear\",\"factor\":1e-310}",
    "{\"type\":\"dynamic\",\"factor\":2}", "{\"type\":\"yarn\",\"factor\":2,\"beta_fast\":1e300}",
    "{\"rope_type\":\"yarn\",\"original_max_position_embeddings\":1,\"beta_slow\":1e-310}",
    "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":1,\"high_freq_factor\":4}",
    "{\"rope_type\":\"default\",\"partial_rotary_factor\":1e300}",
    "{\"rope_type\":\"default\",\"partial_rotary_factor\":0.5,\"rope_theta\":1e-300}",
  ]

  /// Damages one file of a checkpoint or removes it, and returns its name.
  mutating func mutate(_ checkpoint: inout CheckpointBytes) -> String {
    let name = bytes.pick(checkpoint.files.keys.sorted())
    guard let file = checkpoint.files[name], !bytes.chance(1) else {
      checkpoint.files[name] = nil
      return name
    }
    if bytes.chance(10) {
      checkpoint.files[name] = bytes.damage(file)
    } else if name.hasSuffix(".safetensors") {
      checkpoint.files[name] = mutate(safetensors: file)
    } else {
      checkpoint.files[name] = bytes.mutate(
        json: file,
        words: name == "config.json" ? Self.configurationWords : Self.indexWords)
    }
    return name
  }

  private mutating func mutate(safetensors file: [UInt8]) -> [UInt8] {
    guard file.count > 8 else { return bytes.damage(file) }
    let length = min(Int(file[0]) | Int(file[1]) << 8 | Int(file[2]) << 16, file.count - 8)
    let header = Array(file[8..<(8 + length)])
    let data = Array(file[(8 + length)...])
    switch bytes.below(10) {
    case 0: return lengthField(length, of: file.count) + file[8...]
    case 1: return CheckpointBytes.safetensors(header: bytes.damage(header), data: data)
    case 2: return CheckpointBytes.safetensors(header: header, data: bytes.damage(data))
    case 3: return CheckpointBytes.safetensors(header: header, data: spoiled(data))
    default:
      let mutated = bytes.mutate(json: header, words: Self.headerWords)
      return bytes.chance(10)
        ? file[..<8] + mutated + data : CheckpointBytes.safetensors(header: mutated, data: data)
    }
  }

  private mutating func lengthField(_ length: Int, of size: Int) -> [UInt8] {
    let lengths: [UInt64] = [
      0, 1, 2, 8, UInt64(max(0, length - 1)), UInt64(length + 1), UInt64(size - 8),
      UInt64(size - 7), UInt64(size), 100_000_000, 100_000_001, 1 << 31, 1 << 32, 1 << 62,
      1 << 63, .max, .max - 7, bytes.generator.next(),
    ]
    let chosen = bytes.pick(lengths)
    return (0..<8).map { UInt8(truncatingIfNeeded: chosen >> UInt64(8 * $0)) }
  }

  /// Makes a weight NaN or infinite.
  private mutating func spoiled(_ data: [UInt8]) -> [UInt8] {
    guard data.count >= 4 else { return data }
    var data = data
    let place = bytes.below(data.count / 4) * 4
    data.replaceSubrange(
      place..<(place + 4),
      with: bytes.pick([[0, 0, 0xC0, 0x7F], [0, 0, 0x80, 0xFF], [1, 0, 0x80, 0x7F]]))
    return data
  }
}
