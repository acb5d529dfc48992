/// Which module may import which: the house as the design draws it.
///
/// A new edge is a decision: it is made here and in Package.swift, and a test keeps the two equal.
enum Modules {
  static let systemLibraries: Set<String> = ["COpenBLAS", "CZstd", "CLibYAML", "CLibCrypto"]

  /// Packages that any program may use.
  static let sharedPackages: Set<String> = ["ArgumentParser", "Logging"]

  static let programs: Set<String> = ["wina", "WinaBenchmarks"]
  static let orchestration: Set<String> = [
    "WinaExecution", "WinaPlan", "WinaStore", "WinaReport", "WinaSpec",
  ]
  static let science: Set<String> = [
    "WinaTensor", "WinaModel", "WinaSparsity", "WinaEvaluation", "WinaSuites",
  ]

  /// Modules whose results are a function of their arguments alone.
  static let pure: Set<String> = ["WinaPlan", "WinaSpec"]

  /// The modules that may hold unsafe pointers anywhere.
  static let unsafe: Set<String> = ["WinaTensor", "WinaStore"]

  /// What comes with the toolchain.
  static let toolchain: Set<String> = [
    "Dispatch", "Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc",
    "Synchronization", "Testing",
  ]

  static let dependencies: [String: Set<String>] = [
    "COpenBLAS": [], "CZstd": [], "CLibYAML": [], "CLibCrypto": [], "CWinaKernels": [],
    "WinaDiagnostics": [],
    "WinaPipeline": ["WinaDiagnostics", "CLibCrypto"],
    "WinaSpec": ["WinaDiagnostics", "CLibYAML"],
    "WinaPlan": ["WinaSpec", "WinaPipeline", "WinaDiagnostics"],
    "WinaStore": ["WinaPipeline", "CZstd", "CWinaKernels"],
    "WinaExecution": ["WinaPlan", "WinaSpec", "WinaStore", "WinaPipeline", "WinaDiagnostics"],
    "WinaReport": ["WinaStore", "WinaPipeline", "WinaStatistics"],
    "WinaServer": ["WinaExecution", "WinaReport", "WinaPipeline", "FlyingFox", "FlyingSocks"],
    "WinaStatistics": [],
    "WinaTensor": ["CWinaKernels", "COpenBLAS"],
    "WinaModel": ["WinaTensor"],
    "WinaSparsity": ["WinaTensor", "WinaStatistics"],
    "WinaEvaluation": ["WinaModel", "WinaTensor"],
    "WinaSuites": ["WinaStatistics"],
    "WinaStages": [
      "WinaPipeline", "WinaDiagnostics", "WinaTensor", "WinaModel", "WinaSparsity",
      "WinaEvaluation", "WinaStatistics",
    ],
    "wina": [
      "WinaStages", "WinaExecution", "WinaPlan", "WinaSpec", "WinaStore", "WinaReport",
      "WinaServer", "WinaPipeline", "WinaDiagnostics", "WinaModel", "WinaTensor", "WinaSparsity",
      "WinaEvaluation", "WinaStatistics", "WinaSuites", "ArgumentParser",
    ],
    "WinaBenchmarks": [
      "WinaStages", "WinaExecution", "WinaPlan", "WinaSpec", "WinaStore", "WinaPipeline",
      "WinaDiagnostics", "WinaModel", "WinaTensor", "WinaSparsity", "ArgumentParser",
    ],
  ]

  /// The files that offer the machine's clocks, for programs to pass on.
  static let clocks: Set<String> = []

  /// Returns whether a file may hold unsafe pointers: it wraps a system library, or its module may.
  static func mayBeUnsafe(_ source: SourceText) -> Bool {
    if unsafe.contains(source.target) { return true }
    return ImportRules.imports(of: source).contains { systemLibraries.contains($0.module) }
  }

  /// Returns everything that a module sees through its dependencies.
  static func closure(
    of module: String, _ dependencies: [String: Set<String>] = Modules.dependencies
  ) -> Set<String> {
    var seen: Set<String> = []
    var queue = Array(dependencies[module] ?? [])
    while let next = queue.popLast() {
      if seen.insert(next).inserted { queue += dependencies[next] ?? [] }
    }
    return seen
  }
}
