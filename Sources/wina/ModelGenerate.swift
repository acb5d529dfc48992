import ArgumentParser
import Foundation
import WinaModel

/// `wina generate`: tries a model.
struct ModelGenerate: ModelCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continue a text with a model, dense or sparse.",
    discussion: """
      The text streams to the standard output as it comes; timings and the realised sparsity follow \
      on the standard error, or with --json as the last line of the output, and the text in it.
      """)

  /// How gates take effect.
  enum Execution: String, CaseIterable, ExpressibleByArgument {
    case execute, simulate, packed
  }

  @Argument(help: "A model's directory or name.")
  var model: String

  @Option(help: "The text to continue.")
  var prompt: String

  @Option(help: "How many tokens to add at most.")
  var tokens = 100

  @Option(help: "0 takes the likeliest token; above, tokens are drawn, the more evenly the higher.")
  var temperature = 0.0

  @Option(help: "The seed of drawn tokens.")
  var seed: UInt64 = 0

  @Option(help: "Threads that share a product; the text does not depend on it.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(
    help: """
      How a profile takes effect: execute (the default) skips what it drops, simulate zeroes it, \
      packed also gathers the weights of static masks. The text does not depend on it.
      """)
  var execution: Execution?

  @Flag(help: "Print the text and nothing else.")
  var quiet = false

  @Flag(help: "Print one line of JSON instead.")
  var json = false

  @OptionGroup var gating: ModelProfileOptions

  /// Far more than share a product with profit, far fewer than a machine cannot start.
  private static let mostThreads = 256

  func validate() throws {
    guard tokens > 0 else { throw ValidationError("--tokens must be at least 1") }
    guard (1...ModelGenerate.mostThreads).contains(threads) else {
      throw ValidationError("--threads must be between 1 and \(ModelGenerate.mostThreads)")
    }
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature must be at least 0")
    }
    if execution != nil, gating.profile == nil {
      throw ValidationError("--execution needs --profile")
    }
    if quiet, json { throw ValidationError("--quiet and --json exclude each other") }
  }

  func perform() throws {
    let path = try ModelLookup.process.requireModel(model)
    let language = try gating.model(LanguageModel.load(directory: path))
    let tokenizer = try Tokenizer.load(path: path)
    let prefix = try promptTokens(tokenizer, language)
    let gates = try gating.activationGates(for: language)
    let decoder = IncrementalDecoder(
      language,
      gates: try gates.map { try language.prepare($0, packsMasks: execution == .packed) },
      firstGatedPosition: gating.densePrefix,
      execution: execution == .simulate ? .simulate : .execute, threads: threads)
    if !json { StandardOutput.write(prompt) }
    let (report, text) = try generate(decoder, prefix, tokenizer)
    if json {
      StandardOutput.write(report.json(model: path, text: prompt + text, gates) + "\n")
      return
    }
    StandardOutput.write("\n")
    if !quiet { StandardError.write(report.text(gates) + "\n") }
  }

  private func promptTokens(_ tokenizer: Tokenizer, _ language: LanguageModel) throws -> [Int32] {
    let prefix = tokenizer.encode(prompt, addSpecialTokens: true)
    guard !prefix.isEmpty else {
      throw ModelInputError(message: "the prompt has no tokens", hint: "give some --prompt")
    }
    let (context, vocabulary) = (
      language.configuration.contextLength, language.configuration.vocabulary
    )
    guard prefix.count < context else {
      throw ModelInputError(
        message: "the prompt has \(prefix.count) tokens, which leaves no room for more",
        hint: "the model's context is \(context) tokens")
    }
    guard tokenizer.largestID < vocabulary else {
      throw ModelInputError(
        message: "the tokenizer has tokens up to \(tokenizer.largestID), the model \(vocabulary)",
        hint: "use the tokenizer.json that belongs to the model")
    }
    return prefix
  }

  /// Streams the continuation, and returns how it went and all of it.
  private func generate(
    _ decoder: IncrementalDecoder, _ prefix: [Int32], _ tokenizer: Tokenizer
  ) throws -> (GenerationReport, String) {
    let configuration = decoder.model.configuration
    var sampler = TokenSampler(temperature: temperature, seed: seed)
    var stream = ModelTextStream(tokenizer: tokenizer, prompt: prefix)
    var report = GenerationReport(promptTokens: prefix.count, threads: threads)
    var text = ""
    func show(_ part: String) {
      text += part
      if !json { StandardOutput.write(part) }
    }
    let clock = ContinuousClock()
    let start = clock.now
    var logits = try decoder.append(prefix)
    let prefilled = clock.now
    while report.newTokens < tokens {
      let next = sampler.next(logits)
      if configuration.eosTokens.contains(next) {
        report.stop = "end of text"
        break
      }
      report.newTokens += 1
      show(stream.append(next))
      guard report.newTokens < tokens else { break }
      guard decoder.position < configuration.contextLength else {
        report.stop = "context is full"
        break
      }
      logits = try decoder.append(next)
      report.decodedTokens += 1
    }
    report.prefillSeconds = (prefilled - start).seconds
    report.decodeSeconds = (clock.now - prefilled).seconds
    show(stream.rest)
    report.add(decoder)
    return (report, text)
  }
}

extension Duration {
  /// The duration in seconds.
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
