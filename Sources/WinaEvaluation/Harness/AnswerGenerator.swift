import WinaModel

/// A logged `generate_until` request: a prompt and when its answer ends.
public struct GenerationRequest: Sendable, Hashable {
  /// The prompt.
  public var context: String
  /// The settings as they were logged.
  public var settings: OrderedJSON
  /// The texts before which the answer ends.
  public var stops: [String]
  /// The most tokens of the answer; 256 unless the settings say otherwise.
  public var maxTokens: Int
  /// The filter that the logged line is of, if it is one of GSM8K's.
  public var filter: AnswerFilter?

  /// Reads settings.
  public init(context: String, settings: OrderedJSON, filter: AnswerFilter?) {
    self.context = context
    self.settings = settings
    self.filter = filter
    let until = settings["until"]
    stops = (until?.array ?? until.map { [$0] } ?? []).compactMap(\.string)
    let names = ["max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens"]
    maxTokens = names.lazy.compactMap { settings[$0]?.integer }.first ?? 256
  }
}

/// Generates answers as the harness does: greedily, up to the first stop.
struct AnswerGenerator {
  let model: LanguageModel
  let encoder: SampleEncoder
  let arm: GatedArm?
  let densePrefix: Int

  /// Returns the text that the model puts after the prompt.
  ///
  /// The prompt loses its beginning where it and the answer would exceed the model's context.
  ///
  /// - Throws: ``EvaluationError`` if an answer may be as long as the context, and `ModelError`.
  func answer(_ request: GenerationRequest, label: String) throws -> String {
    let room = model.configuration.contextLength - request.maxTokens
    guard room > 0 else {
      throw EvaluationError.windowTooLong(
        label, tokens: request.maxTokens, limit: model.configuration.contextLength)
    }
    let prompt = try encoder.promptTokens(request.context).suffix(room)
    guard !prompt.isEmpty else {
      throw EvaluationError.emptySample(label, "its prompt has no tokens")
    }
    let decoder = IncrementalDecoder(model, gates: arm?.gates, firstGatedPosition: densePrefix)
    var next = try decoder.generateGreedy(prompt: Array(prompt), count: 1)
    var tokens = next
    var text = encoder.text(tokens)
    while tokens.count < request.maxTokens, let last = next.first, !isStopped(text, request) {
      next = try decoder.generateGreedy(prompt: [last], count: 1)
      tokens += next
      text = encoder.text(tokens)
    }
    return request.stops.reduce(text) { Self.before($1, in: $0) }
  }

  private func isStopped(_ text: String, _ request: GenerationRequest) -> Bool {
    request.stops.contains { !$0.isEmpty && Self.before($0, in: text) != text }
  }

  /// The text before the first occurrence of another; all of it where there is none.
  private static func before(_ stop: String, in text: String) -> String {
    guard !stop.isEmpty else { return text }
    let (pattern, scalars) = (Array(stop.unicodeScalars), Array(text.unicodeScalars))
    guard scalars.count >= pattern.count else { return text }
    for start in 0...(scalars.count - pattern.count)
    where scalars[start...].starts(with: pattern) {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars[..<start])
      return String(view)
    }
    return text
  }
}
