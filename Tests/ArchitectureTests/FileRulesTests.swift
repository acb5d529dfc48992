import Testing

struct FileRulesTests {
  private func source(_ text: String, in target: String = "WinaReport") -> SourceText {
    SourceText(path: "Sources/\(target)/A.swift", text: text)
  }

  @Test func theFirstLineTooManyIsFound() {
    let limit = String(repeating: "a\n", count: FileRules.longest)
    #expect(FileRules.length(source(limit)).isEmpty)
    #expect(FileRules.length(source(limit + "b")).map(\.path) == ["Sources/WinaReport/A.swift"])
  }

  @Test func aStageThatTheCatalogLacksIsNamed() {
    let catalog = source("let stages = [CaptureStage.self] // ClusterStage")
    let found = FileRules.uncatalogued(
      stages: ["CaptureStage.swift", "ClusterStage.swift"], catalog: catalog)
    #expect(found.map(\.message) == ["the catalog does not list ClusterStage"])
  }

  @Test func aSpecWithoutModelineIsFound() {
    let line = FileRules.modeline + "../schema.json\n"
    #expect(FileRules.modeline(path: "a.yaml", text: line + "experiment: a").isEmpty)
    #expect(FileRules.modeline(path: "a.yaml", text: "experiment: a").count == 1)
    #expect(FileRules.modeline(path: "a.yaml", text: "\n" + line).count == 1)
  }

  @Test(arguments: [
    "try FileManager.default.createDirectory(atPath: p)", "try data.write(to: url)",
    "try text.write(toFile: p, atomically: true, encoding: .utf8)", "fopen(p, \"w\")",
    "FileHandle(forWritingAtPath: p)", "rename(a, b)",
  ])
  func aWriterThatShouldNotWriteIsFound(text: String) {
    #expect(!CacheRules.unexpectedWriters(source(text)).isEmpty)
    #expect(CacheRules.unexpectedWriters(source(text, in: "WinaStore")).isEmpty)
  }

  @Test(arguments: ["value.write(to: &text)", "write(to: output)", "fileSystem.rename(a)"])
  func whatWritesElsewherePasses(text: String) {
    #expect(CacheRules.unexpectedWriters(source(text)).isEmpty)
  }

  @Test func namingAFolderOfTheCacheIsFound() {
    let text = #"let path = root + "/objects/ab""#
    #expect(CacheRules.layoutNames(source(text)).count == 1)
    #expect(CacheRules.layoutNames(source(text, in: "WinaStore")).isEmpty)
    #expect(CacheRules.layoutNames(source(#"let noun = "objects" // "/objects""#)).isEmpty)
  }
}
