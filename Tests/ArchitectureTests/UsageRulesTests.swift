import Testing

struct UsageRulesTests {
  private func source(_ text: String) -> SourceText {
    SourceText(path: "Sources/WinaPlan/A.swift", text: text)
  }

  @Test(arguments: [
    "print(x)", "Swift.print(x)", "exit(1)", "Foundation.exit(1)", "fputs(a, stderr)",
    "let a = CommandLine.arguments", "ProcessInfo.processInfo.environment[\"A\"]",
    "getenv(\"A\")", "FileManager.default.currentDirectoryPath", "NSTemporaryDirectory()",
    "FileHandle.standardError.write(data)", "h(to: .standardError)", "let s = \"\\(print(1))\"",
    "readLine()",
  ])
  func libraryCodeThatTouchesTheProcessIsFound(text: String) {
    #expect(!UsageRules.processState(source(text)).isEmpty)
  }

  @Test(arguments: [
    "// print(x)", "let text = \"exit(1)\"", "printer.print(x)", "func print(_ x: Int) {}",
    "let environment: [String: String]", "f(environment: e)", "Run(print: true)",
    "ProcessInfo.processInfo.activeProcessorCount", "case exit(Int)",
    "mean.standardError", "func exit(_ x: Int) {}; exit(1)",
  ])
  func codeThatOnlyLooksLikeItPasses(text: String) {
    #expect(UsageRules.processState(source(text)).isEmpty)
  }

  @Test(arguments: [
    "FileManager.default.contents(atPath: p)", "try Data(contentsOf: url)",
    "String(contentsOfFile: p, encoding: .utf8)", "fopen(p, \"r\")",
    "URL(fileURLWithPath: p)", "ProcessInfo.processInfo.hostName", "Glibc.open(p, 0)",
  ])
  func planningThatReadsTheMachineIsFound(text: String) {
    #expect(!UsageRules.fileSystem(source(text)).isEmpty)
  }

  @Test(arguments: [
    "loader(path)", "open class A {}", "file.open()", "// FileManager", "a.append(contentsOf: b)",
    "func open(_ n: Int) {}; open(1)",
  ])
  func planningThatDoesNotPasses(text: String) {
    #expect(UsageRules.fileSystem(source(text)).isEmpty)
  }

  @Test(arguments: [
    "Date()", "Date.now", "ContinuousClock().now", "let c = ContinuousClock.now",
    "DispatchTime.now()", "clock_gettime(CLOCK_MONOTONIC, &t)", "time(nil)",
    "ProcessInfo.processInfo.systemUptime",
  ])
  func aClockThatNobodyPassedIsFound(text: String) {
    #expect(!UsageRules.clocks(source(text)).isEmpty)
  }

  @Test(arguments: [
    "Date(timeIntervalSince1970: 0)", "clock.now", "func f(time: Double) {}", "let d: Date",
    "// Date()", "\"Date()\"", "self.clock()",
  ])
  func timesThatArePassedPass(text: String) {
    #expect(UsageRules.clocks(source(text)).isEmpty)
  }

  @Test(arguments: [
    "Int.random(in: 0..<3)", "Bool.random()", "a.shuffled()", "a.shuffle()", "a.randomElement()",
    "SystemRandomNumberGenerator()", "UUID()", "Int.random(in: 0..<f(using: g))", "rand()",
  ])
  func aGeneratorThatNobodyPassedIsFound(text: String) {
    #expect(!UsageRules.randomness(source(text)).isEmpty)
  }

  @Test(arguments: [
    "Int.random(in: 0..<3, using: &g)", "a.shuffled(using: &g)", "case random", ".random",
    "Clustering.Algorithm.random", "stream.shuffle(&a, using: &g)", "// UUID()",
    "ByteShuffle.shuffle(bytes, width: 4)",
  ])
  func generatorsThatArePassedPass(text: String) {
    #expect(UsageRules.randomness(source(text)).isEmpty)
  }

  @Test(arguments: [
    "let p: UnsafeRawPointer", "a.withUnsafeBufferPointer { f($0) }", "var p: OpaquePointer?",
    "unsafeBitCast(a, to: Int.self)", "Array(unsafeUninitializedCapacity: 3) { _, _ in }",
    "b.baseAddress",
  ])
  func unsafePointersAreFound(text: String) {
    #expect(!UsageRules.unsafePointers(source(text)).isEmpty)
  }

  @Test(arguments: ["// UnsafePointer", "\"withUnsafe\"", "nonisolated(unsafe) var x", "span[0]"])
  func safeCodePasses(text: String) {
    #expect(UsageRules.unsafePointers(source(text)).isEmpty)
  }

  @Test func aWrapperOfASystemLibraryMayHoldPointers() {
    let wrapper = SourceText(
      path: "Sources/WinaSpec/Events.swift", text: "import CLibYAML\nvar p: OpaquePointer?")
    #expect(Modules.mayBeUnsafe(wrapper))
    #expect(!Modules.mayBeUnsafe(source("var p: OpaquePointer?")))
  }
}
