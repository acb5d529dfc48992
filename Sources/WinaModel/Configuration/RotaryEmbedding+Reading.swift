import Glibc

extension RotaryEmbedding {
  /// The keys of a `config.json` that say how positions turn queries and keys.
  static let keys: Set<String> = [
    "rope_theta", "rope_scaling", "rope_parameters", "partial_rotary_factor",
    "original_max_position_embeddings",
  ]
  private static let parameterKeys: Set<String> = [
    "rope_type", "type", "rope_theta", "partial_rotary_factor", "factor", "low_freq_factor",
    "high_freq_factor", "original_max_position_embeddings", "attention_factor", "beta_fast",
    "beta_slow", "mscale", "mscale_all_dim", "truncate", "finetuned",
  ]

  /// Reads `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (transformers 4).
  ///
  /// - Parameters:
  ///   - section: The root of the configuration.
  ///   - headSize: The width of a head, E.
  ///   - contextLength: The longest sequence.
  ///   - types: The types that the family may have.
  static func read(
    _ section: ConfigurationSection, headSize: Int, contextLength: Int, types: [String]
  ) throws(ModelError) -> RotaryEmbedding {
    // Where both layouts are there, transformers goes by the older unless it is empty.
    var parameters = try section.section("rope_scaling")
    if parameters?.values.isEmpty != false { parameters = try section.section("rope_parameters") }
    let outer = try section.number("rope_theta", above: 0, default: 10_000)
    let share = try section.number("partial_rotary_factor", default: 1)
    guard let parameters else {
      return try make(section, base: outer, share: share, headSize: headSize)
    }
    let type = try type(parameters, types)
    try parameters.refuseUnknownKeys(parameterKeys)
    var rope = try make(
      parameters, base: try parameters.number("rope_theta", above: 0, default: outer),
      share: try parameters.number("partial_rotary_factor", default: share), headSize: headSize)
    switch type {
    // Stretches only beyond the model's context, which is never exceeded here.
    case "dynamic": _ = try parameters.number("factor", above: 0)
    case "linear": rope.scaling = .linear(factor: try parameters.number("factor", above: 0))
    case "llama3": rope.scaling = try llama3(parameters, section, contextLength: contextLength)
    case "yarn":
      try rope.readYaRN(
        parameters, original: try originalContext(parameters, section, contextLength),
        contextLength: contextLength)
    default: break
    }
    guard rope.magnitude.isFinite, rope.frequencies().allSatisfy(\.isFinite) else {
      throw .invalid(
        "\(section.path): '\(parameters.prefix)rope_theta' \(rope.base) and the scaling beside it "
          + "give a frequency that is no finite number")
    }
    return rope
  }

  private static func type(
    _ parameters: ConfigurationSection, _ types: [String]
  ) throws(ModelError) -> String {
    let key = parameters["rope_type"] != nil ? "rope_type" : "type"
    let type = try parameters.string(key) ?? "default"
    guard types.contains(type) else {
      let advice =
        type == "longrope" || type == "su"
        ? "; use the variant of the model that was made for a short context" : ""
      throw .unsupported(
        "\(parameters.path): '\(parameters.prefix)\(key)' is '\(type.prefix(60))', which is not "
          + "implemented for this family",
        hint: "supported: \(types.joined(separator: ", "))\(advice)")
    }
    return type
  }

  private static func make(
    _ section: ConfigurationSection, base: Double, share: Double, headSize: Int
  ) throws(ModelError) -> RotaryEmbedding {
    let key = "\(section.prefix)partial_rotary_factor"
    guard share > 0, share <= 1 else {
      throw .invalid("\(section.path): '\(key)' is \(share), not above 0 and at most 1")
    }
    let width = Int(Double(headSize) * share)
    guard width > 0, width.isMultiple(of: 2) else {
      throw .invalid(
        "\(section.path): '\(key)' is \(share), which turns \(width) of \(headSize) values of a "
          + "head",
        hint: "it must be an even number of at least 2")
    }
    return RotaryEmbedding(base: base, width: width)
  }

  /// The context before it was stretched, for which a key beside the parameters has the last word.
  private static func originalContext(
    _ parameters: ConfigurationSection, _ section: ConfigurationSection, _ contextLength: Int
  ) throws(ModelError) -> Double {
    let key = "original_max_position_embeddings"
    let inner = try parameters.size(key, default: contextLength)
    return Double(try section.size(key, default: inner))
  }

  private static func llama3(
    _ parameters: ConfigurationSection, _ section: ConfigurationSection, contextLength: Int
  ) throws(ModelError) -> Scaling {
    let low = try parameters.number("low_freq_factor", above: 0)
    return .llama3(
      factor: try parameters.number("factor", above: 0), low: low,
      high: try parameters.number("high_freq_factor", above: low),
      originalContext: try originalContext(parameters, section, contextLength))
  }

  private mutating func readYaRN(
    _ parameters: ConfigurationSection, original: Double, contextLength: Int
  ) throws(ModelError) {
    let factor = try parameters.number(
      "factor", above: 0, default: Double(contextLength) / original)
    let fast = try parameters.number("beta_fast", above: 0, default: 32)
    let slow = try parameters.number("beta_slow", above: 0, default: 1)
    let isWhole = try parameters.bool("truncate", default: !parameters.contains("truncate"))
    guard base > 1 else {
      throw .invalid(
        "\(parameters.path): 'rope_theta' is \(base), not above 1, as YaRN needs it to be")
    }
    // The pair whose wave turns this often within the original context.
    let dimension = Double(width)
    let theta = base
    func pair(turns: Double) -> Double {
      dimension * log(original / (turns * 2 * Double.pi)) / (2 * log(theta))
    }
    var (low, high) = (pair(turns: fast), pair(turns: slow))
    if isWhole { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    (low, high) = (max(low, 0), min(high, dimension - 1))
    if low == high { high += 0.001 }
    scaling = .yarn(factor: factor, low: low, high: high)
    magnitude = try Self.magnitude(parameters, factor: factor)
  }

  private static func magnitude(
    _ parameters: ConfigurationSection, factor: Double
  ) throws(ModelError) -> Double {
    if parameters["attention_factor"] != nil {
      return try parameters.number("attention_factor", above: 0)
    }
    func scale(_ weight: Double) -> Double { factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1 }
    let some = try parameters.number("mscale", default: 0)
    let all = try parameters.number("mscale_all_dim", default: 0)
    return some != 0 && all != 0 ? scale(some) / scale(all) : scale(1)
  }
}
