import Testing
import WinaTensor
import WinaTestSupport

/// Masks and statistics, whose results must not depend on the level by a single bit.
struct GateKernelTests {
  private let sizes = [1, 5, 8, 13, 16, 40, 67]

  private func plain(
    _ x: [Float], _ columns: Int, _ first: Int, _ rule: KeepRule, _ norms: [Float]?,
    _ mean: [Float]?
  ) -> (values: [Float], kept: UInt64) {
    var values = x
    var kept: UInt64 = 0
    for row in first..<(x.count / columns) {
      let centred = (0..<columns).map { x[row * columns + $0] - (mean?[$0] ?? 0) }
      let scores = (0..<columns).map { abs(centred[$0]) * (norms?[$0] ?? 1) }
      let keep: [Bool] =
        switch rule {
        case .threshold(let threshold): scores.map { $0 > threshold }
        case .mask(let mask): mask
        case .topK(let count):
          Array(
            scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(count)
          ).reduce(into: Array(repeating: false, count: columns)) { $0[$1] = true }
        }
      for column in 0..<columns {
        values[row * columns + column] = keep[column] ? centred[column] : 0
        kept += keep[column] ? 1 : 0
      }
    }
    return (values, kept)
  }

  @Test func masksMatch() {
    onEveryLevel { _ in
      var generator = SeededGenerator(seed: 11)
      for columns in sizes {
        // Rounded to eighths, so that ties are common.
        let x = generator.normals(4 * columns).map { ($0 * 8).rounded() / 8 }
        let norms = (0..<columns).map { Float(1 + $0 % 3) }
        let mean = (0..<columns).map { Float($0 % 2) / 4 }
        let rules: [KeepRule] = [
          .threshold(0.5), .threshold(-1), .threshold(.infinity), .topK(0), .topK(1),
          .topK(columns / 2), .topK(columns), .topK(columns + 1),
          .mask((0..<columns).map { $0 % 3 == 0 }),
        ]
        for rule in rules {
          for (norms, mean) in [(nil, nil), (norms, nil), (nil, mean), (norms, mean)] {
            for first in [0, 1, 4] {
              var y = [Float](repeating: 7, count: x.count)
              let kept = Kernels.maskRows(
                x, columns: columns, rows: 0..<4, firstGatedRow: first, rule: rule, norms: norms,
                mean: mean, into: &y)
              let expected = plain(x, columns, first, rule, norms, mean)
              #expect(y == expected.values && kept == expected.kept)
            }
          }
        }
      }
      var y: [Float] = [0, 0, 0]
      let kept = Kernels.maskRows(
        [.nan, 1, -2], columns: 3, rows: 0..<1, firstGatedRow: 0, rule: .threshold(0), into: &y)
      #expect(kept == 2 && y == [0, 1, -2])
    }
  }

  @Test func magnitudesBelowAThresholdAreZeroed() {
    onEveryLevel { _ in
      var u = (0..<30).map { Float($0 % 10 - 5) / 10 }
      let before = u
      let kept = Kernels.maskMagnitudes(
        &u, columns: 10, rows: 1..<3, threshold: 0.3)
      #expect(u[..<10] == before[..<10])
      let expected = before[10...].map { abs($0) >= 0.3 ? $0 : 0 }
      #expect(Array(u[10...]) == expected && kept == UInt64(expected.filter { $0 != 0 }.count))
    }
  }

  @Test func conversionsRoundToNearestEven() {
    onEveryLevel { _ in
      let patterns = (0...UInt16.max).map { $0 }
      let values = Kernels.halfToFloat(patterns)
      for pattern in patterns {
        let value = values[Int(pattern)]
        let exact = Float(Float16(bitPattern: pattern))
        if exact.isNaN { #expect(value.isNaN) } else { #expect(value == exact) }
      }
      var generator = SeededGenerator(seed: 12)
      var floats = (0..<20_000).map { _ in
        Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator))
      }
      // Near every boundary between two neighbours and near the smallest and largest numbers.
      for pattern in stride(from: UInt16(0), to: 0x7BFF, by: 7) {
        let low = Float(Float16(bitPattern: pattern))
        let high = Float(Float16(bitPattern: pattern + 1))
        let middle = (low + high) / 2
        floats += [middle, -middle, middle.nextUp, middle.nextDown, low, -high]
      }
      floats += [65504, 65519.9, 65520, 65536, 1e9, 0x1p-25, 0x1.000002p-25, 0x1p-24, 0x1p-14]
      floats += [0, -0.0, .infinity, -.infinity, 0x1p-130]
      floats = floats.filter { !$0.isNaN }
      let found = Kernels.floatToHalf(floats)
      for (value, pattern) in zip(floats, found) where Float16(value).bitPattern != pattern {
        Issue.record("\(value) became \(pattern)")
      }
      #expect(Kernels.floatToHalf([.nan]).map { $0 & 0x7FFF } == [0x7E00])
      let brain = Kernels.bfloatToFloat(patterns)
      for pattern in patterns where brain[Int(pattern)].bitPattern != UInt32(pattern) << 16 {
        Issue.record("bf16 pattern \(pattern)")
      }
    }
  }

  @Test func histogramsCountEveryScoreOnce() {
    onEveryLevel { _ in
      var generator = SeededGenerator(seed: 13)
      for columns in sizes {
        var x = generator.normals(5 * columns, deviation: 3)
        x[2 * columns] = 1e6
        x[3 * columns] = .nan
        let norms = (0..<columns).map { Float(1 + $0 % 5) / 3 }
        let mean = generator.normals(columns)
        for (norms, mean) in [(nil, nil), (norms, nil), (nil, mean), (norms, mean)] {
          var exact = [UInt32](repeating: 1, count: 32768 + 3)
          var sketch = [UInt32](repeating: 0, count: 1024 + 2)
          var overflow: UInt64 = 10
          Kernels.accumulateScoreHistogram(
            x, rows: 5, columns: columns, rowRange: 1..<4, norms: norms, mean: mean,
            exact: &exact, exactOffset: 3, sketch: &sketch, sketchOffset: 2,
            overflow: &overflow)
          var expected = [UInt32](repeating: 1, count: 32768 + 3)
          var coarse = [UInt32](repeating: 0, count: 1024 + 2)
          for row in 1..<4 {
            for column in 0..<columns {
              let value = abs(x[row * columns + column] - (mean?[column] ?? 0))
              let score = Float16(value * (norms?[column] ?? 1))
              let pattern = score.isNaN ? 0x7E00 : Int(score.bitPattern & 0x7FFF)
              expected[3 + pattern] += 1
              coarse[2 + pattern >> 5] += 1
            }
          }
          #expect(exact == expected && sketch == coarse && overflow == 12)
        }
      }
    }
  }

  @Test func momentsAndColumnNormsAreExactSums() {
    onEveryLevel { _ in
      var generator = SeededGenerator(seed: 14)
      for columns in sizes {
        let x = generator.normals(6 * columns)
        var sums = (0..<3).map { _ in [Double](repeating: 0.5, count: columns + 2) }
        var expected = sums
        for row in 2..<5 {
          for column in 0..<columns {
            let value = Double(x[row * columns + column])
            expected[0][2 + column] += abs(value)
            expected[1][2 + column] += value
            expected[2][2 + column] += value * value
          }
        }
        var (magnitudes, plain, squares) = (sums[0], sums[1], sums[2])
        Kernels.accumulateMoments(
          x, rows: 6, columns: columns, rowRange: 2..<5, sumAbs: &magnitudes, sum: &plain,
          sumSquares: &squares, offset: 2)
        sums = [magnitudes, plain, squares]
        #expect(sums == expected)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4, 8, 16])
  func shufflingGroupsBytesAndIsUndone(width: Int) {
    onEveryLevel { _ in
      var generator = SeededGenerator(seed: 15)
      for count in [0, 1, 15, 16, 17, 32, 63, 100] {
        let bytes = (0..<(count * width)).map { _ in UInt8.random(in: 0...255, using: &generator)
        }
        let shuffled = Kernels.byteShuffle(bytes, width: width)
        for plane in 0..<width {
          for element in 0..<count
          where shuffled[plane * count + element] != bytes[element * width + plane] {
            Issue.record("byte \(plane) of element \(element) of \(count)")
          }
        }
        #expect(Kernels.byteUnshuffle(shuffled, width: width) == bytes)
      }
    }
  }
}
