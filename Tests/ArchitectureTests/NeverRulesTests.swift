import Testing
import WinaTestSupport

/// The never-rules of the design, each asserted of every source in the checkout.
struct NeverRulesTests {
  private let tree: SourceTree

  init() throws { tree = try SourceTree.checkout.get() }

  private func expectNone(
    _ violations: [Violation], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for violation in violations {
      Issue.record("\(violation)", sourceLocation: sourceLocation)
    }
  }

  @Test func orchestrationNeverImportsScience() {
    for module in Modules.orchestration {
      let forbidden = Modules.closure(of: module).intersection(Modules.science)
      #expect(forbidden.isEmpty, "\(module) sees \(forbidden)")
    }
  }

  @Test func scienceNeverImportsOrchestration() {
    let forbidden = Modules.orchestration.union(["WinaPipeline", "WinaStages"])
    for module in Modules.science {
      let found = Modules.closure(of: module).intersection(forbidden)
      #expect(found.isEmpty, "\(module) sees \(found)")
    }
  }

  @Test func everyImportIsDeclared() throws {
    let manifest = PackageManifest(try #require(tree.source("Package.swift")))
    for source in tree.sources where source.path != "Package.swift" {
      let isTest = source.path.hasPrefix("Tests/") && source.target != "Support"
      let allowed = isTest ? manifest.tests[source.target] : Modules.dependencies[source.target]
      expectNone(ImportRules.undeclared(source, allowed: allowed ?? []))
    }
  }

  @Test func theTableOfModulesIsThePackage() throws {
    let manifest = PackageManifest(try #require(tree.source("Package.swift")))
    var targets = manifest.targets
    targets["WinaTestSupport"] = nil
    #expect(Set(targets.keys) == Set(Modules.dependencies.keys))
    for (target, dependencies) in targets {
      let declared = Modules.dependencies[target] ?? []
      let difference = dependencies.symmetricDifference(declared).sorted()
      #expect(difference.isEmpty, "\(target): Package.swift and Modules.swift differ")
    }
    #expect(manifest.unpinned.isEmpty, "pin with exact:")
    let folders = Set(tree.sources.filter { $0.path.hasPrefix("Sources/") }.map(\.target))
    #expect(folders.subtracting(targets.keys).isEmpty, "folders that are no target")
  }

  @Test func plansAreFunctionsOfTheirArguments() {
    for source in tree.libraries where Modules.pure.contains(source.target) {
      expectNone(UsageRules.fileSystem(source))
      expectNone(UsageRules.clocks(source))
      expectNone(UsageRules.randomness(source))
    }
  }

  @Test func onlyTheStoreWritesTheCache() {
    for source in tree.sources where source.path.hasPrefix("Sources/") && source.isSwift {
      expectNone(CacheRules.unexpectedWriters(source))
      expectNone(CacheRules.layoutNames(source))
    }
  }

  @Test func eachPackageAndSystemLibraryIsImportedAtOnePlace() {
    let sources = tree.sources.filter { $0.path.hasPrefix("Sources/") }
    expectNone(ImportRules.wrappers(sources))
    expectNone(ImportRules.thirdParty(sources))
    for source in sources { expectNone(ImportRules.headers(source)) }
  }

  @Test func librariesNeitherPrintNorReadTheProcess() {
    for source in tree.libraries { expectNone(UsageRules.processState(source)) }
  }

  @Test func unsafePointersStayWhereTheyAreAllowed() {
    for source in tree.sources where source.path.hasPrefix("Sources/") && source.isSwift {
      if Modules.mayBeUnsafe(source) { continue }
      expectNone(UsageRules.unsafePointers(source))
    }
  }

  @Test func nothingIsRandomOrTimedByItself() {
    for source in tree.libraries {
      expectNone(UsageRules.randomness(source))
      if !Modules.clocks.contains(source.path) { expectNone(UsageRules.clocks(source)) }
    }
  }

  @Test func testsUseTheInterfaceThatOthersUse() {
    for source in tree.sources where source.path.hasPrefix("Tests/") {
      expectNone(ImportRules.testable(source))
    }
  }

  @Test func noFileIsTooLong() {
    for source in tree.sources { expectNone(FileRules.length(source)) }
  }

  @Test func everyStageIsInTheCatalog() throws {
    let files = tree.sources.filter {
      $0.target == "WinaStages" && $0.path.hasPrefix("Sources/") && $0.path.hasSuffix("Stage.swift")
    }
    let catalog = try #require(
      tree.sources.first { $0.target == "WinaStages" && $0.fileName == "StageCatalog.swift" })
    #expect(files.count >= 9)
    expectNone(FileRules.uncatalogued(stages: files.map(\.fileName), catalog: catalog))
  }

  @Test func experimentsTellEditorsTheirSchema() throws {
    let specs = tree.paths.filter { $0.hasPrefix("experiments/") && $0.hasSuffix(".yaml") }
    #expect(!specs.isEmpty)
    for path in specs {
      expectNone(FileRules.modeline(path: path, text: try SourceTree.read(path)))
    }
  }
}
