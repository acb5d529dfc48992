import CWinaKernels

extension Kernels {
  /// y = SiLU(x) = x / (1 + e^−x) over a matrix; `y` has no gaps.
  public static func silu(_ x: [Float], _ layout: MatrixLayout, into y: inout [Float]) {
    precondition(layout.fits(x.count) && y.count >= layout.rows * layout.columns)
    x.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      wina_silu(
        start + layout.offset, layout.stride, &y, layout.columns, layout.rows, layout.columns)
    }
  }

  /// y = x · up, element by element; `x` and `y` have no gaps.
  public static func multiply(
    _ x: [Float], _ up: [Float], _ layout: MatrixLayout, into y: inout [Float]
  ) {
    let count = layout.rows * layout.columns
    precondition(layout.fits(up.count) && x.count >= count && y.count >= count)
    up.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      wina_multiply(
        x, layout.columns, start + layout.offset, layout.stride, &y, layout.columns, layout.rows,
        layout.columns)
    }
  }

  /// Adds one row to every row of a matrix.
  public static func addRow(_ row: [Float], to y: inout [Float], _ layout: MatrixLayout) {
    precondition(layout.fits(y.count) && row.count >= layout.columns)
    y.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      wina_add_row(start + layout.offset, layout.stride, layout.rows, layout.columns, row)
    }
  }

  /// Returns the f32 values of f16 bit patterns.
  public static func halfToFloat(_ patterns: [UInt16]) -> [Float] {
    var values = [Float](repeating: 0, count: patterns.count)
    wina_half_to_float(patterns, &values, patterns.count)
    return values
  }

  /// Returns the f32 values of bf16 bit patterns.
  public static func bfloatToFloat(_ patterns: [UInt16]) -> [Float] {
    var values = [Float](repeating: 0, count: patterns.count)
    wina_bfloat_to_float(patterns, &values, patterns.count)
    return values
  }

  /// Returns f16 bit patterns, rounded to nearest, ties to even; NaN becomes 0x7E00 with its sign.
  public static func floatToHalf(_ values: [Float]) -> [UInt16] {
    var patterns = [UInt16](repeating: 0, count: values.count)
    wina_float_to_half(values, &patterns, values.count)
    return patterns
  }

  /// Groups the first bytes of all elements of `width` bytes, then the second bytes, and so on.
  ///
  /// - Precondition: The bytes are a whole number of elements.
  public static func byteShuffle(_ bytes: [UInt8], width: Int) -> [UInt8] {
    precondition(width > 0 && bytes.count.isMultiple(of: width))
    var result = [UInt8](repeating: 0, count: bytes.count)
    wina_byte_shuffle(bytes, &result, bytes.count / width, width)
    return result
  }

  /// Undoes ``byteShuffle(_:width:)``.
  ///
  /// - Precondition: The bytes are a whole number of elements.
  public static func byteUnshuffle(_ bytes: [UInt8], width: Int) -> [UInt8] {
    precondition(width > 0 && bytes.count.isMultiple(of: width))
    var result = [UInt8](repeating: 0, count: bytes.count)
    wina_byte_unshuffle(bytes, &result, bytes.count / width, width)
    return result
  }
}
