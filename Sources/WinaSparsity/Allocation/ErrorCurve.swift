/// The error that a module causes by itself, by its sparsity.
///
/// Sparsities are ``grid``; the error at 0 is 0.
public struct ErrorCurve: Sendable, Equatable {
  /// The sparsities of a curve: 0, 0.05, …, 0.95.
  public static let grid: [Double] = (0..<20).map { Double($0) / 20 }

  /// The error at every sparsity of the grid.
  public let errors: [Double]

  /// Makes a curve.
  ///
  /// - Throws: ``SparsityError`` for another number of errors than ``grid`` has, or one that is not a
  ///   number.
  public init(_ errors: [Double]) throws {
    guard errors.count == Self.grid.count else {
      throw SparsityError.shape("an error curve", have: errors.count, expected: Self.grid.count)
    }
    guard errors.allSatisfy(\.isFinite) else {
      throw SparsityError.notANumber("an error curve of an allocation")
    }
    self.errors = errors
  }

  /// Returns the error at a sparsity, interpolated between points of the grid.
  ///
  /// - Precondition: The sparsity lies within the grid.
  public func value(at sparsity: Double) -> Double {
    precondition(sparsity >= 0 && sparsity <= Self.grid[Self.grid.count - 1] + 1e-9)
    let place = min(sparsity * 20, Double(errors.count - 1))
    let lower = min(Int(place), errors.count - 2)
    return errors[lower] + (errors[lower + 1] - errors[lower]) * (place - Double(lower))
  }

  /// A piece of the lower convex hull of a curve.
  struct Segment {
    let sparsity: Range<Double>
    /// The growth of the error per unit of sparsity.
    let slope: Double
  }

  /// The lower convex hull of the curve: pieces of growing slope.
  var hull: [Segment] {
    let points = zip(Self.grid, errors).map { (x: $0, y: $1) }
    var hull: [(x: Double, y: Double)] = []
    for point in points {
      while hull.count > 1 {
        let (a, b) = (hull[hull.count - 2], hull[hull.count - 1])
        let isBelow = (b.y - a.y) * (point.x - a.x) < (point.y - a.y) * (b.x - a.x)
        if isBelow { break }
        hull.removeLast()
      }
      hull.append(point)
    }
    return zip(hull, hull.dropFirst()).map { low, high in
      Segment(sparsity: low.x..<high.x, slope: (high.y - low.y) / (high.x - low.x))
    }
  }

  /// Divides a sparsity over modules so that the sum of their convexified errors is least.
  ///
  /// It is the solution of min Σ Eⱼ(sⱼ) subject to Σ wⱼ·sⱼ = S·Σ wⱼ: pieces of hulls are taken in the
  /// order of slope per weight, the multiplier being that of the last piece, which is taken in part.
  ///
  /// - Parameters:
  ///   - target: The weighted mean S.
  ///   - curves: The curve of each module.
  ///   - weights: The weight of each module.
  /// - Returns: The sparsity of each module.
  /// - Throws: ``SparsityError`` (`outOfRange`) for a target above the grid's end.
  /// - Complexity: O(modules · 20 · log).
  public static func divide(
    _ target: Double, over curves: [ErrorCurve], weights: [Double]
  ) throws -> [Double] {
    let total = weights.reduce(0, +)
    guard target <= grid[grid.count - 1], total > 0 else {
      throw SparsityError.range(
        "the sparsity of an allocation", "\(target)", expected: "0…\(grid[grid.count - 1])")
    }
    var pieces: [(module: Int, segment: Segment, price: Double)] = []
    for (module, curve) in curves.enumerated() {
      for segment in curve.hull {
        pieces.append((module, segment, segment.slope / weights[module]))
      }
    }
    pieces.sort {
      ($0.price, $0.module, $0.segment.sparsity.lowerBound)
        < ($1.price, $1.module, $1.segment.sparsity.lowerBound)
    }
    var sparsities = [Double](repeating: 0, count: curves.count)
    var left = target * total
    for piece in pieces where left > 0 {
      let size = piece.segment.sparsity.upperBound - piece.segment.sparsity.lowerBound
      let taken = min(size, left / weights[piece.module])
      sparsities[piece.module] += taken
      left -= taken * weights[piece.module]
    }
    return sparsities
  }
}
