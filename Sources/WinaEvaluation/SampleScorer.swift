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
  ///   - plan: The passes that were run.
  ///   - results: What they returned.
  ///   - reference: The dense arm's predictions, from which divergences are taken.
  ///   - overhead: What the profile adds to the cost of gated rows.
  ///   - routerMACs: What choosing the profile cost.
  ///   - keepsReference: Whether to return the predictions as a reference.
  /// - Returns: The score, and the reference if it was asked for.
  package func score(
    _ sample: TokenizedSample, _ plan: ScoringPlan, _ results: [PassResult],
    reference: DenseReference?, overhead: GateOverhead, routerMACs: Double, keepsReference: Bool
  ) throws(EvaluationError) -> (score: SampleScore, reference: DenseReference?) {
    var score = SampleScore(label: sample.label, kind: sample.kind)
    guard !plan.passes.isEmpty else { return (score, keepsReference ? emptyReference : nil) }
    for (pass, result) in zip(plan.passes, results) {
      add(result, of: pass, overhead: overhead, to: &score)
    }
    let predictions = zip(plan.passes, results).map { self.predictions($0, $1) }
    let choices = sample.kind == .document ? 0 : sample.sequences.count
    score.logLikelihoods = [Double](repeating: 0, count: choices)
    score.isGreedy = [Bool](repeating: false, count: choices)
    var kept: DenseReference?
    for member in sample.sequences.indices {
      let positions = try positions(member, of: sample, plan, predictions)
      if choices > 0 {
        score.logLikelihoods[member] = positions.logLikelihood
        score.isGreedy[member] = positions.isGreedy
      }
      guard member == sample.gold else { continue }
      (score.first, score.second) = try sums(sample, positions, predictions, reference)
      if keepsReference { kept = self.reference(positions, predictions) }
    }
    score.macs.router = routerMACs
    judge(sample, &score)
    return (score, kept)
  }

  private func predictions(_ pass: ScoringPass, _ result: PassResult) -> PassPredictions {
    var values = result.logits
    Kernels.logSoftmaxRows(&values, rows: pass.rows.count, columns: columns)
    let likeliest =
      pass.rows.isEmpty
      ? [] : Kernels.argmaxRows(values, rows: pass.rows.count, columns: columns)
    return PassPredictions(logProbabilities: values, likeliest: likeliest)
  }

  private func positions(
    _ member: Int, of sample: TokenizedSample, _ plan: ScoringPlan,
    _ predictions: [PassPredictions]
  ) throws(EvaluationError) -> ScoredPositions {
    let sequence = sample.sequences[member]
    let start = sample.kind == .document ? sample.scoredStart(policy) : sequence.scoredStart
    let rows = plan.stretches[member].flatMap { stretch in
      stretch.rows.map {
        ScoredPositions.Row(
          pass: stretch.pass, row: $0 - plan.passes[stretch.pass].rows.lowerBound)
      }
    }
    let positions = ScoredPositions(
      targets: sequence.tokens[start...], rows: rows, in: predictions, columns: columns)
    if let position = positions.firstNaN {
      throw .nonFinite(sample.label, position: position)
    }
    return positions
  }

  /// The sums over the first ⌊n/2⌋ scored tokens and over the others.
  private func sums(
    _ sample: TokenizedSample, _ positions: ScoredPositions, _ predictions: [PassPredictions],
    _ reference: DenseReference?
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
        let row = positions.rows[index]
        sums.kl = reference.divergence(
          index, arm: predictions[row.pass].logProbabilities, row: row.row)
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
    let rows = pass.tokens.count
    score.rows += rows
    score.gatedRows += result.gatedRows
    score.macs =
      score.macs
      + cost.macs(
        used: result.usedWeights, gatedRows: result.gatedRows, rows: rows,
        attendedKeys: CostModel.attendedKeys(rows: rows, after: pass.prefix.count),
        overhead: overhead)
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

  /// Puts the rows of the positions one below the other.
  private func reference(
    _ positions: ScoredPositions, _ predictions: [PassPredictions]
  ) -> DenseReference {
    var values: [Float] = []
    values.reserveCapacity(positions.rows.count * columns)
    for row in positions.rows {
      let start = row.row * columns
      values += predictions[row.pass].logProbabilities[start..<(start + columns)]
    }
    return DenseReferenceTable(
      predictions: values, rows: 0..<positions.rows.count, likeliest: positions.likeliest,
      vocabulary: columns
    ).reference(0)
  }
}
