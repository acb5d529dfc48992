import COpenBLAS

/// Matrix products by OpenBLAS, on one thread unless told otherwise.
///
/// A row of a product depends in its last bits on how many rows the call has and where it stands, so
/// callers let the rows of a call be a function of one sample alone.
public enum BLAS {
  /// Parallelism belongs above this level, so the library starts with one thread.
  private static let singleThread: Void = openblas_set_num_threads(1)

  /// Sets the number of threads of the whole process; do not toggle it between calls.
  public static func setThreads(_ count: Int) {
    singleThread
    openblas_set_num_threads(Int32(count))
  }

  /// The library's version and build options.
  public static var configuration: String { String(cString: openblas_get_config()) }

  /// The name of the processor core whose kernels are used; results depend on it.
  public static var coreType: String { String(cString: openblas_get_corename()) }

  /// C[M,N] = s · A[M,K] · W[N,K]ᵀ, or added to C: a linear map of rows by weights [out, in].
  ///
  /// - Precondition: The layouts fit their arrays and each other.
  public static func multiplyTransposed(
    _ a: [Float], _ la: MatrixLayout, _ w: [Float], _ lw: MatrixLayout, into c: inout [Float],
    _ lc: MatrixLayout, accumulate: Bool = false, scale: Float = 1
  ) {
    precondition(la.columns == lw.columns && la.rows == lc.rows && lw.rows == lc.columns)
    precondition(la.fits(a.count) && lw.fits(w.count) && lc.fits(c.count), "arrays hold matrices")
    c.withUnsafeMutableBufferPointer {
      gemm(a, la, w, lw, CblasTrans, $0, lc, beta: accumulate ? 1 : 0, alpha: scale)
    }
  }

  /// C[M,N] = A[M,K] · B[K,N], or added to C.
  ///
  /// - Precondition: The layouts fit their arrays and each other.
  public static func multiply(
    _ a: [Float], _ la: MatrixLayout, _ b: [Float], _ lb: MatrixLayout, into c: inout [Float],
    _ lc: MatrixLayout, accumulate: Bool = false
  ) {
    precondition(la.columns == lb.rows && la.rows == lc.rows && lb.columns == lc.columns)
    precondition(la.fits(a.count) && lb.fits(b.count) && lc.fits(c.count), "arrays hold matrices")
    c.withUnsafeMutableBufferPointer {
      gemm(a, la, b, lb, CblasNoTrans, $0, lc, beta: accumulate ? 1 : 0, alpha: 1)
    }
  }

  /// Returns A[M,K] · W[N,K]ᵀ in a new array without gaps.
  ///
  /// - Precondition: The layouts fit their arrays and each other.
  public static func product(
    _ a: [Float], _ la: MatrixLayout, _ w: [Float], _ lw: MatrixLayout
  ) -> [Float] {
    precondition(la.columns == lw.columns && la.fits(a.count) && lw.fits(w.count))
    let lc = MatrixLayout(rows: la.rows, columns: lw.rows)
    return [Float](unsafeUninitializedCapacity: lc.rows * lc.columns) { buffer, initialized in
      gemm(a, la, w, lw, CblasTrans, buffer, lc, beta: 0, alpha: 1)
      initialized = lc.rows * lc.columns
    }
  }

  private static func gemm(
    _ a: [Float], _ la: MatrixLayout, _ b: [Float], _ lb: MatrixLayout,
    _ transpose: CBLAS_TRANSPOSE, _ c: UnsafeMutableBufferPointer<Float>, _ lc: MatrixLayout,
    beta: Float, alpha: Float
  ) {
    guard lc.rows > 0, lc.columns > 0 else { return }
    singleThread
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        guard let c = c.baseAddress else { return }
        guard la.columns > 0, let a = a.baseAddress, let b = b.baseAddress else {
          // A sum over nothing.
          for row in 0..<lc.rows where beta == 0 {
            (c + lc.offset + row * lc.stride).update(repeating: 0, count: lc.columns)
          }
          return
        }
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, transpose, blasint(lc.rows), blasint(lc.columns),
          blasint(la.columns), alpha, a + la.offset, blasint(la.stride), b + lb.offset,
          blasint(lb.stride), beta, c + lc.offset, blasint(lc.stride))
      }
    }
  }
}
