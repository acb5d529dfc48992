import Testing
import WinaEvaluation

@Suite("Sample encoder") struct SampleEncoderTests {
  static let pieces = ["a", " a", "b", " b", "c", " c", " ", "\n", "ab", "é", " é"]

  private func encoder(
    addsBeginning: Bool = false, beginning: Int32? = ToyCodec.beginning, context: Int = 64
  ) -> SampleEncoder {
    SampleEncoder(
      codec: ToyCodec.make(Self.pieces, addsBeginning: addsBeginning), beginning: beginning,
      end: ToyCodec.end, context: context)
  }

  private func id(_ piece: String) -> Int32 {
    10 + Int32(Self.pieces.firstIndex(of: piece) ?? -100)
  }

  private func continuation(_ context: String, _ continuation: String) -> EvaluationItem {
    .continuation(
      ContinuationItem(
        label: "t", request: LikelihoodRequest(context: context, continuation: continuation)))
  }

  @Test("spaces at the end of the context are scored with the continuation")
  func trailingSpaces() throws {
    // "a" + "  b": the whole is tokenized as "a", " ", " b".
    let sample = try encoder().encode(continuation("a ", " b"), maxTokens: 64)
    #expect(sample.sequences == [.init(tokens: [id("a"), id(" "), id(" b")], scoredStart: 1)])
    #expect(sample.prompt == [id("a")])
  }

  @Test("the continuation is what the whole text has beyond the context's tokens")
  func splitByCount() throws {
    // "a" is one token, "ab" also: the merged token hides the continuation's first letter.
    let sample = try encoder().encode(continuation("c a", "b c"), maxTokens: 64)
    #expect(
      sample.sequences == [.init(tokens: [id("c"), id(" a"), id("b"), id(" c")], scoredStart: 2)])
    let error = #expect(throws: EvaluationError.self) {
      try encoder().encode(continuation("a", "b"), maxTokens: 64)
    }
    #expect(error?.code == .emptySample)
  }

  @Test("the tokenizer's own beginning token is kept, and not doubled")
  func beginningToken() throws {
    let marked = try encoder(addsBeginning: true).encode(continuation("a", " b"), maxTokens: 64)
    #expect(marked.sequences == [.init(tokens: [1, id("a"), id(" b")], scoredStart: 2)])
    let written = try encoder(addsBeginning: true).encode(
      continuation("<s>a", " b"), maxTokens: 64)
    #expect(written.sequences == marked.sequences)
    let plain = try encoder().encode(continuation("a", " b"), maxTokens: 64)
    #expect(plain.sequences == [.init(tokens: [id("a"), id(" b")], scoredStart: 1)])
  }

  @Test("an empty context becomes the beginning token, or else the end token")
  func emptyContext() throws {
    let beginning = try encoder().encode(continuation("", "a b"), maxTokens: 64)
    #expect(beginning.sequences == [.init(tokens: [1, id("a"), id(" b")], scoredStart: 1)])
    let end = try encoder(beginning: nil).encode(continuation("", "a b"), maxTokens: 64)
    #expect(end.sequences == [.init(tokens: [2, id("a"), id(" b")], scoredStart: 1)])
  }

  @Test("long contexts lose tokens on the left, long continuations are an error")
  func truncation() throws {
    let sample = try encoder(context: 4).encode(
      continuation("a b c a b", " c a"), maxTokens: 64)
    #expect(
      sample.sequences == [
        .init(
          tokens: [id(" c"), id(" a"), id(" b"), id(" c"), id(" a")], scoredStart: 3)
      ])
    #expect(sample.tokenBytes == [2, 2, 2, 2, 2])
    let error = #expect(throws: EvaluationError.self) {
      try encoder(context: 2).encode(continuation("a", " b c a"), maxTokens: 64)
    }
    #expect(error?.message == "a continuation of 't' has 3 tokens and the model reads 2")
  }

  @Test("choices are measured in code points and in bytes")
  func choiceLengths() throws {
    let item = MultipleChoiceItem.make(
      prompt: "a", choices: ["e\u{301}", "é b", "👩‍👧"], gold: 1)
    let codec = ToyCodec.make(Self.pieces + ["e\u{301}", " e\u{301}", " 👩‍👧"])
    let sample = try SampleEncoder(codec: codec, beginning: 1, end: 2, context: 64).encode(
      .choices(item), maxTokens: 64)
    #expect(sample.choiceCharacters == [2, 3, 3])
    #expect(sample.choiceBytes == [3, 4, 11])
    #expect(sample.gold == 1)
    #expect(sample.goldSequence == .init(tokens: [id("a"), id(" é"), id(" b")], scoredStart: 1))
    #expect(sample.tokenBytes == [1, 3, 2])
    #expect(sample.tokenWords == [1, 1, 1])
  }

  @Test("routing sees the shared head of contexts that differ")
  func routingPrompt() throws {
    let item = MultipleChoiceItem(
      label: "w", prompt: "c ",
      requests: [
        LikelihoodRequest(context: "c a", continuation: " c"),
        LikelihoodRequest(context: "c b", continuation: " c"),
      ], choices: ["c a", "c b"], gold: 0)
    let sample = try encoder().encode(.choices(item), maxTokens: 64)
    #expect(sample.prompt == [id("c")])
    #expect(sample.sequences.map(\.scoredStart) == [2, 2])
  }

  @Test("a document begins with the beginning token and is cut")
  func documents() throws {
    let item = EvaluationItem.document(DocumentItem(label: "d", text: "a b\nc é a"))
    for addsBeginning in [false, true] {
      let sample = try encoder(addsBeginning: addsBeginning).encode(item, maxTokens: 6)
      #expect(
        sample.sequences == [
          .init(tokens: [1, id("a"), id(" b"), id("\n"), id("c"), id(" é")], scoredStart: 1)
        ])
      #expect(sample.tokenBytes == [0, 1, 2, 1, 1, 3])
      #expect(sample.tokenWords == [0, 1, 1, 0, 1, 1])
    }
    let error = #expect(throws: EvaluationError.self) {
      try encoder().encode(.document(DocumentItem(label: "d", text: "")), maxTokens: 6)
    }
    #expect(error?.message == "a sample of 'd' cannot be scored: it has no text")
  }

  @Test("a document without a beginning token is scored from its second token")
  func withoutBeginning() throws {
    let sample = try encoder(beginning: nil).encode(
      .document(DocumentItem(label: "d", text: "a b c")), maxTokens: 64)
    #expect(sample.sequences[0] == .init(tokens: [id("a"), id(" b"), id(" c")], scoredStart: 1))
  }

  @Test("routing tokens of a document are dense and not scored")
  func policy() throws {
    let sample = try encoder().encode(
      .document(DocumentItem(label: "d", text: "a b c a b")), maxTokens: 64)
    let policy = EvaluationPolicy(densePrefix: 1, routeTokens: 3)
    #expect(Array(sample.routingTokens(policy)) == [1, id("a"), id(" b")])
    #expect(sample.scoredStart(policy) == 3)
    #expect(sample.scoredCount(policy) == 3)
    #expect(sample.scoredCount(EvaluationPolicy(routeTokens: 6)) == 0)
    #expect(sample.scoredCount(EvaluationPolicy(routeTokens: 0)) == 5)
  }
}

extension MultipleChoiceItem {
  /// A question whose choices share the prompt.
  static func make(
    label: String = "t", prompt: String, choices: [String], gold: Int
  ) -> MultipleChoiceItem {
    MultipleChoiceItem(
      label: label, prompt: prompt,
      requests: choices.map { LikelihoodRequest(context: prompt, continuation: " " + $0) },
      choices: choices, gold: gold)
  }
}
