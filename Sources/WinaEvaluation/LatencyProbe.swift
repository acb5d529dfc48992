import WinaModel
import WinaTensor

/// One way to run the model whose time is measured.
public struct LatencySubject: Sendable {
  /// The name in results.
  public var name: String
  /// The gates that sequences use in turn; none for the dense model.
  public var arms: [GatedArm]
  /// The model that is run, transformed; `nil` for the probe's own.
  public var model: LanguageModel?

  /// Makes a subject.
  public init(name: String, arms: [GatedArm], model: LanguageModel? = nil) {
    self.name = name
    self.arms = arms
    self.model = model
  }
}

/// The shape of a measured request.
public struct LatencyShape: Codable, Sendable, Hashable {
  /// How many sequences are run together.
  public var batch: Int
  /// How many threads a pass may use.
  public var threads: Int
  /// The tokens of each prompt.
  public var promptTokens: Int
  /// The tokens that are decoded after it, one at a time.
  public var generatedTokens: Int

  enum CodingKeys: String, CodingKey {
    case batch, threads
    case promptTokens = "prompt_tokens"
    case generatedTokens = "generated_tokens"
  }

  /// Makes a shape.
  public init(batch: Int, threads: Int, promptTokens: Int, generatedTokens: Int) {
    self.batch = batch
    self.threads = threads
    self.promptTokens = promptTokens
    self.generatedTokens = generatedTokens
  }
}

/// What was measured of one subject at one shape; times in milliseconds.
public struct LatencyResult: Codable, Sendable, Equatable {
  /// The subject's name.
  public var subject: String
  /// The shape.
  public var shape: LatencyShape
  /// The time of the prompt's pass in each repetition.
  public var prefill: [Double]
  /// The time of each decode step that counts, all repetitions together.
  public var steps: [Double]
  /// The time of all decode steps that count over the dense model's in the same repetition.
  public var ratios: [Double]
  /// The mean time of each phase of a decode step, measured apart from the rest.
  public var phases: [String: Double]
  /// The weights that gated rows used over all weights, in decode steps; 1 for the dense model.
  public var density: Double
  /// The bytes of decoder weights, rotations among them, that a decode step reads, over all gated sequences alike.
  public var bytes: Double
}

/// Measures prefill and decode steps of several subjects on the same tokens, one after the other in
/// every repetition, so that a slow moment of the machine meets all of them.
public struct LatencyProbe {
  private let model: LanguageModel
  private let firstGatedRow: Int
  private let now: () -> UInt64

  /// Steps after a prompt that do not count, as caches and predictors are still cold.
  public static let warmUpSteps = 3

  /// Makes a probe.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - firstGatedRow: The leading tokens of every sequence that stay dense.
  ///   - now: A clock in nanoseconds that never goes back.
  public init(model: LanguageModel, firstGatedRow: Int, now: @escaping () -> UInt64) {
    self.model = model
    self.firstGatedRow = firstGatedRow
    self.now = now
  }

  /// Measures subjects at one shape; the first of them is what ratios are taken to.
  ///
  /// - Parameters:
  ///   - subjects: What is measured.
  ///   - shape: The shape of the request.
  ///   - tokens: At least `batch · (prompt + generated)` tokens of text.
  ///   - repeats: How often, after `warmUp` repetitions that do not count.
  ///   - warmUp: The repetitions that do not count.
  /// - Throws: `ModelError` when the sequences do not fit the model.
  public func measure(
    _ subjects: [LatencySubject], _ shape: LatencyShape, tokens: [Int32], repeats: Int, warmUp: Int
  ) throws -> [LatencyResult] {
    let length = shape.promptTokens + shape.generatedTokens
    let sequences = (0..<shape.batch).map { index -> [Int32] in
      let start = index * length
      return Array(tokens[start..<(start + length)])
    }
    var runs = subjects.map { _ in [Run]() }
    let workspaces = subjects.map { _ in ForwardWorkspace(threads: shape.threads) }
    for round in 0..<(warmUp + repeats) {
      // Each round begins with another subject, so that none always follows the same.
      for offset in subjects.indices {
        let index = (round + offset) % subjects.count
        let run = try run(subjects[index], shape, sequences, workspaces[index])
        if round >= warmUp { runs[index].append(run) }
      }
    }
    return try subjects.indices.map { index in
      let stopwatch = ForwardStopwatch(now: now)
      let steps = max(1, shape.generatedTokens)
      let model = subjects[index].model ?? self.model
      let cost = CostModel(ModelShape(model.configuration))
      let turned = model.isTransformed ? cost.executedRotationMACs : 0
      let timed = try run(
        subjects[index], shape, sequences, workspaces[index], stopwatch: stopwatch)
      return LatencyResult(
        subject: subjects[index].name, shape: shape, prefill: runs[index].map(\.prefill),
        steps: runs[index].flatMap(\.steps),
        ratios: zip(runs[index], runs[0]).map { $0.total / $1.total },
        phases: Dictionary(
          uniqueKeysWithValues: stopwatch.times.map { phase, time in
            (phase.rawValue, Double(time) / 1e6 / Double(steps))
          }),
        density: timed.usedWeights / (cost.linearMACs * Double(steps * shape.batch)),
        bytes: (timed.usedWeights / Double(steps * shape.batch) + turned)
          * Double(model.weightByteCount))
    }
  }

  /// One repetition: times in milliseconds.
  private struct Run {
    var prefill: Double
    /// The steps that count.
    var steps: [Double]
    /// The weights that decode steps used.
    var usedWeights: Double
    /// The time of the steps that count, or of the prompt where nothing is decoded.
    var total: Double { steps.isEmpty ? prefill : steps.reduce(0, +) }
  }

  private func run(
    _ subject: LatencySubject, _ shape: LatencyShape, _ sequences: [[Int32]],
    _ workspace: ForwardWorkspace, stopwatch: ForwardStopwatch? = nil
  ) throws -> Run {
    let model = subject.model ?? self.model
    let caches = sequences.map { _ in KeyValueCache(model.configuration) }
    let cost = CostModel(ModelShape(model.configuration))
    func parts(_ range: Range<Int>) -> [SequencePart] {
      sequences.enumerated().map { index, sequence in
        let arm = subject.arms.isEmpty ? nil : subject.arms[index % subject.arms.count]
        return SequencePart(
          tokens: Array(sequence[range]),
          request: ForwardRequest(
            logitRows: .last, gates: arm?.gates,
            firstGatedRow: max(0, firstGatedRow - range.lowerBound)),
          cache: caches[index])
      }
    }
    var start = now()
    _ = try model.forward(parts(0..<shape.promptTokens), workspace: workspace)
    var result = Run(prefill: Double(now() - start) / 1e6, steps: [], usedWeights: 0)
    workspace.stopwatch = stopwatch
    defer { workspace.stopwatch = nil }
    for step in 0..<shape.generatedTokens {
      let position = shape.promptTokens + step
      let parts = parts(position..<(position + 1))
      start = now()
      let results = try model.forward(parts, workspace: workspace)
      let time = Double(now() - start) / 1e6
      if step >= min(Self.warmUpSteps, shape.generatedTokens - 1) { result.steps.append(time) }
      for (index, found) in results.enumerated() {
        guard !subject.arms.isEmpty, found.gatedRows > 0 else {
          result.usedWeights += cost.linearMACs
          continue
        }
        let arm = subject.arms[index % subject.arms.count]
        let used = cost.usedWeights(
          kept: found.kept, hasNeuronGate: arm.hasNeuronGate, units: arm.units)
        result.usedWeights += Double(used.reduce(0, +))
      }
    }
    return result
  }
}
