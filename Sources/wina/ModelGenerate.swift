import ArgumentParser
import Foundation
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaTensor

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
      How a profile takes effect: execute skips what it drops, simulate zeroes it, packed also \
      gathers the weights of static masks. The text does not depend on it.
      """)
  var execution = Execution.execute

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
    if quiet, json { throw ValidationError("--quiet and --json exclude each other") }
  }

  func perform() throws {
    let path = try ModelLookup.process.requireModel(model)
    let language = try LanguageModel.load(directory: path)
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

/// What a generation took and what its gates dropped.
struct GenerationReport {
  var promptTokens: Int
  var threads: Int
  var newTokens = 0
  /// Why no more tokens came.
  var stop = "as many as asked for"
  /// The tokens that were fed after the prompt: all new ones but the last.
  var decodedTokens = 0
  var prefillSeconds = 0.0
  var decodeSeconds = 0.0
  private var decoder: IncrementalDecoder?

  init(promptTokens: Int, threads: Int) {
    self.promptTokens = promptTokens
    self.threads = threads
  }

  mutating func add(_ decoder: IncrementalDecoder) { self.decoder = decoder }

  /// The parameter-weighted share of inputs that were zeroed in gated tokens.
  private func sparsity(_ gates: ActivationGates?) -> Double? {
    guard let gates, let decoder, decoder.gatedTokens > 0 else { return nil }
    let cost = CostModel(ModelShape(decoder.model.configuration))
    let used = cost.usedWeights(kept: decoder.kept, hasNeuronGate: gates.cats.map { $0 != nil })
    return cost.sparsity(used: used, gatedRows: decoder.gatedTokens, over: decoder.gatedTokens)
  }

  private func rate(_ tokens: Int, _ seconds: Double) -> Double {
    seconds > 0 ? Double(tokens) / seconds : 0
  }

  func text(_ gates: ActivationGates?) -> String {
    func number(_ value: Double) -> String { String(format: "%.1f", value) }
    func milliseconds(_ value: Double) -> String { String(format: "%.0f ms", value * 1000) }
    var parts = [
      "\(promptTokens) prompt tokens in \(milliseconds(prefillSeconds)) "
        + "(\(number(rate(promptTokens, prefillSeconds))) tokens/s)",
      "\(newTokens) new tokens in \(milliseconds(decodeSeconds)) "
        + "(\(number(rate(decodedTokens, decodeSeconds))) tokens/s), \(stop)",
    ]
    if let sparsity = sparsity(gates) {
      parts.append("sparsity \(String(format: "%.3f", sparsity)) over gated tokens")
    }
    parts.append("\(threads) thread\(threads == 1 ? "" : "s"), \(Kernels.level) kernels")
    return parts.joined(separator: "; ")
  }

  func json(model: String, text: String, _ gates: ActivationGates?) -> String {
    JSONValue.object([
      "type": .string("result"), "model": .string(model), "text": .string(text),
      "prompt_tokens": .int(promptTokens), "new_tokens": .int(newTokens),
      "prefill_seconds": .double(prefillSeconds), "decode_seconds": .double(decodeSeconds),
      "prefill_tokens_per_second": .double(rate(promptTokens, prefillSeconds)),
      "decode_tokens_per_second": .double(rate(decodedTokens, decodeSeconds)),
      "sparsity": sparsity(gates).map { .double($0) } ?? .null, "threads": .int(threads),
      "kernels": .string("\(Kernels.level)"), "stop": .string(stop),
    ]).canonicalText
  }
}

/// Chooses tokens from logits.
struct TokenSampler {
  private let temperature: Double
  private var state: UInt64

  init(temperature: Double, seed: UInt64) {
    self.temperature = temperature
    state = seed
  }

  /// Returns the likeliest token or, above temperature 0, one drawn from softmax(logits / temperature).
  mutating func next(_ logits: [Float]) -> Int32 {
    let best = Kernels.argmaxRows(logits, rows: 1, columns: logits.count)[0]
    guard temperature > 0 else { return best }
    let peak = logits[Int(best)]
    let weights = logits.map { exp(Double($0 - peak) / temperature) }
    var left = uniform() * weights.reduce(0, +)
    for (token, weight) in weights.enumerated() {
      left -= weight
      if left < 0 { return Int32(token) }
    }
    return best
  }

  /// Returns a value of [0, 1) and moves on (SplitMix64).
  private mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}

extension Duration {
  /// The duration in seconds.
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
