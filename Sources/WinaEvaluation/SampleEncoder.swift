import WinaModel

/// Turns items into token sequences by the rules of the harness.
///
/// Requests follow `_encode_pair` of lm-evaluation-harness 0.4.13: spaces at the end of the context
/// move to the continuation, the whole text is tokenized, and the continuation's tokens are those
/// beyond the length of the tokenized context. Special tokens are added as the tokenizer does by
/// default. Sequences longer than the model's context lose tokens on the left.
///
/// Documents are encoded with the tokenizer's own special tokens; where it adds no
/// beginning-of-sequence token and the model has one, that is put first, so that every token of the
/// text is predicted from something.
public struct SampleEncoder: Sendable {
  private let codec: TextCodec
  private let beginning: Int32?
  private let prefix: Int32?
  private let context: Int

  /// Makes an encoder for a model.
  ///
  /// - Parameters:
  ///   - tokenizer: The model's tokenizer.
  ///   - configuration: Gives the special tokens and the length of the context.
  public init(tokenizer: Tokenizer, configuration: ModelConfiguration) {
    self.init(
      codec: TextCodec(tokenizer), beginning: configuration.bosToken,
      end: configuration.eosTokens.first, context: configuration.contextLength)
  }

  /// Makes an encoder.
  ///
  /// - Parameters:
  ///   - codec: The tokenizer.
  ///   - beginning: The model's beginning-of-sequence token.
  ///   - end: Its end-of-sequence token, which stands in for an absent beginning as the context of
  ///     a request that has none.
  ///   - context: The most tokens the model reads at once.
  package init(codec: TextCodec, beginning: Int32?, end: Int32?, context: Int) {
    self.codec = codec
    self.beginning = beginning
    prefix = beginning ?? end
    self.context = context
  }

  /// Encodes an item.
  ///
  /// - Parameters:
  ///   - item: What ``BenchmarkTask/parse(record:origin:)`` returned.
  ///   - maxTokens: Where documents are cut, special tokens included; at most the model's context.
  /// - Throws: ``EvaluationError`` if there is nothing to score or a continuation exceeds the
  ///   model's context, and the tokenizer's errors.
  public func encode(_ item: EvaluationItem, maxTokens: Int) throws -> TokenizedSample {
    switch item {
    case .choices(let item): try encode(item)
    case .continuation(let item): try encode(item)
    case .document(let item): try encode(item, maxTokens: maxTokens)
    case .rolling(let item):
      try encode(DocumentItem(label: item.label, text: item.text), maxTokens: maxTokens)
    }
  }

  /// Encodes a text as windows that are scored one by one.
  ///
  /// Each window is a continuation: its last tokens are scored, and the profile of an arm gates it
  /// from the policy's dense prefix on. The tokens of the text are those that the tokenizer gives
  /// with its default special tokens, as in the harness.
  ///
  /// - Throws: ``EvaluationError`` if the text has no tokens or fills no window, and the tokenizer's
  ///   errors.
  public func windows(_ item: RollingItem, _ windows: TextWindows) throws -> [TokenizedSample] {
    let tokens = try defaultTokens(item.text)
    guard let prefix else {
      throw EvaluationError.emptySample(item.label, "the model has no token to begin with")
    }
    let sequences: [TokenizedSample.Sequence]
    switch windows {
    case .rolling:
      sequences = TextWindows.rolling(tokens, prefix: prefix, context: context)
    case .overlapping(let given, let stride):
      guard given + stride <= context else {
        throw EvaluationError.windowTooLong(item.label, tokens: given + stride, limit: context)
      }
      sequences = TextWindows.overlapping(tokens, context: given, stride: stride)
    }
    guard !sequences.isEmpty else {
      throw EvaluationError.emptySample(
        item.label, "its \(tokens.count) tokens do not fill a window")
    }
    return sequences.map { sequence in
      let zeros = [Int32](repeating: 0, count: sequence.tokens.count)
      return TokenizedSample(
        label: item.label, kind: .continuation,
        prompt: Array(sequence.tokens[..<sequence.scoredStart]), sequences: [sequence],
        choiceCharacters: [0], choiceBytes: [0], tokenBytes: zeros, tokenWords: zeros)
    }
  }

  private func encode(_ item: MultipleChoiceItem) throws -> TokenizedSample {
    let pairs = try item.requests.map { try encodePair($0, label: item.label) }
    let gold = pairs[item.gold]
    let lengths = textLengths(gold, text: item.requests[item.gold].text)
    let isShared = Set(item.requests.map(\.context)).count == 1
    return TokenizedSample(
      label: item.label, subject: item.subject ?? "", kind: .choices,
      prompt: isShared ? pairs[0].context : try contextTokens(item.prompt),
      sequences: try pairs.map { try truncated($0, label: item.label) }, gold: item.gold,
      choiceCharacters: item.choices.map(PythonText.length),
      choiceBytes: item.choices.map(\.utf8.count),
      tokenBytes: lengths.bytes.suffix(context + 1), tokenWords: lengths.words.suffix(context + 1))
  }

  private func encode(_ item: ContinuationItem) throws -> TokenizedSample {
    let pair = try encodePair(item.request, label: item.label)
    let lengths = textLengths(pair, text: item.request.text)
    return TokenizedSample(
      label: item.label, kind: .continuation, prompt: pair.context,
      sequences: [try truncated(pair, label: item.label)],
      choiceCharacters: [PythonText.length(item.request.continuation) - 1],
      choiceBytes: [item.request.continuation.utf8.count - 1],
      tokenBytes: lengths.bytes.suffix(context + 1), tokenWords: lengths.words.suffix(context + 1))
  }

  private func encode(_ item: DocumentItem, maxTokens: Int) throws -> TokenizedSample {
    var tokens = try codec.encode(item.text, true)
    if let beginning, tokens.first != beginning { tokens.insert(beginning, at: 0) }
    tokens = Array(tokens.prefix(min(maxTokens, context)))
    guard tokens.count >= 2 else { throw EvaluationError.emptySample(item.label, "it has no text") }
    let lengths = TokenTextLengths(tokens.map(codec.bytes), text: item.text)
    return TokenizedSample(
      label: item.label, kind: .document, prompt: tokens,
      sequences: [TokenizedSample.Sequence(tokens: tokens, scoredStart: 1)],
      tokenBytes: lengths.bytes, tokenWords: lengths.words)
  }

  /// The tokens of a prompt that something is generated after.
  func promptTokens(_ text: String) throws -> [Int32] { try defaultTokens(text) }

  /// The text of generated tokens.
  func text(_ tokens: [Int32]) -> String { codec.decode(tokens) }

  private struct Pair {
    var context: [Int32]
    var continuation: [Int32]
  }

  private func encodePair(_ request: LikelihoodRequest, label: String) throws -> Pair {
    var pair: Pair
    if request.context.isEmpty {
      let ids = try codec.encode(request.continuation, false)
      if let prefix, ids.first != prefix {
        pair = Pair(context: [prefix], continuation: ids)
      } else {
        pair = Pair(context: Array(ids.prefix(1)), continuation: Array(ids.dropFirst()))
      }
    } else {
      let whole = try defaultTokens(request.text)
      let given = try contextTokens(request.context)
      pair = Pair(context: given, continuation: Array(whole.dropFirst(given.count)))
      if pair.context.isEmpty, let prefix { pair.context = [prefix] }
    }
    guard !pair.context.isEmpty else {
      throw EvaluationError.emptySample(label, "its context has no tokens")
    }
    guard !pair.continuation.isEmpty else {
      throw EvaluationError.emptySample(label, "its continuation has no tokens")
    }
    return pair
  }

  /// The tokens of a context, without the spaces that belong to the continuation.
  private func contextTokens(_ text: String) throws -> [Int32] {
    try defaultTokens(PythonText.stripEnd(text))
  }

  /// The tokens with the tokenizer's default specials, unless the text already begins with one.
  private func defaultTokens(_ text: String) throws -> [Int32] {
    let isMarked = prefix.flatMap(codec.specialText).map { text.hasPrefix($0) } ?? false
    return try codec.encode(text, !isMarked)
  }

  private func truncated(
    _ pair: Pair, label: String
  ) throws(EvaluationError) -> TokenizedSample.Sequence {
    guard pair.continuation.count <= context else {
      throw .overlongContinuation(label, tokens: pair.continuation.count, limit: context)
    }
    let tokens = Array((pair.context + pair.continuation).suffix(context + 1))
    return TokenizedSample.Sequence(
      tokens: tokens, scoredStart: tokens.count - pair.continuation.count)
  }

  private func textLengths(_ pair: Pair, text: String) -> TokenTextLengths {
    TokenTextLengths((pair.context + pair.continuation).map(codec.bytes), text: text)
  }
}

extension LikelihoodRequest {
  /// Context and continuation as one text.
  fileprivate var text: String { context + continuation }
}
