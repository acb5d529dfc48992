import Testing
import WinaModel
import WinaTestSupport

/// What `config.json` of published models holds: every key is read or known to do nothing.
struct PublishedConfigurationTests {
  @Test(arguments: PublishedConfiguration.all)
  func publishedConfigurationsAreRead(_ model: PublishedConfiguration) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(model.json, to: "config.json")
    #expect(summary(try ModelConfiguration.load(path: path)) == model.summary)
  }

  @Test(arguments: PublishedConfiguration.longContext)
  func stretchesThatAreNotImplementedAreNamed(_ model: PublishedConfiguration) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(model.json, to: "config.json")
    let error = #expect(throws: ModelError.self) { try ModelConfiguration.load(path: path) }
    #expect(error?.code == .unsupported)
    #expect(
      error?.message
        == "\(path): 'rope_scaling.type' is '\(model.summary)', which is not implemented for this "
        + "family")
    #expect(
      error?.hint
        == "supported: default; use the variant of the model that was made for a short context")
  }

  /// Sizes, heads, positions and what else tells models apart, in one line.
  private func summary(_ configuration: ModelConfiguration) -> String {
    let heads = "\(configuration.heads)/\(configuration.keyValueHeads)x\(configuration.headSize)"
    var parts = [
      configuration.family.rawValue, "L\(configuration.layers)", "D\(configuration.hidden)", heads,
      "F\(configuration.feedForward)", "V\(configuration.vocabulary)",
      "T\(configuration.contextLength)", "θ\(Int(configuration.rope.base))",
    ]
    switch configuration.rope.scaling {
    case .none: break
    case .linear(let factor): parts.append("linear\(factor)")
    case .llama3(let factor, _, _, let original): parts.append("llama3:\(factor):\(Int(original))")
    case .yarn(let factor, _, _): parts.append("yarn\(factor)")
    }
    if configuration.tiesEmbeddings { parts.append("tied") }
    if let window = configuration.windows.compactMap({ $0 }).first { parts.append("W\(window)") }
    if !configuration.biases.isEmpty { parts.append("\(configuration.biases.count) biases") }
    return parts.joined(separator: " ")
  }
}
