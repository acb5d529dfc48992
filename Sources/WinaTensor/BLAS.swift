import COpenBLAS

/// Matrix products by OpenBLAS, on one thread unless told otherwise: what ours are measured against.
///
/// A row of a product depends in its last bits on how many rows the call has and where it stands. Whoever
/// keeps results of it lets the rows of a call be a function of one sample alone.
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

  /// C[M,N] = A[M,K] · W[N,K]ᵀ: a linear map of rows by weights [out, in].
  ///
  /// - Precondition: The layouts fit their arrays and each other.
  public static func multiplyTransposed(
    _ a: [Float], _ la: MatrixLayout, _ w: [Float], _ lw: MatrixLayout, into c: inout [Float],
    _ lc: MatrixLayout
  ) {
    precondition(la.columns == lw.columns && la.rows == lc.rows && lw.rows == lc.columns)
    precondition(la.fits(a.count) && lw.fits(w.count) && lc.fits(c.count), "arrays hold matrices")
    guard la.columns > 0 else { preconditionFailure("a sum over something") }
    guard lc.rows > 0, lc.columns > 0 else { return }
    singleThread
    a.withUnsafeBufferPointer { a in
      w.withUnsafeBufferPointer { w in
        c.withUnsafeMutableBufferPointer { c in
          guard let a = a.baseAddress, let w = w.baseAddress, let c = c.baseAddress else { return }
          cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, blasint(lc.rows), blasint(lc.columns),
            blasint(la.columns), 1, a + la.offset, blasint(la.stride), w + lw.offset,
            blasint(lw.stride), 0, c + lc.offset, blasint(lc.stride))
        }
      }
    }
  }
}
