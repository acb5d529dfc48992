import Testing
import WinaModel
import WinaTestSupport

/// Where two keys of a configuration speak of one thing, or a key is null, as transformers takes it.
struct ConfigurationReadingTests {
  private func read(
    _ type: String, _ members: [String: String]
  ) throws -> ModelConfiguration {
    let classes = [
      "llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3", "phi3": "Phi3",
    ]
    let directory = try TemporaryDirectory()
    let own = [
      "model_type": "\"\(type)\"", "architectures": "[\"\(classes[type] ?? "")ForCausalLM\"]",
    ]
    let path = try directory.write(
      TinyModel().configuration(own.merging(members) { $1 }), to: "config.json")
    return try ModelConfiguration.load(path: path)
  }

  private func expectRefusal(
    _ type: String, _ members: [String: String], _ part: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: ModelError.self, sourceLocation: sourceLocation) {
      try read(type, members)
    }
    #expect(error?.description.contains(part) == true, sourceLocation: sourceLocation)
  }

  @Test func theOlderLayoutOfRopeHasTheLastWordUnlessItIsEmpty() throws {
    let newer = "{\"rope_type\": \"default\", \"rope_theta\": 77.0}"
    let older = "{\"type\": \"linear\", \"factor\": 2.0}"
    let both = try read("llama", ["rope_scaling": older, "rope_parameters": newer])
    #expect(both.rope.scaling == .linear(factor: 2) && both.rope.base == 10_000)
    let empty = try read("llama", ["rope_scaling": "{}", "rope_parameters": newer])
    #expect(empty.rope.scaling == .none && empty.rope.base == 77)
  }

  @Test func theOriginalContextBesideTheParametersHasTheLastWord() throws {
    let llama3 = """
      {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0
      """
    let inner = llama3 + ", \"original_max_position_embeddings\": 16}"
    func context(_ members: [String: String]) throws -> Double {
      guard case .llama3(_, _, _, let context) = try read("llama", members).rope.scaling else {
        return 0
      }
      return context
    }
    #expect(try context(["rope_scaling": inner]) == 16)
    #expect(
      try context(["rope_scaling": inner, "original_max_position_embeddings": "32"]) == 32)
    #expect(try context(["rope_scaling": llama3 + "}"]) == 96)
  }

  @Test func aNullTruncationOfYaRNIsNone() throws {
    func scaling(_ more: String) throws -> RotaryEmbedding.Scaling {
      let yarn = "{\"rope_type\": \"yarn\", \"factor\": 4.0\(more)}"
      return try read("llama", ["rope_scaling": yarn]).rope.scaling
    }
    #expect(try scaling("") == scaling(", \"truncate\": true"))
    #expect(try scaling(", \"truncate\": null") == scaling(", \"truncate\": false"))
    #expect(try scaling("") != scaling(", \"truncate\": false"))
  }

  @Test(arguments: ["llama", "mistral", "qwen2", "qwen3", "phi3"])
  func nullKeyValueHeadsAreAsManyAsHeads(type: String) throws {
    #expect(try read(type, ["num_key_value_heads": "null"]).keyValueHeads == 4)
  }

  @Test func layersOfFamiliesWithoutKindsMustBeAlike() throws {
    let full = "[\"full_attention\", \"full_attention\"]"
    let sliding = "[\"sliding_attention\", \"sliding_attention\"]"
    for type in ["mistral", "phi3"] {
      #expect(
        try read(type, ["layer_types": full, "sliding_window": "null"]).windows == [nil, nil])
      #expect(try read(type, ["layer_types": sliding, "sliding_window": "4"]).windows == [4, 4])
      expectRefusal(
        type, ["layer_types": full, "sliding_window": "4"],
        "'layer_types' lists 'full_attention', but 'sliding_window' is set")
      expectRefusal(
        type, ["layer_types": sliding, "sliding_window": "null"],
        "'layer_types' lists 'sliding_attention', but there is no sliding window")
    }
    expectRefusal("llama", ["layer_types": sliding], "'layer_types' lists 'sliding_attention'")
  }

  @Test func whatPhi3DoesNotHaveIsRefused() throws {
    for scaling in ["linear", "dynamic", "yarn"] {
      expectRefusal(
        "phi3", ["rope_scaling": "{\"rope_type\": \"\(scaling)\", \"factor\": 2.0}"],
        "'rope_scaling.rope_type' is '\(scaling)'")
    }
    expectRefusal("phi3", ["interpolate_factor": "2"], "'interpolate_factor' is 2")
    #expect(try read("phi3", ["interpolate_factor": "1", "full_attn_mod": "1"]).layers == 2)
  }
}
