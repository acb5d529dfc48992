import CWinaKernels

extension Kernels {
  /// Counts the scores |x − μ| · c of some rows by their half-precision bit pattern.
  ///
  /// Scores are rounded to fp16, to nearest, ties to even. Each is counted once in `exact` and once in
  /// `sketch`; infinity is pattern 0x7C00 and NaN 0x7E00, and both are counted in `overflow` too.
  ///
  /// - Parameters:
  ///   - x: Shape [rows, columns].
  ///   - rowRange: The rows that count.
  ///   - norms: The factors c, one a column; `nil` is 1.
  ///   - mean: The centre μ, one value a column; `nil` is 0.
  ///   - exact: 32,768 counters from `exactOffset` on, one a pattern.
  ///   - sketch: 1,024 counters from `sketchOffset` on; the bin is the pattern's upper bits.
  ///   - overflow: Incremented by the scores that are no finite fp16 number.
  public static func accumulateScoreHistogram(
    _ x: [Float], rows: Int, columns: Int, rowRange: Range<Int>, norms: [Float]? = nil,
    mean: [Float]? = nil, exact: inout [UInt32], exactOffset: Int = 0, sketch: inout [UInt32],
    sketchOffset: Int = 0, overflow: inout UInt64
  ) {
    precondition(rows >= 0 && columns >= 0 && x.count >= rows * columns)
    precondition(rowRange.lowerBound >= 0 && rowRange.upperBound <= rows, "rows of the matrix")
    precondition(norms.map { $0.count == columns } ?? true, "one norm a column")
    precondition(mean.map { $0.count == columns } ?? true, "one mean a column")
    precondition(exactOffset >= 0 && exact.count >= exactOffset + 32768)
    precondition(sketchOffset >= 0 && sketch.count >= sketchOffset + 1024)
    overflow += x.withUnsafeBufferPointer { x in
      exact.withUnsafeMutableBufferPointer { exact in
        sketch.withUnsafeMutableBufferPointer { sketch in
          guard let x = x.baseAddress, let exact = exact.baseAddress,
            let sketch = sketch.baseAddress
          else { return 0 }
          return wina_score_histogram(
            x + rowRange.lowerBound * columns, rowRange.count, columns, norms, mean,
            exact + exactOffset, sketch + sketchOffset)
        }
      }
    }
  }

  /// Adds |x|, x and x² of every column of some rows to sums that start at `offset`.
  ///
  /// Rows are added in order, so that the sums do not depend on the kernel level.
  public static func accumulateMoments(
    _ x: [Float], rows: Int, columns: Int, rowRange: Range<Int>, sumAbs: inout [Double],
    sum: inout [Double], sumSquares: inout [Double], offset: Int = 0
  ) {
    precondition(rows >= 0 && columns >= 0 && x.count >= rows * columns)
    precondition(rowRange.lowerBound >= 0 && rowRange.upperBound <= rows, "rows of the matrix")
    let end = offset + columns
    precondition(offset >= 0 && sumAbs.count >= end && sum.count >= end && sumSquares.count >= end)
    x.withUnsafeBufferPointer { x in
      sumAbs.withUnsafeMutableBufferPointer { sumAbs in
        sum.withUnsafeMutableBufferPointer { sum in
          sumSquares.withUnsafeMutableBufferPointer { squares in
            guard let x = x.baseAddress, let a = sumAbs.baseAddress, let s = sum.baseAddress,
              let q = squares.baseAddress
            else { return }
            wina_moments(
              x + rowRange.lowerBound * columns, rowRange.count, columns, a + offset, s + offset,
              q + offset)
          }
        }
      }
    }
  }
}
