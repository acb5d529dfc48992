import Testing

struct ImportRulesTests {
  private func source(_ text: String, at path: String = "Sources/WinaPlan/A.swift") -> SourceText {
    SourceText(path: path, text: text)
  }

  @Test(arguments: [
    "import WinaTensor", "public import WinaTensor", "@preconcurrency import WinaTensor",
    "import struct WinaTensor.Tensor", "import Foundation; import WinaTensor",
  ])
  func anUndeclaredImportIsFound(text: String) {
    let found = ImportRules.undeclared(source(text), allowed: ["WinaSpec"])
    #expect(found.map(\.message) == ["WinaPlan may not import WinaTensor"])
  }

  @Test func declaredImportsCommentsAndStringsPass() {
    let text = """
      // import WinaTensor
      import WinaSpec
      import Foundation
      let text = "import WinaTensor"
      #if canImport(WinaTensor)
      #endif
      """
    #expect(ImportRules.undeclared(source(text), allowed: ["WinaSpec"]).isEmpty)
  }

  @Test func aSecondWrapperOfASystemLibraryIsFound() {
    let first = source("import CZstd", at: "Sources/WinaStore/Zstd.swift")
    let second = source("import CZstd", at: "Sources/WinaStore/Other.swift")
    #expect(ImportRules.wrappers([first]).isEmpty)
    #expect(ImportRules.wrappers([first, second]).map(\.path) == [first.path])
  }

  @Test func aPackageInTwoTargetsIsFound() {
    let first = source("import GRDB", at: "Sources/WinaStore/A.swift")
    let second = source("import GRDB", at: "Sources/WinaReport/B.swift")
    let shared = source("import ArgumentParser", at: "Sources/wina/C.swift")
    let other = source("import ArgumentParser", at: "Sources/WinaBenchmarks/D.swift")
    #expect(ImportRules.thirdParty([first, shared, other]).isEmpty)
    #expect(ImportRules.thirdParty([first, second, shared]).count == 1)
  }

  @Test func aSystemHeaderOutsideItsShimIsFound() {
    let text = "#include <stdint.h>\n#include <zstd.h>\n#include <openssl/evp.h>"
    #expect(
      ImportRules.headers(source(text, at: "Sources/CWinaKernels/a.c")).map(\.line) == [2, 3])
    #expect(ImportRules.headers(source(text, at: "Sources/CZstd/shim.h")).isEmpty)
  }

  @Test func testableImportsAreFound() {
    #expect(ImportRules.testable(source("@testable import WinaPlan")).count == 1)
    #expect(ImportRules.testable(source("import WinaPlan // @testable")).isEmpty)
  }

  @Test func aLeakThroughAThirdModuleIsInTheClosure() {
    let table: [String: Set<String>] = ["A": ["B"], "B": ["C"], "C": ["A"], "D": []]
    #expect(Modules.closure(of: "A", table) == ["A", "B", "C"])
    #expect(Modules.closure(of: "D", table).isEmpty)
  }

  @Test func theManifestIsReadAsSwiftPMReadsIt() {
    let manifest = PackageManifest(
      SourceText(
        path: "Package.swift",
        text: """
          let parser = Target.Dependency.product(name: "ArgumentParser", package: "p")
          func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
            .target(name: name, dependencies: dependencies)
          }
          let package = Package(
            name: "x",
            dependencies: [
              .package(url: "https://a/b", exact: "1.0.0"), .package(url: "https://a/c", from: "1"),
            ],
            targets: [
              .systemLibrary(name: "CZ", providers: [.apt(["z-dev"])]),
              library("A"),
              library("B", ["A", "CZ"]),
              .executableTarget(name: "prog", dependencies: ["B", parser], exclude: ["D"]),
              .target(name: "Support", path: "Tests/Support"),
              tests("BTests", ["B"]),
            ])
          """))
    #expect(
      manifest.targets == [
        "CZ": [], "A": [], "B": ["A", "CZ"], "prog": ["B", "ArgumentParser"], "Support": [],
      ])
    #expect(manifest.tests == ["BTests": ["WinaTestSupport", "B"]])
    #expect(manifest.unpinned == ["https://a/c"])
  }
}
