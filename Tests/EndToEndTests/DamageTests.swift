import Foundation
import Testing
import WinaTestSupport

/// A cache whose files were changed behind its back.
struct DamageTests {
  /// The results with three groups, which need the captures, tokens and dense scores of the cache.
  private static let other = Result {
    try ToyWorkspace.warmSmall().workspace.copy(withCache: false).run("--set", "k=3").results
  }

  @Test(arguments: Damage.allCases)
  func aDamagedFileIsMadeAgain(damage: Damage) throws {
    let warm = try ToyWorkspace.warmSmall()
    let expected = try DamageTests.other.get()
    var generator = SeededGenerator(seed: UInt64(damage.rawValue.utf8.count))
    for kind in ["objects", "objects", "objects", "actions", "plans"] {
      let workspace = try warm.workspace.copy()
      let found = files(below: workspace.file("cache/" + kind))
      let path = try #require(found.randomElement(using: &generator))
      try damage.apply(to: path, &generator)
      #expect(try workspace.run("--set", "k=3").results == expected, "\(damage) of \(path)")
      #expect(try workspace.run().results == warm.report.results, "\(damage) of \(path)")
    }
  }

  @Test(arguments: [2, 3])
  func aCacheWithManyDamagedFilesHeals(seed: UInt64) throws {
    let warm = try ToyWorkspace.warmSmall()
    let workspace = try warm.workspace.copy()
    var generator = SeededGenerator(seed: seed)
    for path in files(below: workspace.file("cache"))
    where Int.random(in: 0..<3, using: &generator) == 0 {
      try Damage.allCases.randomElement(using: &generator)?.apply(to: path, &generator)
    }
    let outcome = try workspace.wina("run", "toy.yaml", "--json", "--set", "k=3")
    if outcome.status == 3 {
      // The version file may be among the damaged: that is said, and nothing is touched.
      #expect(outcome.errors.contains("VERSION"))
      try workspace.write(
        String(
          decoding: FileManager.default.contents(atPath: warm.workspace.file("cache/VERSION"))
            ?? Data(), as: UTF8.self),
        to: "cache/VERSION")
    }
    #expect(try workspace.run("--set", "k=3").results == (try DamageTests.other.get()))
    #expect(try workspace.run().results == warm.report.results)
  }

  @Test func everyObjectGoneIsARunFromTheStart() throws {
    let warm = try ToyWorkspace.warmSmall()
    let workspace = try warm.workspace.copy()
    for path in files(below: workspace.file("cache/objects")) {
      try FileManager.default.removeItem(atPath: path)
    }
    let report = try workspace.run()
    #expect(report.ran.contains("compare"))
    #expect(report.ran.contains { $0.hasPrefix("capture#calibration") })
    #expect(report.results == warm.report.results)
  }
}
