/// One measured point of a curve.
public struct CurvePoint: Codable, Sendable, Equatable {
  /// Where it was measured, such as executed MACs.
  public var x: Double
  /// What was measured there.
  public var y: Double

  /// Makes a point.
  public init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }
}

/// A measured curve that is read between its points and never beyond them.
public struct Curve: Codable, Sendable, Equatable {
  /// The points in ascending order of x; points with equal x are averaged.
  public let points: [CurvePoint]

  /// Makes a curve through the given points in any order.
  ///
  /// - Throws: ``StatisticsError`` for no points or coordinates that are not finite.
  public init(_ points: [CurvePoint]) throws {
    guard !points.isEmpty else { throw StatisticsError.tooFew("a curve", have: 0, need: 1) }
    try requireFinite(points.flatMap { [$0.x, $0.y] }, "coordinates of a curve")
    var merged: [CurvePoint] = []
    var shared = 1.0
    for point in points.sorted(by: { ($0.x, $0.y) < ($1.x, $1.y) }) {
      if let last = merged.last, last.x == point.x {
        shared += 1
        merged[merged.count - 1].y += (point.y - last.y) / shared
      } else {
        merged.append(point)
        shared = 1
      }
    }
    self.points = merged
  }

  /// The interval in which the curve may be read.
  public var range: ClosedRange<Double> { points[0].x...points[points.count - 1].x }

  /// Returns the linear interpolation at `x`.
  ///
  /// - Throws: ``StatisticsError`` (`outsideCurve`) when `x` lies outside ``range``.
  /// - Complexity: O(number of points).
  public func value(at x: Double) throws -> Double {
    guard range.contains(x) else { throw StatisticsError.outsideCurve(x, range) }
    guard let upper = points.firstIndex(where: { $0.x >= x }) else { return points[0].y }
    if upper == 0 || points[upper].x == x { return points[upper].y }
    let left = points[upper - 1]
    let right = points[upper]
    return left.y + (right.y - left.y) * (x - left.x) / (right.x - left.x)
  }
}
