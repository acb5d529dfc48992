import WinaTensor

/// What sparsity of its gated projections a method needs for a model-wide target.
public enum SparsityBudget: Sendable, Equatable {
  /// The sparsity of every gated projection that meets the target.
  case reachable(Double)
  /// The target lies above what the method reaches with nearly all its gated inputs zeroed.
  case unreachable(maximum: Double)

  /// Returns the share of a layer's weights that the method gates: 1 unless it is CATS.
  public static func gatedShare(_ method: ScoreMethod, shapes: ProjectionShapes) -> Double {
    let gated = Projection.allCases.filter { method.slot(for: $0) != nil }
    return Double(gated.reduce(0) { $0 + shapes.parameters(of: $1) }) / Double(shapes.parameters)
  }

  /// Converts a model-wide target, weighted by parameters, into the method's own sparsity.
  ///
  /// The target counts all seven projections. WINA and TEAL gate all of them, so their own sparsity
  /// is the target; CATS gates up and down only, so its own is s·W/(W_up + W_down).
  ///
  /// - Throws: ``SparsityError`` (`outOfRange`) unless 0 ≤ `target` < 1.
  public static func forModel(_ target: Double, method: ScoreMethod, shapes: ProjectionShapes)
    throws -> SparsityBudget
  {
    guard target >= 0, target < 1 else {
      throw SparsityError(
        code: .outOfRange, message: "the sparsity is \(target), outside [0, 1)",
        hint: target > 1 && target < 100
          ? "sparsity is a fraction: write \(target / 100)" : "sparsity is the fraction zeroed")
    }
    let share = gatedShare(method, shapes: shapes)
    let own = share == 1 ? target : target / share
    return own < 1 ? .reachable(own) : .unreachable(maximum: share)
  }

  /// Returns the model-wide sparsity of given sparsities of the projections of one layer.
  ///
  /// - Parameters:
  ///   - sparsities: One value per projection, in `Projection.allCases` order; dense is 0.
  ///   - shapes: The shapes that weigh them.
  public static func modelSparsity(_ sparsities: [Double], shapes: ProjectionShapes) -> Double {
    var sum = 0.0
    for (projection, sparsity) in zip(Projection.allCases, sparsities) {
      sum += sparsity * Double(shapes.parameters(of: projection))
    }
    return sum / Double(shapes.parameters)
  }
}
