import WinaTensor

/// How a target sparsity is divided over the projections of all layers.
public enum AllocationMethod: String, Codable, Sendable, CaseIterable {
  /// Step by step within each block, where the error of the block's output grows least (TEAL).
  case greedy
  /// Across layers, where an additive error grows least per weight.
  case lagrangian
  /// By depth alone, along a logistic curve (SEAP).
  case depth
}

/// A division of sparsity over modules for every target, pooled or one a group.
public struct Allocation: Sendable, Equatable {
  /// What the division rests on.
  public enum Evidence: Sendable, Equatable {
    /// One path a group and layer, shape [groups][layers].
    case greedy([[GreedyPath]])
    /// One error curve a group and module, shape [groups][layers · 7].
    case lagrangian([[ErrorCurve]])
    /// A logistic curve of depth.
    case depth(DepthSchedule)
  }

  /// What the division rests on.
  public let evidence: Evidence
  /// The names of the groups; one, `all`, for a pooled allocation.
  public let groups: [String]
  /// The number of layers.
  public let layers: Int
  /// The weights of each projection, in `Projection.allCases` order.
  public let weights: [Double]

  /// Makes an allocation.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit.
  public init(evidence: Evidence, groups: [String], layers: Int, weights: [Double]) throws {
    let modules = Projection.allCases.count
    guard weights.count == modules, layers > 0, !groups.isEmpty else {
      throw SparsityError.shape(
        "the weights of an allocation", have: weights.count, expected: modules)
    }
    let sizes: [(Int, Int)]
    switch evidence {
    case .greedy(let paths):
      sizes = [(paths.count, groups.count)] + paths.map { ($0.count, layers) }
    case .lagrangian(let curves):
      sizes = [(curves.count, groups.count)] + curves.map { ($0.count, layers * modules) }
    case .depth: sizes = []
    }
    for (have, expected) in sizes where have != expected {
      throw SparsityError.shape("an allocation", have: have, expected: expected)
    }
    self.evidence = evidence
    self.groups = groups
    self.layers = layers
    self.weights = weights
  }

  /// The method.
  public var method: AllocationMethod {
    switch evidence {
    case .greedy: .greedy
    case .lagrangian: .lagrangian
    case .depth: .depth
    }
  }

  /// Whether groups have divisions of their own.
  public var isGrouped: Bool {
    switch evidence {
    case .greedy(let paths): paths.count > 1
    case .lagrangian(let curves): curves.count > 1
    case .depth: false
    }
  }

  /// Returns the sparsity of every projection of every layer for a model-wide target.
  ///
  /// - Parameters:
  ///   - group: The group's index; a pooled allocation serves all groups.
  ///   - target: The parameter-weighted target, in [0, 1).
  /// - Returns: Shape [layers][7].
  /// - Throws: ``SparsityError`` (`outOfRange`) for a group or target that there is no division for.
  public func sparsities(group: Int, target: Double) throws -> [[Double]] {
    guard target >= 0, target < 1 else {
      throw SparsityError.range("a target sparsity", "\(target)", expected: "0..<1")
    }
    let place = isGrouped ? group : 0
    guard groups.indices.contains(place) else {
      throw SparsityError.range("a group", "\(group)", expected: "0..<\(groups.count)")
    }
    switch evidence {
    case .greedy(let paths): return try paths[place].map { try $0.sparsities(at: target) }
    case .lagrangian(let curves):
      let modules = Projection.allCases.count
      let flat = try ErrorCurve.divide(
        target, over: curves[place],
        weights: (0..<(layers * modules)).map { weights[$0 % modules] })
      return (0..<layers).map { Array(flat[($0 * modules)..<(($0 + 1) * modules)]) }
    case .depth(let schedule):
      return try schedule.sparsities(layers: layers, target: target).map {
        [Double](repeating: $0, count: Projection.allCases.count)
      }
    }
  }
}
