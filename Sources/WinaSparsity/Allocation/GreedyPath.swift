/// How a block's sparsity grew, one projection at a time.
public struct GreedyPath: Sendable, Equatable {
  /// One step of the search.
  public struct Row: Sendable, Equatable {
    /// The parameter-weighted sparsity of the block.
    public var effective: Double
    /// The error of the block's output on the samples that were searched with.
    public var error: Double
    /// The error of the same effective sparsity in every projection, on the same samples.
    public var uniformError: Double
    /// The error on other samples; not a number where there were none.
    public var heldOutError: Double
    /// The error of uniform sparsity on other samples; not a number where there were none.
    public var heldOutUniformError: Double
    /// The sparsity of each projection, in `Projection.allCases` order.
    public var sparsities: [Double]

    /// Makes a row.
    public init(
      effective: Double, error: Double, uniformError: Double, heldOutError: Double,
      heldOutUniformError: Double, sparsities: [Double]
    ) {
      self.effective = effective
      self.error = error
      self.uniformError = uniformError
      self.heldOutError = heldOutError
      self.heldOutUniformError = heldOutUniformError
      self.sparsities = sparsities
    }
  }

  /// The steps, of growing effective sparsity; the dense block is not among them.
  public let rows: [Row]

  /// Takes steps of growing effective sparsity.
  public init(rows: [Row]) { self.rows = rows }

  /// Returns the sparsity of each projection at an effective sparsity.
  ///
  /// Between two steps it is interpolated, so that the target is met exactly; only one projection
  /// differs between them.
  ///
  /// - Throws: ``SparsityError`` (`outOfRange`) beyond the end of the path.
  public func sparsities(at target: Double) throws -> [Double] {
    guard target > 0 else { return rows.first.map { $0.sparsities.map { _ in 0 } } ?? [] }
    guard let upper = rows.firstIndex(where: { $0.effective >= target - 1e-9 }) else {
      throw SparsityError(
        code: .outOfRange,
        message:
          "the greedy path ends at a sparsity of \(rows.last?.effective ?? 0), before \(target)",
        hint: "raise `to` of the allocation")
    }
    let high = rows[upper]
    let start = upper > 0 ? rows[upper - 1].effective : 0
    let low = upper > 0 ? rows[upper - 1].sparsities : high.sparsities.map { _ in 0 }
    let share = min(1, (target - start) / (high.effective - start))
    return zip(low, high.sparsities).map { $0 + share * ($1 - $0) }
  }
}

/// The block-wise greedy search of TEAL.
///
/// From a dense block, every step tries a larger sparsity of each projection by itself and keeps the
/// one that harms the block's output least. A projection with fewer weights takes larger steps, so that
/// every step adds the same effective sparsity.
///
/// ### References
/// TEAL, [arXiv:2408.14690](https://arxiv.org/abs/2408.14690), §4.3 and its released code.
public struct GreedySearch: Sendable {
  /// The largest sparsity of a projection.
  public static let largest = 0.99

  /// The weights of each projection over those of the first.
  public let relativeWeights: [Double]
  /// The sparsity that a step adds to a projection of relative weight 1.
  public let step: Double
  /// The effective sparsity at which the search ends.
  public let end: Double

  /// Makes a search.
  ///
  /// - Throws: ``SparsityError`` (`outOfRange`) for a step or an end outside of (0, 1).
  public init(weights: [Double], step: Double, end: Double) throws {
    guard let first = weights.first, first > 0 else {
      throw SparsityError.noData("a greedy search over projections")
    }
    for (name, value) in [("the step", step), ("the end", end)] where !(value > 0 && value < 1) {
      throw SparsityError.range("\(name) of a greedy search", "\(value)", expected: "(0, 1)")
    }
    relativeWeights = weights.map { $0 / first }
    self.step = step
    self.end = end
  }

  /// The effective sparsity that every step adds.
  public var increment: Double { step / relativeWeights.reduce(0, +) }

  /// Returns the effective sparsity of given sparsities of the projections.
  public func effective(_ sparsities: [Double]) -> Double {
    zip(relativeWeights, sparsities).reduce(0) { $0 + $1.0 * $1.1 }
      / relativeWeights.reduce(0, +)
  }

  /// Runs the search.
  ///
  /// - Parameters:
  ///   - error: The block's error if one projection, by its index, had another sparsity.
  ///   - accept: Called with the sparsities of every step that is taken; returns its row.
  /// - Returns: The path; it ends early when no projection can take another step.
  public func run(
    error: (_ projection: Int, _ sparsity: Double) throws -> Double,
    accept: (_ projection: Int, _ sparsities: [Double], _ error: Double) throws -> GreedyPath.Row
  ) rethrows -> GreedyPath {
    var sparsities = [Double](repeating: 0, count: relativeWeights.count)
    var rows: [GreedyPath.Row] = []
    // A count of steps: sums of increments would drift away from their multiples.
    while Double(rows.count) * increment < end - 1e-9 {
      var best: (projection: Int, sparsity: Double, error: Double)?
      for (projection, weight) in relativeWeights.enumerated() {
        let sparsity = sparsities[projection] + step / weight
        guard sparsity <= Self.largest else { continue }
        let error = try error(projection, sparsity)
        if best.map({ error < $0.error }) ?? true { best = (projection, sparsity, error) }
      }
      guard let best else { break }
      sparsities[best.projection] = best.sparsity
      rows.append(try accept(best.projection, sparsities, best.error))
    }
    return GreedyPath(rows: rows)
  }
}
