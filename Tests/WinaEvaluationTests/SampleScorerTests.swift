import Foundation
import Testing
import WinaEvaluation
import WinaTestSupport

@Suite("Sample scorer") struct SampleScorerTests {
  static func shape(vocabulary: Int) -> ModelShape {
    ModelShape(
      layers: 1, hidden: 8, heads: 2, keyValueHeads: 1, headSize: 4, feedForward: 12,
      vocabulary: vocabulary)
  }

  /// Logits that depend on the fed prefix and on the arm only, as a causal model's do.
  static func forward(vocabulary: Int, arm: UInt64 = 0, noise: Double = 0) -> (
    ScoringPass
  ) -> PassResult {
    { pass in
      var logits: [Float] = []
      for row in pass.rows {
        var seed: UInt64 = 17
        for token in pass.prefix + pass.tokens[...row] { seed = seed &* 31 &+ UInt64(token) }
        var dense = SeededGenerator(seed: seed)
        var other = SeededGenerator(seed: seed ^ arm)
        let base = dense.normals(vocabulary, deviation: 2)
        let change = other.normals(vocabulary, deviation: noise)
        logits += zip(base, change).map { noise == 0 ? $0 : $0 + $1 }
      }
      return PassResult(logits: logits)
    }
  }

  private func scorer(_ vocabulary: Int, _ policy: EvaluationPolicy = .init()) -> SampleScorer {
    SampleScorer(cost: CostModel(Self.shape(vocabulary: vocabulary)), policy: policy)
  }

  private func document(_ tokens: [Int32]) -> TokenizedSample {
    TokenizedSample(
      label: "d", kind: .document, prompt: tokens,
      sequences: [.init(tokens: tokens, scoredStart: 1)],
      tokenBytes: tokens.indices.map { $0 == 0 ? 0 : Int32($0 % 5) },
      tokenWords: tokens.indices.map { Int32($0 % 2) })
  }

  private func choices(_ prompt: [Int32], _ continuations: [[Int32]], gold: Int) -> TokenizedSample
  {
    TokenizedSample(
      label: "c", kind: .choices, prompt: prompt,
      sequences: continuations.map { .init(tokens: prompt + $0, scoredStart: prompt.count) },
      gold: gold, choiceCharacters: continuations.map(\.count),
      choiceBytes: continuations.map(\.count),
      tokenBytes: (prompt + continuations[gold]).map { _ in 2 },
      tokenWords: (prompt + continuations[gold]).map { _ in 1 })
  }

  private func score(
    _ sample: TokenizedSample, vocabulary: Int = 24, policy: EvaluationPolicy = .init(),
    reference: DenseReference? = nil, arm: UInt64 = 0, noise: Double = 0
  ) throws -> SampleScore {
    let plan = ScoringPlan(sample, policy: policy)
    return try scorer(vocabulary, policy).score(
      sample, plan,
      plan.passes.map(Self.forward(vocabulary: vocabulary, arm: arm, noise: noise)),
      reference: reference, overhead: .none, routerMACs: 0, keepsReference: false
    ).score
  }

  private func reference(
    _ sample: TokenizedSample, vocabulary: Int = 24, policy: EvaluationPolicy = .init()
  ) throws -> DenseReference {
    let plan = ScoringPlan(sample, policy: policy)
    let result = try scorer(vocabulary, policy).score(
      sample, plan, plan.passes.map(Self.forward(vocabulary: vocabulary)), reference: nil,
      overhead: .none, routerMACs: 0, keepsReference: true)
    return try #require(result.reference)
  }

  /// The log-probabilities a plain implementation in double precision gives.
  private func plain(_ tokens: ArraySlice<Int32>, vocabulary: Int, arm: UInt64, noise: Double)
    -> [Double]
  {
    let last = tokens.count - 1
    let sample = document(Array(tokens) + [0])
    let policy = EvaluationPolicy(routeTokens: tokens.count)
    let pass = ScoringPlan(sample, policy: policy).passes[0]
    precondition(pass.rows == last..<(last + 1))
    let logits = Self.forward(vocabulary: vocabulary, arm: arm, noise: noise)(pass).logits
    let values = logits.map { Double($0) }
    let total = log(values.reduce(0) { $0 + exp($1) })
    return values.map { $0 - total }
  }

  @Test("sums are those of a plain double-precision implementation")
  func plainSums() throws {
    let tokens: [Int32] = [1, 5, 7, 20, 3, 9, 9, 2, 14]
    let sample = document(tokens)
    let policy = EvaluationPolicy(routeTokens: 4)
    let dense = try reference(sample, policy: policy)
    let score = try score(sample, policy: policy, reference: dense, arm: 3, noise: 0.5)

    var halves = [TokenSums.zero, TokenSums.zero]
    for target in 4..<9 {
      let p = plain(tokens[..<target], vocabulary: 24, arm: 0, noise: 0)
      let q = plain(tokens[..<target], vocabulary: 24, arm: 3, noise: 0.5)
      let half = target < 6 ? 0 : 1
      halves[half].tokens += 1
      halves[half].bytes += Int(sample.tokenBytes[target])
      halves[half].words += Int(sample.tokenWords[target])
      halves[half].nll -= q[Int(tokens[target])]
      halves[half].kl += zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
      halves[half].agreements +=
        p.firstIndex(of: p.max() ?? 0) == q.firstIndex(of: q.max() ?? 0) ? 1 : 0
    }
    for (sums, expected) in zip([score.first, score.second], halves) {
      #expect(sums.tokens == expected.tokens)
      #expect(sums.bytes == expected.bytes)
      #expect(sums.words == expected.words)
      #expect(sums.agreements == expected.agreements)
      #expect(abs(sums.nll - expected.nll) < 1e-5)
      #expect(abs(sums.kl - expected.kl) < 1e-5)
      #expect(sums.kl > 0)
    }
    #expect(score.rows == 8)
  }

  @Test("the divergence of the dense arm from itself is exactly zero", arguments: [24, 5000])
  func selfDivergence(vocabulary: Int) throws {
    let sample = document([1, 5, 7, 20, 3])
    let policy = EvaluationPolicy(routeTokens: 2)
    let dense = try reference(sample, vocabulary: vocabulary, policy: policy)
    let score = try score(sample, vocabulary: vocabulary, policy: policy, reference: dense)
    #expect(dense.positions == 3)
    #expect(dense.metric == (vocabulary == 24 ? .kl : .klTop64))
    #expect(vocabulary == 5000 ? abs(score.total.kl) < 1e-5 : score.total.kl == 0)
    #expect(score.total.agreements == 3)
  }

  @Test("the bucketed divergence is positive and at most the full one")
  func bucketedDivergence() throws {
    let sample = document([1, 5, 7])
    let policy = EvaluationPolicy(routeTokens: 1)
    for seed in UInt64(1)...5 {
      let dense = try reference(sample, vocabulary: 4200, policy: policy)
      let score = try score(
        sample, vocabulary: 4200, policy: policy, reference: dense, arm: seed, noise: 1)
      let full = (1..<3).reduce(0.0) { sum, target in
        let p = plain([1, 5, 7][..<target], vocabulary: 4200, arm: 0, noise: 0)
        let q = plain([1, 5, 7][..<target], vocabulary: 4200, arm: seed, noise: 1)
        return sum + zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
      }
      #expect(score.total.kl > 0)
      #expect(score.total.kl <= full + 1e-5)
    }
  }

  @Test("choices are judged by likelihood and by likelihood per character")
  func accuracies() throws {
    for seed in Int32(0)..<12 {
      let sample = choices([1, seed], [[3], [4, 5, 6], [7, 8]], gold: 1)
      let score = try score(sample)
      let likelihoods = sample.sequences.map { sequence in
        (sequence.scoredStart..<sequence.tokens.count).reduce(0.0) { sum, target in
          sum
            + plain(sequence.tokens[..<target], vocabulary: 24, arm: 0, noise: 0)[
              Int(sequence.tokens[target])]
        }
      }
      for (value, expected) in zip(score.logLikelihoods, likelihoods) {
        #expect(abs(value - expected) < 1e-5)
      }
      let normalized = zip(likelihoods, [1.0, 3, 2]).map(/)
      #expect(score.accuracy == (likelihoods.max() == likelihoods[1] ? 1 : 0))
      #expect(score.normalizedAccuracy == (normalized.max() == normalized[1] ? 1 : 0))
      #expect(abs(score.total.nll + likelihoods[1]) < 1e-5)
      #expect(score.total.tokens == 3)
      #expect(score.first.tokens == 1)
    }
  }

  @Test("what choices share is fed once")
  func sharedPasses() throws {
    func shape(_ sample: TokenizedSample) -> [[Int]] {
      ScoringPlan(sample, policy: .init()).passes.map {
        [$0.prefix.count, $0.tokens.count, $0.rows.lowerBound, $0.rows.upperBound]
      }
    }
    let letters = choices([1, 2, 3], [[4], [5], [6], [7]], gold: 2)
    #expect(shape(letters) == [[0, 3, 2, 3]])
    let score = try score(letters)
    #expect(score.rows == 3)
    #expect(Set(score.logLikelihoods).count == 4)
    let longer = choices([1, 2], [[4], [5, 6], [5, 7], [8, 9, 3]], gold: 0)
    #expect(shape(longer) == [[0, 2, 1, 2], [2, 1, 0, 1], [2, 2, 0, 2]])
    let alike = choices([1, 2], [[5, 6, 7], [5, 6, 8], [5, 6, 9, 4]], gold: 0)
    #expect(shape(alike) == [[0, 4, 1, 4], [4, 1, 0, 1]])
    let apart = TokenizedSample(
      label: "w", kind: .choices, prompt: [1],
      sequences: [
        .init(tokens: [3, 5, 6, 7], scoredStart: 2), .init(tokens: [4, 6, 7], scoredStart: 1),
      ], choiceCharacters: [1, 1], choiceBytes: [1, 1], tokenBytes: [1, 1, 1, 1],
      tokenWords: [1, 1, 1, 1])
    #expect(shape(apart) == [[0, 3, 1, 3], [0, 2, 0, 2]])
  }

  @Test("a continuation is right when it is greedy")
  func continuation() throws {
    for token in Int32(0)..<24 {
      let sample = TokenizedSample(
        label: "l", kind: .continuation, prompt: [1, 2],
        sequences: [.init(tokens: [1, 2, token], scoredStart: 2)], choiceCharacters: [1],
        choiceBytes: [1], tokenBytes: [1, 1, 1], tokenWords: [1, 1, 1])
      let score = try score(sample)
      let row = plain([1, 2], vocabulary: 24, arm: 0, noise: 0)
      #expect(score.accuracy == (row.max() == row[Int(token)] ? 1 : 0))
      #expect(score.isGreedy == [score.accuracy == 1])
    }
  }

  @Test("a document no longer than the routing tokens is skipped")
  func shortDocument() throws {
    let sample = document([1, 2, 3])
    let dense = try reference(sample, policy: EvaluationPolicy(routeTokens: 3))
    #expect(dense.positions == 0)
    let score = try score(sample, policy: EvaluationPolicy(routeTokens: 3), reference: dense)
    #expect(score.isSkipped)
    #expect(score.rows == 0)
  }

  @Test("a reference of another policy and a broken model are errors")
  func errors() throws {
    let sample = document([1, 5, 7, 20, 3])
    let dense = try reference(sample, policy: EvaluationPolicy(routeTokens: 2))
    let mismatch = #expect(throws: EvaluationError.self) {
      try score(sample, policy: EvaluationPolicy(routeTokens: 1), reference: dense)
    }
    #expect(mismatch?.code == .mismatchedReference)
    let policy = EvaluationPolicy(routeTokens: 1)
    let plan = ScoringPlan(sample, policy: policy)
    let broken = #expect(throws: EvaluationError.self) {
      try scorer(24, policy).score(
        sample, plan,
        plan.passes.map {
          PassResult(logits: [Float](repeating: .nan, count: 24 * $0.rows.count))
        }, reference: nil, overhead: .none, routerMACs: 0, keepsReference: false)
    }
    #expect(broken?.code == .nonFinite)
  }

  @Test("references survive being flattened, whole and bucketed", arguments: [24, 4200])
  func referenceTable(vocabulary: Int) throws {
    let policy = EvaluationPolicy(routeTokens: 2)
    let samples = [document([1, 5, 7, 20, 3]), document([1, 2]), document([4, 4, 4])]
    let references = try samples.map {
      try reference($0, vocabulary: vocabulary, policy: policy)
    }
    let table = DenseReferenceTable(references, vocabulary: vocabulary)
    let stored = try DenseReferenceTable(
      vocabulary: vocabulary, counts: table.counts, likeliest: table.likeliest,
      logProbabilities: table.logProbabilities, ids: table.ids, rest: table.rest)
    #expect(stored.counts == [3, 0, 1])
    #expect(stored.isFull == (vocabulary == 24))
    for (index, sample) in samples.enumerated() {
      let direct = try score(
        sample, vocabulary: vocabulary, policy: policy, reference: references[index], arm: 9,
        noise: 0.3)
      let loaded = try score(
        sample, vocabulary: vocabulary, policy: policy, reference: stored.reference(index),
        arm: 9, noise: 0.3)
      #expect(direct == loaded)
    }
    #expect(throws: EvaluationError.self) {
      try DenseReferenceTable(
        vocabulary: vocabulary, counts: [4], likeliest: table.likeliest,
        logProbabilities: Array(table.logProbabilities.dropLast()), ids: table.ids,
        rest: table.rest)
    }
  }

  @Test("what a pass keeps and costs is added up over passes")
  func costs() throws {
    let sample = choices([1, 2, 3], [[4, 5], [6, 7]], gold: 0)
    let cost = CostModel(Self.shape(vocabulary: 24))
    let used: [UInt64] = [8, 8, 8, 8, 8, 8, 12]
    let overhead = GateOverhead(gatePerRow: 5, centringPerRow: 3)
    let dense = Self.forward(vocabulary: 24)
    let plan = ScoringPlan(sample, policy: .init())
    let score = try scorer(24).score(
      sample, plan,
      plan.passes.map {
        PassResult(
          logits: dense($0).logits, usedWeights: used,
          gatedRows: $0.tokens.count - ($0.prefix.isEmpty ? 1 : 0))
      }, reference: nil, overhead: overhead, routerMACs: 11, keepsReference: false
    ).score
    // Three tokens that both choices share, then one more of each.
    #expect(score.rows == 5)
    #expect(score.gatedRows == 4)
    #expect(score.usedWeights == used.map { 3 * $0 })
    #expect(score.macs.gate == 20)
    #expect(score.macs.centring == 12)
    #expect(score.macs.router == 11)
    #expect(score.macs.head == 5 * 8 * 24)
    #expect(score.macs.attention == cost.attentionMACs(attendedKeys: 14))
    #expect(
      score.macs.linear == cost.linearMACs(used: score.usedWeights, gatedRows: 4, rows: 5))
  }
}
