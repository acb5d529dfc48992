import Foundation
import Testing
import WinaTestSupport

/// A shared directory behind the caches of a team.
struct RemoteTests {
  /// A workspace with an empty cache beside a remote that holds everything.
  private func shared() throws -> (workspace: ToyWorkspace, remote: TemporaryDirectory) {
    let remote = try TemporaryDirectory()
    let first = try ToyWorkspace.warmSmall().workspace.copy()
    let report = try first.run("--remote", remote.path)
    #expect(report.statuses == ["hit"])
    // Hits are offered to a remote that lacks them, but not what they were made from.
    let filled = try ToyWorkspace.warmSmall().workspace.copy(withCache: false)
    _ = try filled.run("--remote", remote.path)
    return (try first.copy(withCache: false), remote)
  }

  @Test func aSecondCheckoutExecutesNothing() throws {
    let expected = try ToyWorkspace.warmSmall().report.results
    let (workspace, remote) = try shared()
    let report = try workspace.run("--remote", remote.path)
    #expect(report.statuses.isSubset(of: ["remote-hit", "hit"]))
    #expect(report.statuses.contains("remote-hit"))
    #expect(report.results == expected)
    #expect(try workspace.run().statuses == ["hit"])
  }

  @Test func theEnvironmentNamesTheRemoteToo() throws {
    let (workspace, remote) = try shared()
    let outcome = try workspace.wina(
      "run", "toy.yaml", "--json", environment: ["WINA_REMOTE": remote.path])
    #expect(try RunReport(outcome).ran.isEmpty)
  }

  @Test(arguments: [1, 2])
  func aDamagedRemoteIsAMissAndNeverAWrongResult(seed: UInt64) throws {
    let expected = try ToyWorkspace.warmSmall().report.results
    let (workspace, remote) = try shared()
    var generator = SeededGenerator(seed: seed)
    for path in files(below: remote.path) {
      try Damage.allCases.randomElement(using: &generator)?.apply(to: path, &generator)
    }
    let report = try workspace.run("--remote", remote.path)
    #expect(report.results == expected)
    #expect(!report.ran.isEmpty)
    #expect(try workspace.wina("cache", "verify").status == 0)
  }
}

/// What may happen to a file.
enum Damage: String, CaseIterable, Sendable {
  case flippedByte, truncated, emptied, deleted

  func apply(to path: String, _ generator: inout some RandomNumberGenerator) throws {
    let manager = FileManager.default
    var bytes = [UInt8](manager.contents(atPath: path) ?? Data())
    try manager.removeItem(atPath: path)
    switch self {
    case .flippedByte:
      if let index = bytes.indices.randomElement(using: &generator) { bytes[index] ^= 0x41 }
    case .truncated: bytes.removeLast(bytes.count / 2)
    case .emptied: bytes = []
    case .deleted: return
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}

/// Returns the paths of all files below a folder, sorted.
func files(below root: String) -> [String] {
  let manager = FileManager.default
  let entries = manager.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
  return entries.sorted().map { root + "/" + $0 }.filter {
    var isDirectory: ObjCBool = false
    return manager.fileExists(atPath: $0, isDirectory: &isDirectory) && !isDirectory.boolValue
  }
}
