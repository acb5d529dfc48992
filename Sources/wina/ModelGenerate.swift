import ArgumentParser
import WinaModel

/// `wina generate`: tries a model.
struct ModelGenerate: ModelCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continue a text with a model, always the likeliest token.")

  @Argument(help: "A model's directory or name.")
  var model: String

  @Option(help: "The text to continue.")
  var prompt: String

  @Option(help: "How many tokens to add at most.")
  var tokens = 100

  @Flag(help: "Print the text and nothing else.")
  var quiet = false

  @OptionGroup var gating: ModelProfileOptions

  func validate() throws {
    guard tokens > 0 else { throw ValidationError("--tokens must be at least 1") }
  }

  func perform() throws {
    let path = try ModelLookup.process.requireModel(model)
    let language = try LanguageModel.load(directory: path)
    let tokenizer = try Tokenizer.load(path: path)
    let configuration = language.configuration
    let prefix = tokenizer.encode(prompt, addSpecialTokens: true)
    guard !prefix.isEmpty else {
      throw ModelInputError(message: "the prompt has no tokens", hint: "give some --prompt")
    }
    guard prefix.count < configuration.contextLength else {
      throw ModelInputError(
        message: "the prompt has \(prefix.count) tokens",
        hint: "the model's context is \(configuration.contextLength)")
    }
    let decoder = IncrementalDecoder(
      language, gates: try gating.gates(for: language), firstGatedPosition: gating.densePrefix)
    let clock = ContinuousClock()
    let start = clock.now
    var logits: [Float] = []
    for token in prefix { logits = try decoder.append(token) }
    let prefilled = clock.now
    var text = ModelTextStream(tokenizer: tokenizer, prompt: prefix)
    StandardOutput.write(prompt)
    var added = 0
    while added < tokens, decoder.position < configuration.contextLength {
      let next = ModelGenerate.likeliest(logits)
      if configuration.eosTokens.contains(next) { break }
      added += 1
      StandardOutput.write(text.append(next))
      if added < tokens { logits = try decoder.append(next) }
    }
    StandardOutput.write(text.rest + "\n")
    if quiet { return }
    let prefill = ModelGenerate.rate(prefix.count, prefilled - start)
    let decode = ModelGenerate.rate(added, clock.now - prefilled)
    StandardError.write(
      "\(prefix.count) prompt tokens at \(prefill), \(added) new tokens at \(decode)\n")
  }

  private static func likeliest(_ logits: [Float]) -> Int32 {
    var best = 0
    for index in logits.indices where logits[index] > logits[best] { best = index }
    return Int32(best)
  }

  private static func rate(_ count: Int, _ time: Duration) -> String {
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
    guard seconds > 0 else { return "- tokens/s" }
    return "\((Double(count) / seconds * 10).rounded() / 10) tokens/s"
  }
}

/// Turns tokens into text as they come, holding back bytes that are not yet a whole character.
struct ModelTextStream {
  private let tokenizer: Tokenizer
  private var ids: [Int32]
  private var shown: String

  /// Starts behind a prompt, which is not repeated.
  init(tokenizer: Tokenizer, prompt: [Int32]) {
    self.tokenizer = tokenizer
    ids = prompt
    shown = tokenizer.decode(prompt, skipSpecialTokens: true)
  }

  /// Returns the text that a token adds.
  mutating func append(_ token: Int32) -> String {
    ids.append(token)
    let text = tokenizer.decode(ids, skipSpecialTokens: true)
    guard !text.hasSuffix("\u{FFFD}") else { return "" }
    let added = ModelTextStream.suffix(of: text, after: shown)
    shown = text
    return added
  }

  /// What was held back.
  var rest: String {
    ModelTextStream.suffix(of: tokenizer.decode(ids, skipSpecialTokens: true), after: shown)
  }

  private static func suffix(of text: String, after shown: String) -> String {
    let scalars = text.unicodeScalars.dropFirst(shown.unicodeScalars.count)
    return String(String.UnicodeScalarView(scalars))
  }
}
