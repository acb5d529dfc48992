import Glibc

extension RotaryEmbedding {
  /// The keys of a `config.json` that say how positions turn queries and keys.
  static let keys: Set<String> = [
    "rope_theta", "rope_scaling", "rope_parameters", "partial_rotary_factor",
    "original_max_position_embeddings",
  ]
  private static let types = ["default", "linear", "dynamic", "llama3", "yarn"]
  private static let parameterKeys: Set<String> = [
    "rope_type", "type", "rope_theta", "partial_rotary_factor", "factor", "low_freq_factor",
    "high_freq_factor", "original_max_position_embeddings", "attention_factor", "beta_fast",
    "beta_slow", "mscale", "mscale_all_dim", "truncate", "finetuned",
  ]

  /// Reads `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (transformers 4).
  static func read(
    _ section: ConfigurationSection, headSize: Int, contextLength: Int
  ) throws(ModelError) -> RotaryEmbedding {
    let current = try section.section("rope_parameters")
    let older = try section.section("rope_scaling")
    let outer = try section.number("rope_theta", default: 10_000)
    let share = try section.number("partial_rotary_factor", default: 1)
    guard let parameters = current ?? older else {
      return try make(section, base: outer, share: share, headSize: headSize)
    }
    let named = try parameters.string("rope_type")
    let olderName = try parameters.string("type")
    let type = named ?? olderName ?? "default"
    guard types.contains(type) else {
      throw .unsupported(
        "\(section.path): '\(parameters.prefix)rope_type' is '\(type)', which is not implemented",
        hint: "supported: \(types.joined(separator: ", "))")
    }
    try parameters.refuseUnknownKeys(parameterKeys)
    var rope = try make(
      parameters, base: try parameters.number("rope_theta", default: outer),
      share: try parameters.number("partial_rotary_factor", default: share), headSize: headSize)
    switch type {
    // Stretches only beyond the model's context, which is never exceeded here.
    case "dynamic": _ = try parameters.positive("factor")
    case "linear": rope.scaling = .linear(factor: try parameters.positive("factor"))
    case "llama3": rope.scaling = try llama3(parameters)
    case "yarn":
      try rope.readYaRN(parameters, section: section, contextLength: contextLength)
    default: break
    }
    return rope
  }

  private static func make(
    _ section: ConfigurationSection, base: Double, share: Double, headSize: Int
  ) throws(ModelError) -> RotaryEmbedding {
    guard base > 0 else {
      throw .invalid("\(section.path): '\(section.prefix)rope_theta' is \(base), not above 0")
    }
    let width = Int(Double(headSize) * share)
    guard share > 0, share <= 1, width > 0, width.isMultiple(of: 2) else {
      throw .invalid(
        "\(section.path): '\(section.prefix)partial_rotary_factor' is \(share), which turns "
          + "\(width) of \(headSize) values of a head",
        hint: "it must be an even number of at least 2")
    }
    return RotaryEmbedding(base: base, width: width)
  }

  private static func llama3(_ parameters: ConfigurationSection) throws(ModelError) -> Scaling {
    let low = try parameters.number("low_freq_factor")
    let high = try parameters.number("high_freq_factor")
    guard low > 0, high > low else {
      throw .invalid(
        "\(parameters.path): '\(parameters.prefix)high_freq_factor' \(high) is not above "
          + "'\(parameters.prefix)low_freq_factor' \(low)")
    }
    return .llama3(
      factor: try parameters.positive("factor"), low: low, high: high,
      originalContext: Double(try parameters.size("original_max_position_embeddings")))
  }

  private mutating func readYaRN(
    _ parameters: ConfigurationSection, section: ConfigurationSection, contextLength: Int
  ) throws(ModelError) {
    let fallback = try section.size("original_max_position_embeddings", default: contextLength)
    let original = Double(
      try parameters.size("original_max_position_embeddings", default: fallback))
    let factor = try parameters.number("factor", default: Double(contextLength) / original)
    let fast = try parameters.number("beta_fast", default: 32)
    let slow = try parameters.number("beta_slow", default: 1)
    let isWhole = try parameters.bool("truncate", default: true)
    guard factor > 0, fast > 0, slow > 0, base > 1 else {
      throw .invalid("\(parameters.path): '\(parameters.prefix)' has a YaRN number not above 0")
    }
    // The pair whose wave turns this often within the original context.
    let dimension = Double(width)
    let context = original
    let theta = base
    func pair(turns: Double) -> Double {
      dimension * log(context / (turns * 2 * Double.pi)) / (2 * log(theta))
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
    if parameters["attention_factor"] != nil { return try parameters.positive("attention_factor") }
    func scale(_ weight: Double) -> Double { factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1 }
    let some = try parameters.number("mscale", default: 0)
    let all = try parameters.number("mscale_all_dim", default: 0)
    return some != 0 && all != 0 ? scale(some) / scale(all) : scale(1)
  }
}
