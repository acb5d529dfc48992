import Testing
import WinaStatistics

@Suite("Monotone curves") struct MonotoneCurveTests {
  @Test func valuesAndMeansMatchScipy() throws {
    let fixtures = try StatisticsFixture.load("curves", as: [StatisticsFixture.Curve].self)
    #expect(fixtures.count == 5)
    for fixture in fixtures {
      let curve = try MonotoneCurve(zip(fixture.x, fixture.y).map { CurvePoint(x: $0, y: $1) })
      for (x, expected) in zip(fixture.at, fixture.values) {
        #expect(agrees(try curve.value(at: min(x, curve.range.upperBound)), expected))
      }
      #expect(agrees(try curve.mean(from: fixture.low, to: fixture.high), fixture.mean))
    }
  }

  @Test func curvesNeverOvershootTheirPoints() throws {
    for seed in UInt64(0)..<100 {
      var random = RandomStream(seed: seed)
      let points = (0..<6).map { CurvePoint(x: Double($0) + random.uniform(), y: random.normal()) }
      let curve = try MonotoneCurve(points)
      for (left, right) in zip(curve.points, curve.points.dropFirst()) {
        for step in 0...10 {
          let x = min(right.x, left.x + (right.x - left.x) * Double(step) / 10)
          let y = try curve.value(at: x)
          #expect(y >= min(left.y, right.y) - 1e-12 && y <= max(left.y, right.y) + 1e-12)
        }
      }
    }
  }

  @Test func areasAreMeansOfDifferences() throws {
    let line = try MonotoneCurve([CurvePoint(x: 0, y: 0), CurvePoint(x: 1, y: 2)])
    let flat = try MonotoneCurve([CurvePoint(x: -1, y: 0.5), CurvePoint(x: 2, y: 0.5)])
    #expect(agrees(try CurveArea.meanDifference(line, flat, from: 0.25, to: 0.75), 0.5))
    #expect(throws: StatisticsError.self) {
      try CurveArea.meanDifference(line, flat, from: 0, to: 1.5)
    }
    #expect(throws: StatisticsError.self) { try line.mean(from: 0.5, to: 0.5) }
  }

  @Test func onePointIsAValueAndEqualPointsAreAveraged() throws {
    let point = try MonotoneCurve([CurvePoint(x: 1, y: 4), CurvePoint(x: 1, y: 6)])
    #expect(try point.value(at: 1) == 5)
    #expect(throws: StatisticsError.self) { try point.value(at: 1.1) }
    #expect(throws: StatisticsError.self) { try MonotoneCurve([]) }
    #expect(throws: StatisticsError.self) { try MonotoneCurve([CurvePoint(x: .nan, y: 1)]) }
  }
}
