import Foundation
import WinaModel
import WinaPipeline
import WinaStages
import WinaTestSupport

/// A small random model, three sets of toy documents, and the means to run stages on them.
struct StageLab {
  static let labels = ["first", "middle", "last"]
  static let routeTokens = 8
  static let densePrefix = 1

  let context: MemoryContext
  let model: Leaf
  let tokenizer: Leaf
  private let directory: TemporaryDirectory

  init() throws {
    context = try MemoryContext()
    directory = try TemporaryDirectory()
    var tiny = TinyModel()
    tiny.vocabulary = 256
    try tiny.write(to: directory.path)
    try directory.write(StageLab.tokenizerJSON, to: "tokenizer.json")
    let digest = SHA256.digest(of: directory.path)
    model = Leaf(format: ModelFiles.format, digest: digest, location: directory.path)
    tokenizer = Leaf(format: TokenizerFiles.format, digest: digest, location: directory.path)
  }

  var language: LanguageModel {
    get throws { try LanguageModel.load(directory: directory.path) }
  }

  /// A byte-level tokenizer whose ids are the values of the bytes.
  private static var tokenizerJSON: String {
    let printable = Set(Array(33...126) + Array(161...172) + Array(174...255))
    var others = 0
    let tokens = (0..<256).map { byte -> String in
      var value = byte
      if !printable.contains(byte) {
        value = 256 + others
        others += 1
      }
      let scalar = Unicode.Scalar(UInt32(value)).map(String.init) ?? "?"
      return JSONValue.string(scalar).canonicalText + ": \(byte)"
    }
    return """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
       "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
       "post_processor": null, "decoder": {"type": "ByteLevel"},
       "model": {"type": "BPE", "vocab": {\(tokens.joined(separator: ", "))}, "merges": []}}
      """
  }

  /// Documents of three labels in turn, each label with letters of its own.
  static func records(_ count: Int, seed: UInt64 = 1) -> [SampleRecord] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { index in
      let letters = Array("abcdefgh ijklmnop qrstuvwx").map(String.init)
      let own = letters[(index % 3) * 9..<min(26, (index % 3) * 9 + 8)]
      let text = (0..<Int.random(in: 40...70, using: &generator))
        .map { _ in own.randomElement(using: &generator) ?? "?" }.joined()
      let bytes = Array("{\"text\": \"\(text)\"}".utf8)
      return SampleRecord(
        digest: SHA256.digest(of: bytes), label: labels[index % 3], bytes: bytes,
        isPlainText: false, task: nil, origin: "toy.jsonl:\(index + 1)")
    }
  }

  /// Questions with two choices.
  static func questions(_ count: Int, seed: UInt64 = 1) -> [SampleRecord] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { index in
      let word = { (length: Int) in
        (0..<length).map { _ in "abcdefgh".randomElement(using: &generator).map(String.init) ?? "" }
          .joined()
      }
      let bytes = Array(
        #"{"query": "\#(word(14))", "choices": ["\#(word(4))", "\#(word(6))"], "gold": \#(index % 2)}"#
          .utf8)
      return SampleRecord(
        digest: SHA256.digest(of: bytes), label: "piqa", bytes: bytes, isPlainText: false,
        task: "piqa", origin: "piqa.jsonl:\(index + 1)")
    }
  }

  /// Runs one task and stores its output.
  func run(
    _ kind: String, _ params: JSONValue = .object([:]), _ inputs: [String: [BoundInput]]
  ) throws -> ContentDigest {
    guard let stage = StageCatalog.registry[kind] else {
      throw ArtifactError("there is no stage '\(kind)'")
    }
    return context.store(try stage.run(params: params, bindings: inputs, context: context))
  }

  func load<Value: Artifact>(_ digest: ContentDigest, as type: Value.Type) throws -> Value {
    try Value(decoding: context.payload(digest))
  }
}

extension StageLab {
  /// A shard: the tokens of its records and their first pass.
  struct Shard {
    var tokens: ContentDigest
    var capture: ContentDigest
  }

  static let allSlots: JSONValue = [
    "stream.attn_in", "stream.o_in", "stream.mlp_in", "stream.down_in", "weighted.k_proj",
    "weighted.gate_proj", "gate",
  ]

  /// The slots of score `wina`.
  static let centredSlots: JSONValue = [
    "stream.attn_in", "stream.o_in", "stream.mlp_in", "stream.down_in", "weighted.k_proj",
    "weighted.gate_proj",
  ]

  func tokenize(_ records: [SampleRecord]) throws -> ContentDigest {
    try run(
      "tokenize",
      [
        "max_tokens": 64, "dense_prefix": .int(StageLab.densePrefix),
        "route_tokens": .int(StageLab.routeTokens),
      ], ["records": [.leaf(context.store(records))], "tokenizer": [.leaf(tokenizer)]])
  }

  /// A pass of capture over tokens, the first or a second one.
  func capture(
    _ tokens: ContentDigest, slots: JSONValue = StageLab.allSlots, centring: String? = nil,
    exact: Bool = false, means: ContentDigest? = nil, clusters: ContentDigest? = nil,
    uncentred: ContentDigest? = nil
  ) throws -> ContentDigest {
    var params: [String: JSONValue] = ["slots": slots]
    params["centring"] = centring.map(JSONValue.string)
    if exact { params["exact"] = true }
    var inputs: [String: [BoundInput]] = ["tokens": [.artifact(tokens)], "model": [.leaf(model)]]
    inputs["means"] = means.map { [.artifact($0)] }
    inputs["clusters"] = clusters.map { [.artifact($0)] }
    inputs["uncentred"] = uncentred.map { [.artifact($0)] }
    return try run("capture", .object(params), inputs)
  }

  /// Shards of documents with their first pass.
  func shards(_ records: [SampleRecord], sizes: [Int]) throws -> [Shard] {
    var rest = records[...]
    return try sizes.map { size in
      let tokens = try tokenize(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
      return Shard(tokens: tokens, capture: try capture(tokens))
    }
  }

  func kmeans(_ shards: [Shard], k: Int = 3) throws -> ContentDigest {
    try run(
      "cluster",
      [
        "algorithm": "kmeans", "k": .int(k), "seed": 1, "score": "wina", "pca": 8,
        "n_init": 4,
      ], ["capture": shards.map { .artifact($0.capture) }])
  }

  func histogram(
    _ captures: [ContentDigest], groups: ContentDigest? = nil
  ) throws -> ContentDigest {
    var inputs = ["capture": captures.map(BoundInput.artifact)]
    inputs["groups"] = groups.map { [.artifact($0)] }
    return try run("histogram", [:], inputs)
  }

  func profile(
    _ histogram: ContentDigest, score: String = "wina", sparsity: Double,
    gate: String = "threshold",
    centring: String = "none", means: ContentDigest? = nil
  ) throws -> ContentDigest {
    var inputs: [String: [BoundInput]] = [
      "histogram": [.artifact(histogram)], "model": [.leaf(model)],
    ]
    inputs["means"] = means.map { [.artifact($0)] }
    return try run(
      "profile",
      [
        "score": .string(score), "sparsity": .double(sparsity), "gate": .string(gate),
        "centring": .string(centring), "min_tokens": 10,
      ], inputs)
  }

  /// Scores a shard with the dense model, or with a profile against the dense scores.
  func evaluate(
    _ shard: Shard, route: String? = nil, profile: ContentDigest? = nil,
    dense: ContentDigest? = nil, clusters: ContentDigest? = nil, router: ContentDigest? = nil,
    fallback: ContentDigest? = nil, policy: [String: JSONValue] = [:]
  ) throws -> ContentDigest {
    var inputs: [String: [BoundInput]] = [
      "tokens": [.artifact(shard.tokens)], "model": [.leaf(model)],
    ]
    inputs["profile"] = profile.map { [.artifact($0)] }
    inputs["dense"] = dense.map { [.artifact($0)] }
    inputs["clusters"] = clusters.map { [.artifact($0)] }
    inputs["router"] = router.map { [.artifact($0)] }
    inputs["fallback"] = fallback.map { [.artifact($0)] }
    if clusters != nil { inputs["capture"] = [.artifact(shard.capture)] }
    var params = policy
    params["route"] = route.map(JSONValue.string)
    return try run("evaluate", .object(params), inputs)
  }

  /// Trains a router, or makes what one is trained on.
  func classifier(
    _ shard: Shard, _ params: [String: JSONValue], clusters: ContentDigest? = nil,
    more: [String: ContentDigest] = [:]
  ) throws -> ContentDigest {
    var inputs = more.mapValues { [BoundInput.artifact($0)] }
    inputs["tokens"] = [.artifact(shard.tokens)]
    inputs["model"] = [.leaf(model)]
    if let clusters {
      inputs["labels"] = [.artifact(clusters)]
      inputs["capture"] = [.artifact(shard.capture)]
    }
    return try run("classifier", .object(params), inputs)
  }
}
