import Foundation
import Testing
import WinaPipeline
import WinaStore
import WinaTestSupport

/// A small file system of its own in memory, when this process may mount one.
private final class SmallDisk {
  static let isAvailable: Bool = {
    guard let directory = try? TemporaryDirectory() else { return false }
    return (try? SmallDisk(directory.path, megabytes: 1)) != nil
  }()
  private let path: String

  init(_ path: String, megabytes: Int) throws {
    self.path = path
    try SmallDisk.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path)
  }

  deinit { try? SmallDisk.run("umount", path) }

  func makeReadOnly() throws { try SmallDisk.run("mount", "-o", "remount,ro", path) }

  private static func run(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableNotLoadable) }
  }
}

struct StoreOpeningTests {
  @Test func aFreshCacheHasTheDocumentedLayout() throws {
    let directory = try TemporaryDirectory()
    _ = try openStore(directory.file("a/b/cache/"))
    let root = directory.file("a/b/cache")
    #expect(
      try PosixFileSystem().entries(root) == [
        "VERSION", "actions", "leases", "objects", "pins", "plans", "roots", "staging", "trash",
      ])
    #expect(
      try PosixFileSystem().read(root + "/VERSION", limit: 100) == Array("wina-cache 1\n".utf8))
  }

  @Test func otherFilesInTheDirectoryAreLeftAlone() throws {
    let directory = try TemporaryDirectory()
    try directory.write("", to: "cache/.gitkeep")
    _ = try openStore(directory.file("cache"))
    #expect(try PosixFileSystem().entries(directory.file("cache")).contains(".gitkeep"))
  }

  @Test func aDirectoryOfAnotherVersionIsRefused() throws {
    let directory = try TemporaryDirectory()
    try directory.write("wina-cache 2\n", to: "VERSION")
    let error = #expect(throws: StoreError.self) { try openStore(directory.path) }
    #expect(error?.code == .incompatibleLayout)
    #expect(error?.message.hasSuffix("its VERSION says 'wina-cache 2'") == true)
    #expect(error?.hint.isEmpty == false)
  }

  @Test func objectsWithoutAVersionAreRefused() throws {
    let directory = try TemporaryDirectory()
    try directory.write("x", to: "objects/ab/x")
    let error = #expect(throws: StoreError.self) { try openStore(directory.path) }
    #expect(error?.code == .incompatibleLayout)
  }

  @Test(arguments: ["", "\0\0\0\0"])
  func aVersionTornByAPowerFailureIsWrittenAnew(text: String) throws {
    let directory = try TemporaryDirectory()
    let digest = try openStore(directory.path).write(makePayload(), format: "test/1").digest
    try directory.write(text, to: "VERSION")
    #expect(try openStore(directory.path).contains(digest))
    #expect(try openStore(directory.path).read(digest, as: "test/1") == makePayload())
  }

  @Test func aFileInPlaceOfTheCacheIsAnError() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("x", to: "cache")
    let error = #expect(throws: StoreError.self) { try openStore(path) }
    #expect(error?.message.contains(path) == true)
  }

  @Test func refusedAccessSaysWhatToDo() {
    let error = StoreError.system(13, "create", "/cache/staging/1")
    #expect(error.code == .permission)
    #expect(
      error.description
        == "cannot create '/cache/staging/1': Permission denied (make the directory writable for"
        + " you, or choose another place with --cache)")
  }

  @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
  func aReadOnlyCacheCanBeReadAndRefusesToBeWritten() throws {
    let directory = try TemporaryDirectory()
    let disk = try SmallDisk(directory.path, megabytes: 4)
    let output: ContentDigest
    let (draft, plan) = makeResult(1, output: SHA256.digest(of: "x"))
    do {
      let store = try openStore(directory.path)
      output = try store.write(makePayload(), format: "test/1").digest
      var result = draft
      result.output = output
      _ = try store.commit(result, planKey: plan)
    }
    try disk.makeReadOnly()
    let store = try openStore(directory.path)
    #expect(store.lookup(plan: plan)?.entry.output == output)
    #expect(try store.read(output, as: "test/1") == makePayload())
    let write = #expect(throws: StoreError.self) {
      try store.write(makePayload(seed: 5), format: "test/1")
    }
    #expect(write?.code == .permission)
    let lease = #expect(throws: StoreError.self) { try store.acquireLease(for: draft.key) }
    #expect(lease?.code == .permission)
  }

  @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
  func aFullDiskIsAClearErrorAndLeavesTheCacheUsable() throws {
    let directory = try TemporaryDirectory()
    let disk = try SmallDisk(directory.path, megabytes: 3)
    defer { withExtendedLifetime(disk) {} }
    let store = try openStore(directory.path, threads: 2)
    let kept = try store.write(makePayload(), format: "test/1").digest
    for round in 0..<4 {
      let tensor = try makeTensor("x", "U8", [4, 5 << 20], seed: UInt64(round))
      let error = #expect(throws: StoreError.self) {
        try store.write(ArtifactPayload(metadata: .null, tensors: [tensor]), format: "test/1")
      }
      #expect(error?.code == .full)
      #expect(error?.hint.contains("free space") == true)
    }
    #expect(try store.read(kept, as: "test/1") == makePayload())
    #expect(try store.verify().problems == [])
    #expect(try allFiles(below: directory.path + "/staging") == [])
    for name in try allFiles(below: directory.path + "/objects") where !name.hasSuffix(kept.hex) {
      let path = directory.file("objects/" + name)
      if try PosixFileSystem().read(path, limit: 1 << 24).count > 100_000 {
        try PosixFileSystem().remove(path)
      }
    }
    let later = try openStore(directory.path).write(makePayload(seed: 9), format: "test/1")
    #expect(try openStore(directory.path).read(later.digest, as: "test/1") == makePayload(seed: 9))
  }
}
