/// A curve through measured points that never overshoots them: piecewise cubic Hermite interpolation.
///
/// Between two points it is monotone, and where the points turn it is flat. It is never read beyond
/// them. Two points give a straight line, one a single value.
///
/// ### References
/// Fritsch & Butland, *A method for constructing local monotone piecewise cubic interpolants*, 1984;
/// end slopes as in Moler, *Numerical Computing with Matlab*, 2004, §3.6.
public struct MonotoneCurve: Sendable, Equatable {
  /// The points in ascending order of x; points with equal x are averaged.
  public let points: [CurvePoint]
  private let slopes: [Double]

  /// Makes a curve through the given points in any order.
  ///
  /// - Throws: ``StatisticsError`` for no points or coordinates that are not finite.
  public init(_ points: [CurvePoint]) throws {
    self.points = try Curve(points).points
    slopes = MonotoneCurve.slopes(self.points)
  }

  /// The interval in which the curve may be read.
  public var range: ClosedRange<Double> { points[0].x...points[points.count - 1].x }

  /// Returns the interpolation at `x`.
  ///
  /// - Throws: ``StatisticsError`` (`outsideCurve`) when `x` lies outside ``range``.
  /// - Complexity: O(number of points).
  public func value(at x: Double) throws -> Double {
    guard range.contains(x) else { throw StatisticsError.outsideCurve(x, range) }
    if points.count == 1 { return points[0].y }
    let piece = piece(at: x)
    let width = points[piece + 1].x - points[piece].x
    let t = (x - points[piece].x) / width
    let rise = points[piece + 1].y - points[piece].y
    // y₀ + h·t·(d₀ + t·(c₂ + t·c₃)) with the cubic's coefficients in units of the slope.
    let secant = rise / width
    let second = 3 * secant - 2 * slopes[piece] - slopes[piece + 1]
    let third = slopes[piece] + slopes[piece + 1] - 2 * secant
    return points[piece].y + width * t * (slopes[piece] + t * (second + t * third))
  }

  /// Returns the mean of the curve over an interval: its exact integral over the length.
  ///
  /// - Throws: ``StatisticsError`` (`outsideCurve`) when the interval is not within ``range``, and for
  ///   an interval of no length.
  public func mean(from low: Double, to high: Double) throws -> Double {
    for x in [low, high] where !range.contains(x) { throw StatisticsError.outsideCurve(x, range) }
    guard low < high else {
      throw StatisticsError.outOfRange(
        "the interval of a mean", "\(low)…\(high)", expected: "low < high")
    }
    // Simpson's rule is exact for the cubic between two knots.
    var knots = [low]
    knots += points.map(\.x).filter { $0 > low && $0 < high }
    knots.append(high)
    var sum = 0.0
    for (left, right) in zip(knots, knots.dropFirst()) {
      let middle = try value(at: left + (right - left) / 2)
      sum += (right - left) / 6 * (try value(at: left) + 4 * middle + value(at: right))
    }
    return sum / (high - low)
  }

  private func piece(at x: Double) -> Int {
    let upper = points.firstIndex { $0.x > x } ?? points.count - 1
    return max(0, upper - 1)
  }

  private static func slopes(_ points: [CurvePoint]) -> [Double] {
    guard points.count > 1 else { return [0] }
    let widths = zip(points, points.dropFirst()).map { $1.x - $0.x }
    let secants = zip(points, points.dropFirst()).map { ($1.y - $0.y) / ($1.x - $0.x) }
    guard points.count > 2 else { return [secants[0], secants[0]] }
    var slopes = [endSlope(widths[0], widths[1], secants[0], secants[1])]
    for inner in 1..<points.count - 1 {
      let (left, right) = (secants[inner - 1], secants[inner])
      guard left * right > 0 else {
        slopes.append(0)
        continue
      }
      let first = 2 * widths[inner] + widths[inner - 1]
      let second = widths[inner] + 2 * widths[inner - 1]
      slopes.append((first + second) / (first / left + second / right))
    }
    let last = widths.count - 1
    slopes.append(endSlope(widths[last], widths[last - 1], secants[last], secants[last - 1]))
    return slopes
  }

  /// The three-point slope at an end, kept from changing the sign of the curve's direction.
  private static func endSlope(
    _ near: Double, _ far: Double, _ secant: Double, _ next: Double
  ) -> Double {
    let slope = ((2 * near + far) * secant - near * next) / (near + far)
    if slope * secant <= 0 { return 0 }
    if secant * next <= 0, abs(slope) > 3 * abs(secant) { return 3 * secant }
    return slope
  }
}

/// The comparison of two curves where both were measured.
public enum CurveArea {
  /// Returns the mean of `first` − `second` over an interval: the area between both over its length.
  ///
  /// - Throws: ``StatisticsError`` (`outsideCurve`) when a curve does not reach the whole interval.
  public static func meanDifference(
    _ first: MonotoneCurve, _ second: MonotoneCurve, from low: Double, to high: Double
  ) throws -> Double {
    try first.mean(from: low, to: high) - second.mean(from: low, to: high)
  }
}
