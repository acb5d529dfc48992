import CWinaKernels

/// The instructions that kernels may use.
public enum KernelLevel: Int, Sendable, CaseIterable {
  /// Plain C, on any processor.
  case portable = 0
  /// AVX2, FMA and F16C.
  case avx2 = 1
  /// AVX-512 for matrix products, whose results have the same bits as those of ``avx2``.
  case avx512 = 2

  /// The name of the class of levels whose results have equal bits.
  public var numerics: String { self == .portable ? "portable" : "fma" }
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

  /// Calls a closure with a level that holds on the calling thread alone, at most what the processor
  /// offers.
  public static func withLevel<Result, Failure: Error>(
    _ level: KernelLevel, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let before = wina_set_thread_level(Int32(level.rawValue))
    defer { _ = wina_set_thread_level(before) }
    return try body()
  }

  /// The levels that the processor offers.
  public static var availableLevels: [KernelLevel] {
    KernelLevel.allCases.filter { level in withLevel(level) { Self.level == level } }
  }

  /// Returns e^x of every value, with a relative error below 2.4e-7.
  public static func exponential(_ x: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: x.count) { buffer, initialized in
      if let target = buffer.baseAddress { wina_exp(x, target, x.count) }
      initialized = x.count
    }
  }
}
