import WinaTensor

/// What a forward pass returned.
package struct PassResult: Sendable {
  /// The logits of the pass's rows, [rows, V].
  package var logits: [Float]
  /// The weights used in gated rows, per (layer, projection); empty for a dense pass.
  package var usedWeights: [UInt64]
  /// The rows that were gated.
  package var gatedRows: Int

  /// Makes a result from its parts.
  package init(logits: [Float], usedWeights: [UInt64] = [], gatedRows: Int = 0) {
    self.logits = logits
    self.usedWeights = usedWeights
    self.gatedRows = gatedRows
  }
}

/// Turns the logits of one sample's passes into its score.
package struct SampleScorer: Sendable {
  private let cost: CostModel
  private let policy: EvaluationPolicy

  /// Scores for a model of a shape under a policy.
  package init(cost: CostModel, policy: EvaluationPolicy) {
    self.cost = cost
    self.policy = policy
  }

  private var columns: Int { cost.shape.vocabulary }

  /// Scores a sample.
  ///
  /// - Parameters:
  ///   - sample: What is scored.
  ///   - reference: The dense arm's predictions, from which divergences are taken.
  ///   - overhead: What the profile adds to the cost of gated rows.
  ///   - routerMACs: What choosing the profile cost.
  ///   - keepsReference: Whether to return the predictions as a reference.
  ///   - forward: Runs a pass.
  /// - Returns: The score, and the reference if it was asked for.
  package func score(
    _ sample: TokenizedSample, reference: DenseReference?, overhead: GateOverhead,
    routerMACs: Double, keepsReference: Bool, forward: (ScoringPass) throws -> PassResult
  ) throws -> (score: SampleScore, reference: DenseReference?) {
    var score = SampleScore(label: sample.label, kind: sample.kind)
    var kept = keepsReference ? emptyReference : nil
    let passes = ScoringPass.plan(sample, policy: policy)
    guard !passes.isEmpty else { return (score, kept) }
    let choices = sample.kind == .document ? 0 : sample.sequences.count
    score.logLikelihoods = [Double](repeating: 0, count: choices)
    score.isGreedy = [Bool](repeating: false, count: choices)
    for pass in passes {
      var result = try forward(pass)
      Kernels.logSoftmaxRows(&result.logits, rows: pass.rows.count, columns: columns)
      let likeliest = Kernels.argmaxRows(
        result.logits, rows: pass.rows.count, columns: columns)
      add(result, of: pass, overhead: overhead, to: &score)
      for member in pass.members {
        let positions = try positions(
          member, of: sample, pass: pass, in: result.logits, likeliest: likeliest)
        if choices > 0 {
          score.logLikelihoods[member] = positions.logLikelihood
          score.isGreedy[member] = positions.isGreedy
        }
        guard member == sample.gold else { continue }
        let sums = try sums(sample, positions, logits: result.logits, reference: reference)
        (score.first, score.second) = sums
        if keepsReference { kept = self.reference(positions, logits: result.logits) }
      }
    }
    score.macs.router = routerMACs
    judge(sample, &score)
    return (score, kept)
  }

  private func positions(
    _ member: Int, of sample: TokenizedSample, pass: ScoringPass, in logits: [Float],
    likeliest: [Int32]
  ) throws(EvaluationError) -> ScoredPositions {
    let sequence = sample.sequences[member]
    let start = sample.kind == .document ? sample.scoredStart(policy) : sequence.scoredStart
    let positions = ScoredPositions(
      targets: sequence.tokens[start...], in: logits, likeliest: likeliest,
      firstRow: start - 1 - pass.rows.lowerBound, columns: columns)
    if let position = positions.firstNaN {
      throw .nonFinite(sample.label, position: position)
    }
    return positions
  }

  /// The sums over the first ⌊n/2⌋ scored tokens and over the others.
  private func sums(
    _ sample: TokenizedSample, _ positions: ScoredPositions, logits: [Float],
    reference: DenseReference?
  ) throws(EvaluationError) -> (TokenSums, TokenSums) {
    let count = positions.logProbabilities.count
    if let reference, reference.positions != count {
      throw .mismatchedReference(positions: reference.positions, expected: count)
    }
    var halves = (TokenSums.zero, TokenSums.zero)
    let start = sample.tokenBytes.count - count
    for index in 0..<count {
      var sums = TokenSums.zero
      sums.tokens = 1
      sums.bytes = Int(sample.tokenBytes[start + index])
      sums.words = Int(sample.tokenWords[start + index])
      sums.nll = -positions.logProbabilities[index]
      if let reference {
        let row = positions.firstRow + index
        sums.kl = reference.divergence(index, arm: logits, row: row)
        sums.agreements = reference.likeliest(index) == positions.likeliest[index] ? 1 : 0
      } else {
        sums.agreements = 1
      }
      if index < count / 2 { halves.0 = halves.0 + sums } else { halves.1 = halves.1 + sums }
    }
    return halves
  }

  private func add(
    _ result: PassResult, of pass: ScoringPass, overhead: GateOverhead, to score: inout SampleScore
  ) {
    let rows = pass.input.count
    score.rows += rows
    score.gatedRows += result.gatedRows
    score.macs =
      score.macs
      + cost.macs(
        used: result.usedWeights, gatedRows: result.gatedRows, rows: rows,
        attendedKeys: CostModel.attendedKeys(rows: rows), overhead: overhead)
    if score.usedWeights.isEmpty {
      score.usedWeights = result.usedWeights
    } else {
      for (index, count) in result.usedWeights.enumerated() { score.usedWeights[index] += count }
    }
  }

  private func judge(_ sample: TokenizedSample, _ score: inout SampleScore) {
    switch sample.kind {
    case .document:
      break
    case .continuation:
      score.accuracy = score.isGreedy.first == true ? 1 : 0
      score.normalizedAccuracy = score.accuracy
    case .choices:
      let normalized = zip(score.logLikelihoods, sample.choiceCharacters).map { $0 / Double($1) }
      score.accuracy = firstMaximum(score.logLikelihoods) == sample.gold ? 1 : 0
      score.normalizedAccuracy = firstMaximum(normalized) == sample.gold ? 1 : 0
    }
  }

  private func firstMaximum(_ values: [Double]) -> Int {
    values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
  }

  private var emptyReference: DenseReference {
    DenseReferenceTable(predictions: [], rows: 0..<0, likeliest: [], vocabulary: columns)
      .reference(0)
  }

  private func reference(_ positions: ScoredPositions, logits: [Float]) -> DenseReference {
    DenseReferenceTable(
      predictions: logits,
      rows: positions.firstRow..<(positions.firstRow + positions.likeliest.count),
      likeliest: positions.likeliest, vocabulary: columns
    ).reference(0)
  }
}
