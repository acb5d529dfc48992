/// A sample as token ids: what routing sees, what is fed to the model, and what is scored.
public struct TokenizedSample: Sendable, Hashable {
  /// How the sample is scored.
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case choices
    case continuation
    case document
  }

  /// A token sequence of which the tail is scored.
  public struct Sequence: Sendable, Hashable {
    /// Context and continuation, after left truncation.
    ///
    /// The last token is predicted, never fed.
    public var tokens: [Int32]
    /// The index in ``tokens`` of the first scored token, at least 1.
    public var scoredStart: Int

    /// Marks the tail of a token sequence as scored.
    public init(tokens: [Int32], scoredStart: Int) {
      self.tokens = tokens
      self.scoredStart = scoredStart
    }

    /// The number of scored tokens.
    public var scoredCount: Int { tokens.count - scoredStart }
  }

  /// The task or document set.
  public var label: String
  /// A finer label where the data has one, or the empty string.
  public var subject: String
  /// How the sample is scored.
  public var kind: Kind
  /// What clustering and routing see, special tokens included.
  ///
  /// The prompt of a choice or continuation; of a document all tokens, of which they take the first
  /// `routeTokens`.
  public var prompt: [Int32]
  /// One sequence per choice; one for a continuation or a document.
  ///
  /// A document's `scoredStart` is 1 here; ``EvaluationPolicy/routeTokens`` moves it on.
  public var sequences: [Sequence]
  /// The index of the right choice; 0 where there is only one sequence.
  public var gold: Int
  /// The Unicode scalars of each choice without its leading space (Python's `len`).
  public var choiceCharacters: [Int]
  /// The UTF-8 bytes of each choice without its leading space.
  public var choiceBytes: [Int]
  /// For each token of the gold sequence, the UTF-8 bytes of text it stands for.
  ///
  /// Special tokens stand for none. Over the scored tokens these sum to the denominator of bits per
  /// byte.
  public var tokenBytes: [Int32]
  /// For each token of the gold sequence, the number of words that begin in it.
  public var tokenWords: [Int32]

  /// Makes a sample from its parts.
  public init(
    label: String, subject: String = "", kind: Kind, prompt: [Int32], sequences: [Sequence],
    gold: Int = 0, choiceCharacters: [Int] = [], choiceBytes: [Int] = [], tokenBytes: [Int32],
    tokenWords: [Int32]
  ) {
    self.label = label
    self.subject = subject
    self.kind = kind
    self.prompt = prompt
    self.sequences = sequences
    self.gold = gold
    self.choiceCharacters = choiceCharacters
    self.choiceBytes = choiceBytes
    self.tokenBytes = tokenBytes
    self.tokenWords = tokenWords
  }

  /// The sequence of the right choice, or the only one.
  public var goldSequence: Sequence { sequences[gold] }

  /// How many leading tokens of the gold sequence say nothing of the answer: its context, or where
  /// choices have contexts of their own (winogrande) what these begin with alike.
  public var sharedContext: Int {
    let contexts = sequences.map { $0.tokens.prefix($0.scoredStart) }
    let own = contexts[gold]
    // Longer choices may have cut the same context further on the left.
    let isOne = contexts.allSatisfy { context in
      let length = min(context.count, own.count)
      return context.suffix(length) == own.suffix(length)
    }
    if isOne { return own.count }
    return contexts.map { zip($0, own).prefix { $0 == $1 }.count }.min() ?? own.count
  }

  /// The index of the first scored token of the gold sequence under a policy.
  public func scoredStart(_ policy: EvaluationPolicy) -> Int {
    let start = goldSequence.scoredStart
    return kind == .document ? max(start, policy.routeTokens) : start
  }

  /// The number of scored tokens of the gold sequence under a policy; 0 for a document that is not
  /// longer than the routing tokens, which is skipped and counted as such.
  public func scoredCount(_ policy: EvaluationPolicy) -> Int {
    max(0, goldSequence.tokens.count - scoredStart(policy))
  }

  /// What clustering and routing may see under a policy.
  public func routingTokens(_ policy: EvaluationPolicy) -> ArraySlice<Int32> {
    kind == .document ? prompt.prefix(policy.routeTokens) : prompt[...]
  }
}
