import CWinaKernels

/// The instructions that kernels may use.
public enum KernelLevel: Int, Sendable, CaseIterable {
  /// Plain C, on any processor.
  case portable = 0
  /// AVX2, FMA and F16C.
  case avx2 = 1
}

/// Loops over many values, in C, with checked sizes.
///
/// Matrices are row-major arrays of at least `rows · columns` values. Results do not depend on
/// threads; those of different levels may differ in the last bits, but masks and histograms do not.
public enum Kernels {
  /// The level in use: the best that the processor offers unless one was set.
  public static var level: KernelLevel {
    KernelLevel(rawValue: Int(wina_kernel_level())) ?? .portable
  }

  /// Sets the level of the whole process, at most what the processor offers.
  ///
  /// - Returns: The level that is now in use.
  @discardableResult
  public static func setLevel(_ level: KernelLevel) -> KernelLevel {
    KernelLevel(rawValue: Int(wina_set_kernel_level(Int32(level.rawValue)))) ?? .portable
  }

  /// Returns e^x of every value, with a relative error below 2.4e-7.
  public static func exponential(_ x: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: x.count) { buffer, initialized in
      if let target = buffer.baseAddress { wina_exp(x, target, x.count) }
      initialized = x.count
    }
  }

  /// Returns the L2 norm of every column of a weight matrix, summed in f64.
  public static func columnNorms(_ weights: [Float], rows: Int, columns: Int) -> [Float] {
    columnNorms(weights, MatrixLayout(rows: rows, columns: columns))
  }

  /// Returns the L2 norm of every column of a matrix without gaps, summed in f64.
  ///
  /// - Precondition: Rows are adjacent.
  public static func columnNorms(_ weights: [Float], _ layout: MatrixLayout) -> [Float] {
    precondition(layout.fits(weights.count) && layout.stride == layout.columns)
    var sums = [Double](repeating: 0, count: layout.columns)
    weights.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      wina_column_squares(start + layout.offset, layout.rows, layout.columns, &sums)
    }
    return sums.map { Float($0.squareRoot()) }
  }

  /// y (+)= W · x for a matrix of weights [out, in]; a row's sum depends on its length alone.
  ///
  /// - Precondition: `x` holds the matrix's columns and `y` its rows from `offset` on.
  public static func gemv(
    _ weights: [Float], _ layout: MatrixLayout, _ x: [Float], into y: inout [Float],
    at offset: Int = 0, accumulate: Bool = false
  ) {
    precondition(layout.fits(weights.count) && x.count >= layout.columns, "arrays hold operands")
    precondition(offset >= 0 && offset + layout.rows <= y.count, "the result has room")
    weights.withUnsafeBufferPointer { weights in
      y.withUnsafeMutableBufferPointer { y in
        guard let w = weights.baseAddress, let y = y.baseAddress else { return }
        wina_gemv(
          w + layout.offset, layout.rows, layout.columns, layout.stride, x, y + offset,
          accumulate ? 1 : 0)
      }
    }
  }
}
