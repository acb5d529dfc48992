import CWinaKernels

/// Loops over rows that the threads of an engine share.
extension ProductEngine {
  /// y = x / √(mean(x²) + ε) · weight for every row; sums are f64.
  public func rmsNorm(
    _ x: [Float], weight: [Float], epsilon: Float, rows: Int, into y: inout [Float]
  ) {
    let columns = weight.count
    precondition(rows >= 0 && x.count >= rows * columns && y.count >= rows * columns)
    x.withUnsafeBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        shareRows(rows, work: rows * columns) { part in
          let start = part.lowerBound * columns
          wina_rms_norm(x + start, weight, y + start, part.count, columns, epsilon)
        }
      }
    }
  }

  /// y += x, element by element over the first `count`.
  public func accumulate(_ x: [Float], count: Int, into y: inout [Float]) {
    precondition(count >= 0 && x.count >= count && y.count >= count)
    x.withUnsafeBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        shareRows(count, work: count, grain: 1024) { part in
          wina_accumulate(y + part.lowerBound, x + part.lowerBound, part.count)
        }
      }
    }
  }

  /// y = SiLU(x) · up over two matrices of an array; `y` has no gaps.
  public func siluMultiply(
    _ values: [Float], gate: MatrixLayout, up: MatrixLayout, into y: inout [Float]
  ) {
    precondition(gate.fits(values.count) && up.fits(values.count))
    precondition(gate.rows == up.rows && gate.columns == up.columns)
    let columns = gate.columns
    precondition(y.count >= gate.rows * columns)
    values.withUnsafeBufferPointer { values in
      y.withUnsafeMutableBufferPointer { y in
        guard let start = values.baseAddress, let y = y.baseAddress else { return }
        shareRows(gate.rows, work: gate.rows * columns) { part in
          wina_silu_multiply(
            start + gate.offset + part.lowerBound * gate.stride, gate.stride,
            start + up.offset + part.lowerBound * up.stride, up.stride,
            y + part.lowerBound * columns, columns, part.count, columns)
        }
      }
    }
  }

  /// Rotates pairs (i, i + R/2) of every head by the angles of its row (the rotate-half form).
  ///
  /// - Parameters:
  ///   - x: Holds rows of `heads · size` values as the layout says.
  ///   - size: The width E of a head.
  ///   - rotated: The width R ≤ E of its part that is rotated; the rest stays as it is.
  ///   - cosines: From row `firstAngle` on the cosines of the rows, shape [positions, R / 2].
  ///   - sines: The same for sines.
  public func rope(
    _ x: inout [Float], _ layout: MatrixLayout, size: Int, rotated: Int, cosines: [Float],
    sines: [Float], firstAngle: Int
  ) {
    let half = rotated / 2
    precondition(layout.fits(x.count) && size > 0 && layout.columns.isMultiple(of: size))
    precondition(rotated >= 0 && rotated <= size && rotated.isMultiple(of: 2))
    precondition(firstAngle >= 0 && cosines.count >= (firstAngle + layout.rows) * half)
    precondition(sines.count == cosines.count)
    x.withUnsafeMutableBufferPointer { x in
      cosines.withUnsafeBufferPointer { cosines in
        sines.withUnsafeBufferPointer { sines in
          guard let x = x.baseAddress, let c = cosines.baseAddress, let s = sines.baseAddress
          else { return }
          shareRows(layout.rows, work: layout.rows * layout.columns) { part in
            let angle = (firstAngle + part.lowerBound) * half
            wina_rope(
              x + layout.offset + part.lowerBound * layout.stride, part.count, layout.stride,
              layout.columns / size, size, half, c + angle, s + angle)
          }
        }
      }
    }
  }
}
