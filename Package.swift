// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A Swift library target of this package.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The test target of a library.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: name, dependencies: ["WinaTestSupport"] + dependencies, swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let flyingFox = Target.Dependency.product(name: "FlyingFox", package: "FlyingFox")
let flyingSocks = Target.Dependency.product(name: "FlyingSocks", package: "FlyingFox")

let package = Package(
  name: "wina-amp",
  products: [
    .executable(name: "wina", targets: ["wina"]),
    .executable(name: "WinaBenchmarks", targets: ["WinaBenchmarks"]),
  ],
  dependencies: [
    // Command line: subcommands, help and usage errors of `wina` and `WinaBenchmarks`.
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    // HTTP for `wina serve`: sockets, parsing and keep-alive without NIO's build time.
    .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
  ],
  targets: [
    // System libraries: a module map and a shim header each.
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CWinaKernels", cSettings: [.define("_GNU_SOURCE")]),

    // The contract both halves share.
    library("WinaDiagnostics"),
    library("WinaPipeline", ["WinaDiagnostics", "CLibCrypto"]),

    // Orchestration: moves bytes and digests, knows nothing of models.
    library("WinaSpec", ["WinaDiagnostics", "CLibYAML"]),
    library("WinaPlan", ["WinaSpec", "WinaPipeline", "WinaDiagnostics"]),
    library("WinaStore", ["WinaPipeline", "CZstd", "CWinaKernels"]),
    library(
      "WinaExecution", ["WinaPlan", "WinaSpec", "WinaStore", "WinaPipeline", "WinaDiagnostics"]),
    library("WinaReport", ["WinaStore", "WinaPipeline", "WinaStatistics"]),

    // Science: a library one can use without the orchestration.
    library("WinaStatistics"),
    library("WinaTensor", ["CWinaKernels", "COpenBLAS"]),
    library("WinaModel", ["WinaTensor"]),
    library("WinaSparsity", ["WinaTensor", "WinaStatistics"]),
    library("WinaEvaluation", ["WinaModel", "WinaTensor"]),
    library("WinaSuites", ["WinaStatistics"]),

    // The runs of a workspace over HTTP.
    library("WinaServer", ["WinaExecution", "WinaReport", "WinaPipeline", flyingFox, flyingSocks]),

    // The bridge and the programs.
    library(
      "WinaStages",
      [
        "WinaPipeline", "WinaDiagnostics", "WinaTensor", "WinaModel", "WinaSparsity",
        "WinaEvaluation", "WinaStatistics",
      ]),
    .executableTarget(
      name: "wina",
      dependencies: [
        "WinaStages", "WinaExecution", "WinaPlan", "WinaSpec", "WinaStore", "WinaReport",
        "WinaServer", "WinaPipeline", "WinaDiagnostics", "WinaModel", "WinaTensor", "WinaSparsity",
        "WinaEvaluation", "WinaStatistics", "WinaSuites", argumentParser,
      ],
      exclude: ["Documentation.docc"],
      swiftSettings: strict),
    .executableTarget(
      name: "WinaBenchmarks",
      dependencies: [
        "WinaStages", "WinaExecution", "WinaPlan", "WinaSpec", "WinaStore", "WinaPipeline",
        "WinaDiagnostics", "WinaModel", "WinaTensor", "WinaSparsity", argumentParser,
      ],
      exclude: ["Peers"],
      swiftSettings: strict),

    // Tests.
    .target(name: "WinaTestSupport", path: "Tests/Support", swiftSettings: strict),
    tests("ArchitectureTests"),
    tests("WinaDiagnosticsTests", ["WinaDiagnostics"]),
    tests("WinaPipelineTests", ["WinaPipeline", "WinaDiagnostics"]),
    tests("WinaSpecTests", ["WinaSpec", "WinaDiagnostics"]),
    tests("WinaPlanTests", ["WinaPlan", "WinaSpec", "WinaPipeline", "WinaDiagnostics"]),
    tests("WinaStoreTests", ["WinaStore", "WinaPipeline"]),
    tests(
      "WinaExecutionTests",
      ["WinaExecution", "WinaPlan", "WinaSpec", "WinaStore", "WinaPipeline", "WinaDiagnostics"]),
    tests("WinaReportTests", ["WinaReport", "WinaPipeline", "WinaStatistics"]),
    tests("WinaServerTests", ["WinaServer", "WinaExecution", "WinaReport", "WinaPipeline"]),
    tests("WinaStatisticsTests", ["WinaStatistics"]),
    tests("WinaTensorTests", ["WinaTensor"]),
    tests("WinaModelTests", ["WinaModel", "WinaTensor"]),
    tests("WinaSparsityTests", ["WinaSparsity", "WinaTensor", "WinaStatistics"]),
    tests("WinaEvaluationTests", ["WinaEvaluation", "WinaModel", "WinaTensor", "WinaStore"]),
    tests("WinaSuitesTests", ["WinaSuites", "WinaPipeline", "WinaStore"]),
    tests(
      "WinaStagesTests",
      [
        "WinaStages", "WinaPipeline", "WinaModel", "WinaTensor", "WinaSparsity", "WinaEvaluation",
        "WinaStatistics", "WinaDiagnostics",
      ]),
    tests("EndToEndTests", ["wina", "WinaTensor", "WinaModel", "WinaSuites"]),
  ],
  swiftLanguageModes: [.v6]
)
