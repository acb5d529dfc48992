import WinaEvaluation
import WinaModel
import WinaPipeline

/// The numbers of arms that no stage compares.
public enum EvaluationSummary {
  /// A shard of an arm's scores in a cell.
  public struct Arm {
    /// The values on the axes of the sweep.
    public var cell: [String: JSONValue]
    /// The stage that scored it.
    public var stage: String
    /// The arm.
    public var name: String
    /// The scores.
    public var shard: EvaluationShard

    /// Makes an arm.
    public init(cell: [String: JSONValue], stage: String, name: String, shard: EvaluationShard) {
      self.cell = cell
      self.stage = stage
      self.name = name
      self.shard = shard
    }
  }

  /// Returns a report with the arms' numbers and no contrasts; arms of several stages are named
  /// `STAGE.ARM`.
  ///
  /// - Parameters:
  ///   - arms: The shards in the order of the plan.
  ///   - modelDirectory: The model, whose shape the costs rest on.
  public static func report(_ arms: [Arm], modelDirectory: String) throws -> ComparisonReport {
    let cost = CostModel(ModelShape(try ModelConfiguration.load(path: modelDirectory)))
    var stages: [String] = []
    for arm in arms where !stages.contains(arm.stage) { stages.append(arm.stage) }
    let reports = try stages.map { stage in
      try report(
        arms.filter { $0.stage == stage }, prefix: stages.count > 1 ? stage + "." : "", cost)
    }
    let policies = zip(stages, reports).map { stage, report in
      stages.count > 1 ? "\(stage): \(report.policy)" : report.policy
    }
    return ComparisonReport(
      arms: reports.flatMap(\.arms), rows: reports.flatMap(\.rows),
      policy: policies.joined(separator: "; "))
  }

  private static func report(
    _ arms: [Arm], prefix: String, _ cost: CostModel
  ) throws -> ComparisonReport {
    var cells: [[String: JSONValue]] = []
    var names: [String] = []
    for arm in arms {
      if !cells.contains(arm.cell) { cells.append(arm.cell) }
      if !names.contains(arm.name) { names.append(arm.name) }
    }
    var scored: [ScoredArm] = []
    for (index, cell) in cells.enumerated() {
      for name in names {
        let shards = arms.filter { $0.cell == cell && $0.name == name }.map(\.shard)
        guard !shards.isEmpty else { continue }
        scored.append(
          ScoredArm(cell: index, arm: prefix + name, control: nil, shards: shards, cost: cost))
      }
    }
    let comparison = try Comparison(
      cells: cells, arms: [], scored: scored, cost: cost,
      options: .init(bootstrap: 2000, permutations: 10_000, seed: 1))
    return ComparisonReport(
      arms: names.map { prefix + $0 }, rows: try ResultRows(comparison: comparison).rows(),
      policy: comparison.policy)
  }
}
