import Foundation
import Testing
import WinaEvaluation
import WinaModel
import WinaTensor

@Suite("Evaluator") struct EvaluatorTests {
  private static let policy = EvaluationPolicy(densePrefix: 1, routeTokens: 6)

  private static let samples: [TokenizedSample] = {
    let documents = (0..<4).map { TinyModel.document(9 + $0, seed: UInt64($0)) }
    return documents + (0..<4).map { TinyModel.question(seed: UInt64(100 + $0)) }
  }()

  /// Gates with one rule on every projection.
  private func gates(_ rule: (Projection) -> KeepRule) -> ActivationGates {
    var gates = ActivationGates(layers: TinyModel.layers)
    for layer in 0..<TinyModel.layers {
      for name in ModelShape.projectionNames {
        guard let projection = Projection(rawValue: name) else { continue }
        gates.projections[layer][projection] = ProjectionGate(rule: rule(projection))
      }
    }
    return gates
  }

  /// All logits of a pass in double precision, normalised by a plain loop.
  private func logProbabilities(
    _ model: LanguageModel, _ tokens: [Int32], gates: ActivationGates? = nil, firstGatedRow: Int = 0
  ) throws -> [[Double]] {
    let request = ForwardRequest(
      logitRows: .all, gates: try gates.map { try model.prepare($0) }, firstGatedRow: firstGatedRow)
    let logits = try model.forward(tokens, request, workspace: ForwardWorkspace()).logits
    return (0..<tokens.count).map { row in
      let values = logits[(row * TinyModel.vocabulary)..<((row + 1) * TinyModel.vocabulary)].map {
        Double($0)
      }
      let total = log(values.reduce(0) { $0 + exp($1) })
      return values.map { $0 - total }
    }
  }

  @Test("sums of a gated document are those of a plain double-precision loop")
  func documentSums() throws {
    let tiny = try TinyModel(seed: 5)
    let evaluator = Evaluator(model: tiny.model, policy: Self.policy)
    let workspace = ForwardWorkspace()
    let sample = TinyModel.document(14, seed: 9)
    let gates = gates { _ in .threshold(0.5) }
    let dense = try evaluator.makeReference(sample, workspace: workspace)
    let score = try evaluator.score(
      sample, arm: GatedArm(gates, for: tiny.model), reference: dense.reference,
      workspace: workspace)

    let tokens = sample.prompt
    let input = Array(tokens.dropLast())
    let p = try logProbabilities(tiny.model, input)
    let q = try logProbabilities(tiny.model, input, gates: gates, firstGatedRow: 6)
    var (nll, denseNLL, kl) = (0.0, 0.0, 0.0)
    for target in 6..<tokens.count {
      nll -= q[target - 1][Int(tokens[target])]
      denseNLL -= p[target - 1][Int(tokens[target])]
      kl += zip(p[target - 1], q[target - 1]).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    }
    #expect(abs(score.total.nll - nll) < 1e-4)
    #expect(abs(dense.score.total.nll - denseNLL) < 1e-4)
    #expect(abs(score.total.kl - kl) < 1e-4)
    #expect(score.total.kl > 1e-3)
    #expect(score.total.tokens == 8)
    #expect(score.first.tokens == 4)
    #expect(score.total.bytes == 24)
    #expect(dense.score.total.kl == 0)
    #expect(score.rows == 13)
    #expect(score.gatedRows == 7)
  }

  @Test("choices are scored as their log-likelihoods")
  func choiceSums() throws {
    let tiny = try TinyModel(seed: 6)
    let evaluator = Evaluator(model: tiny.model, policy: Self.policy)
    let workspace = ForwardWorkspace()
    for seed in UInt64(0)..<5 {
      let sample = TinyModel.question(seed: seed)
      let score = try evaluator.score(sample, workspace: workspace)
      for (sequence, likelihood) in zip(sample.sequences, score.logLikelihoods) {
        let p = try logProbabilities(tiny.model, Array(sequence.tokens.dropLast()))
        let expected = (sequence.scoredStart..<sequence.tokens.count).reduce(0.0) {
          $0 + p[$1 - 1][Int(sequence.tokens[$1])]
        }
        #expect(abs(likelihood - expected) < 1e-4)
      }
      #expect(score.total.nll == -score.logLikelihoods[1])
    }
  }

  @Test("gates that keep everything change nothing and cost their comparisons")
  func keepingEverything() throws {
    let tiny = try TinyModel(seed: 7)
    let evaluator = Evaluator(model: tiny.model, policy: Self.policy)
    let workspace = ForwardWorkspace()
    let arm = try GatedArm(gates { _ in .threshold(-1) }, for: tiny.model)
    for sample in Self.samples {
      let dense = try evaluator.makeReference(sample, workspace: workspace)
      let score = try evaluator.score(
        sample, arm: arm, routerMACs: 3, reference: dense.reference, workspace: workspace)
      #expect(score.total.kl < 1e-6)
      #expect(score.total.agreements == score.total.tokens)
      #expect(score.macs.linear == dense.score.macs.linear)
      // q, k, v, gate and up read 16 values, o 16, down 24, in both layers.
      #expect(score.macs.gate == Double(score.gatedRows * 2 * (6 * 16 + 24)))
      #expect(score.macs.router == 3)
      #expect(
        evaluator.cost.sparsity(
          used: score.usedWeights, gatedRows: score.gatedRows, over: score.gatedRows) == 0)
    }
  }

  @Test("top-k keeps k inputs a row, which the weights in use and the MACs show")
  func topK() throws {
    let tiny = try TinyModel(seed: 8)
    let evaluator = Evaluator(model: tiny.model, policy: Self.policy)
    let arm = try GatedArm(
      gates { .topK($0 == .downProj ? 12 : 8) }, for: tiny.model)
    let score = try evaluator.score(
      TinyModel.document(16, seed: 1), arm: arm, workspace: ForwardWorkspace())
    let shape = evaluator.cost.shape
    #expect(score.gatedRows == 9)
    let half = zip(shape.inputs, shape.outputs).map { UInt64(9 * $0 / 2 * $1) }
    #expect(score.usedWeights == half + half)
    let summary = ScoreSummary([score], cost: evaluator.cost, divergence: nil)
    #expect(abs((summary[.gatedSparsity]?.value ?? 0) - 0.5) < 1e-12)
    #expect(abs((summary[.sparsity]?.value ?? 0) - 0.5 * 9 / 15) < 1e-12)
  }

  @Test("a CATS gate is counted by the neurons it keeps")
  func cats() throws {
    let tiny = try TinyModel(seed: 9)
    let evaluator = Evaluator(model: tiny.model, policy: Self.policy)
    var gates = ActivationGates(layers: TinyModel.layers)
    gates.cats = [nil, 0.2]
    let arm = try GatedArm(gates, for: tiny.model)
    #expect(arm.overhead.gatePerRow == Double(TinyModel.feedForward))
    let score = try evaluator.score(
      TinyModel.document(16, seed: 1), arm: arm, workspace: ForwardWorkspace())
    // One layer's neurons: up and down use the same ones, up over its rows, down over its columns.
    #expect(score.usedWeights[12] == score.usedWeights[13])
    #expect(score.usedWeights[12] > 0)
    #expect(score.usedWeights[12] < UInt64(9 * 16 * 24))
    #expect(score.usedWeights[5] == UInt64(9 * 16 * 24))
  }

  @Test("WINA-CATS weighs neurons by the norms of down_proj's columns")
  func weightedCATS() throws {
    let tiny = try TinyModel(seed: 9)
    let evaluator = Evaluator(model: tiny.model, policy: Self.policy)
    func score(_ threshold: Float, _ norms: [Float]?) throws -> SampleScore {
      var gates = ActivationGates(layers: TinyModel.layers)
      gates.cats = [nil, threshold]
      gates.catsNorms = [nil, norms]
      return try evaluator.score(
        TinyModel.document(16, seed: 1), arm: GatedArm(gates, for: tiny.model),
        workspace: ForwardWorkspace())
    }
    let units = TinyModel.feedForward
    // Twice the norm and twice the threshold are the same mask; a norm of 0 is never kept.
    let plain = try score(0.2, nil)
    #expect(try score(0.4, [Float](repeating: 2, count: units)) == plain)
    let half = try score(0.1, (0..<units).map { $0 % 2 == 0 ? 0 : 1 })
    let all = try score(0.1, [Float](repeating: 1, count: units))
    #expect(half.usedWeights[13] < all.usedWeights[13])
    #expect(half.usedWeights[13] <= UInt64(half.gatedRows * (units / 2) * 16))
    #expect(throws: (any Error).self) { try score(0.1, [1]) }
  }

  @Test("a static mask at down_proj spares the outputs of gate_proj and up_proj, packed or not")
  func staticUnits() throws {
    let tiny = try TinyModel(seed: 9)
    let evaluator = Evaluator(model: tiny.model, policy: Self.policy)
    var gates = ActivationGates(layers: TinyModel.layers)
    for projection in Projection.allCases {
      let width = tiny.model.inputs(of: projection)
      gates.projections[1][projection] = ProjectionGate(
        rule: .mask((0..<width).map { $0 % 4 != 1 }),
        mean: (0..<width).map { Float($0 % 3) / 10 })
    }
    let sample = TinyModel.document(16, seed: 1)
    let scores = try [false, true].map { packs in
      try evaluator.score(
        sample, arm: GatedArm(gates, for: tiny.model, packsMasks: packs),
        workspace: ForwardWorkspace())
    }
    #expect(scores[0] == scores[1])
    let (inputs, units) = (12, TinyModel.feedForward * 3 / 4)
    let rows = scores[0].gatedRows
    #expect(scores[0].usedWeights[11] == UInt64(rows * inputs * units))
    #expect(scores[0].usedWeights[12] == UInt64(rows * inputs * units))
    #expect(scores[0].usedWeights[13] == UInt64(rows * units * 16))
    #expect(scores[0].usedWeights[10] == UInt64(rows * 12 * 16))
  }

  @Test("scores do not depend on the order of samples, a used workspace or the gate's neighbours")
  func orderIndependence() throws {
    let tiny = try TinyModel(seed: 10)
    let evaluator = Evaluator(model: tiny.model, policy: Self.policy)
    let arm = try GatedArm(gates { _ in .threshold(0.4) }, for: tiny.model)
    func scores(_ samples: [TokenizedSample]) throws -> [SampleScore] {
      let workspace = ForwardWorkspace()
      return try samples.map { sample in
        let dense = try evaluator.makeReference(sample, workspace: workspace)
        return try evaluator.score(
          sample, arm: arm, reference: dense.reference, workspace: workspace)
      }
    }
    let forward = try scores(Self.samples)
    let backward = try scores(Self.samples.reversed())
    #expect(forward == backward.reversed())
    for (sample, score) in zip(Self.samples, forward) {
      #expect(try scores([sample]) == [score])
      #expect(score.total.kl >= 0)
    }
    let jobs = Self.samples.map { ScoringJob($0, arm: arm, keepsReference: true) }
    let together = try evaluator.score(jobs.reversed(), workspace: ForwardWorkspace())
    for (job, result) in zip(jobs.reversed(), together) {
      let alone = try evaluator.score([job], workspace: ForwardWorkspace())[0]
      #expect(result.score == alone.score && result.reference == alone.reference)
    }
    #expect(evaluator.batches(Self.samples) == [0..<8])
    let many = Array(repeating: Self.samples[0], count: 100)
    #expect(evaluator.batches(many).count > 1)
    #expect(evaluator.batches(many).flatMap(\.self) == Array(0..<100))
  }

  @Test("a task's report does not depend on the number of threads")
  func taskReport() throws {
    let tiny = try TinyModel(seed: 11)
    let encoder = SampleEncoder(
      codec: ToyCodec.make(["Question:", "\nAnswer:", " a", " b", " c", " d", "a", "b"]),
      beginning: 1, end: 2, context: 64)
    let evaluation = TaskEvaluation(
      evaluator: Evaluator(model: tiny.model, policy: Self.policy), encoder: encoder)
    let records = ["a", "b", "c", "d", "a b", "c d"].enumerated().map { index, question in
      TaskEvaluation.Record(
        bytes: Array(
          #"{"goal": "\#(question)", "sol1": "a b", "sol2": "c", "label": \#(index % 2)}"#.utf8),
        origin: RecordOrigin(file: "f", line: index + 1))
    }
    let task = try BenchmarkTask.named("piqa")
    let single = try evaluation.run(task, records: records, limit: 5)
    let double = try evaluation.run(task, records: records, limit: 5, jobs: 3)
    #expect(single == double)
    #expect(single.items.count == 5)
    #expect(single[.accuracy]?.count == 5)
    #expect(
      single[.accuracy]?.value
        == Double(single.items.reduce(0) { $0 + $1.accuracy }) / 5)
    let broken =
      records + [TaskEvaluation.Record(bytes: [], origin: RecordOrigin(file: "f", line: 7))]
    let error = #expect(throws: EvaluationError.self) {
      try evaluation.run(task, records: broken, jobs: 2)
    }
    #expect(error?.message.hasPrefix("piqa: f:7: ") == true)
  }
}
