import Foundation
import Testing
import WinaExecution
import WinaPipeline
import WinaPlan
import WinaStore
import WinaTestSupport

struct InventoryTests {
  private let directory: TemporaryDirectory
  private let fractions: [Split: Double] = [
    .calibration: 0.4, .routing: 0.3, .validation: 0.1, .test: 0.2,
  ]

  init() throws { directory = try TemporaryDirectory() }

  private func builder(now: Double? = nil) -> InventoryBuilder {
    let clock =
      now.map { now in RunClock(seconds: { 0 }, now: { now }) } ?? PlanFixture.clock
    return InventoryBuilder(workspace: directory.file("work"), clock: clock) { task, path in
      let file = "\(path)/\(task)/validation.jsonl"
      guard FileManager.default.fileExists(atPath: file) else {
        throw ExecutionError(.missingFile, "there is no task '\(task)'")
      }
      return file
    }
  }

  private func lines(_ count: Int, from start: Int = 0) -> String {
    (start..<(start + count)).map { "{\"text\": \"document \($0)\"}\n" }.joined()
  }

  private func documents(_ paths: [String], fractions: [Split: Double]? = nil) -> InventoryRequest {
    InventoryRequest(
      data: DataDescription(
        source: .documents(
          paths.map { .init(label: URL(fileURLWithPath: $0).lastPathComponent, path: $0) }),
        fractions: fractions ?? self.fractions))
  }

  private func failure(_ request: InventoryRequest) -> ExecutionError? {
    do throws(ExecutionError) {
      _ = try builder().build(request)
      Issue.record("the inventory was built")
      return nil
    } catch {
      return error
    }
  }

  @Test func recordsKeepTheirOrderLabelsAndBytes() throws {
    let first = try directory.write(lines(50) + "\n  \n" + lines(50, from: 50), to: "one.jsonl")
    let second = try directory.write("The whole text.\nTwo lines.\n", to: "two.txt")
    let data = try builder().build(documents([first, second], fractions: [.test: 1]))
    #expect(data.inventory.labels == ["one.jsonl", "two.txt"])
    #expect(data.inventory.shards.allSatisfy { $0.split == .test })
    let records = try readAll(data)
    #expect(records.count == 101)
    let numbers = records.prefix(100).map { String(decoding: $0.bytes, as: UTF8.self) }
    #expect(numbers == (0..<100).map { "{\"text\": \"document \($0)\"}" })
    #expect(records[50].origin == "\(first):53", "blank lines count")
    #expect(records[100].isPlainText && records[100].label == "two.txt")
    #expect(records[100].bytes == Array("The whole text.\nTwo lines.\n".utf8))
    #expect(records.allSatisfy { $0.digest == SHA256.digest(of: $0.bytes) })
    #expect(
      data.counts == [
        SplitCount(label: "one.jsonl", split: .test, samples: 100),
        SplitCount(label: "two.txt", split: .test, samples: 1),
      ])
  }

  /// Reads the records of every shard through a task, as a run does.
  private func readAll(_ data: DataInventory) throws -> [SampleRecord] {
    let source = RecordSource(data.inputs, limit: 1 << 20)
    return try data.inventory.shards.flatMap { try source.records(of: $0.records) }
  }

  @Test func compressedFilesHoldTheSameSamples() throws {
    let plain = try directory.write(lines(300), to: "d.jsonl")
    let packed = directory.file("d.jsonl.zst")
    let bytes = Array(lines(300).utf8)
    try directory.write(zstdFrame(bytes), to: "d.jsonl.zst")
    let (one, two) = (
      try builder().build(documents([plain])), try builder().build(documents([packed]))
    )
    #expect(
      one.inventory.shards.map { $0.samples.map(\.digest) }
        == two.inventory.shards.map { $0.samples.map(\.digest) })
    #expect(try readAll(one).map(\.bytes) == readAll(two).map(\.bytes))
  }

  /// Packs bytes as raw blocks of one zstd frame.
  private func zstdFrame(_ bytes: [UInt8]) -> [UInt8] {
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xA0]
    frame += (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + 1000)
      let header = (end - start) << 3 | (end == bytes.count ? 1 : 0)
      frame += (0..<3).map { UInt8(truncatingIfNeeded: header >> (8 * $0)) }
      frame += bytes[start..<end]
      start = end
    }
    return frame
  }

  @Test func insertingASampleMovesNoOtherToAnotherSplit() throws {
    let before = try directory.write(lines(400), to: "a.jsonl")
    let after = try directory.write(
      lines(200) + "{\"text\": \"new\"}\n" + lines(200, from: 200), to: "b.jsonl")
    let splits: (String) throws -> [ContentDigest: Split] = { path in
      let data = try builder().build(documents([path]))
      return Dictionary(
        data.inventory.shards.flatMap { shard in shard.samples.map { ($0.digest, shard.split) } },
        uniquingKeysWith: { $1 })
    }
    let (old, new) = (try splits(before), try splits(after))
    #expect(new.count == 401)
    #expect(old.allSatisfy { new[$0.key] == $0.value })
  }

  @Test func splitsFollowTheirSharesAndTheSeed() {
    var generator = SeededGenerator(seed: 3)
    let samples = (0..<10_000).map { _ in SHA256.digest(of: "\(generator.next())") }
    let assignment = SplitAssignment(fractions: fractions, seed: 1)
    let other = SplitAssignment(fractions: fractions, seed: 2)
    var counts: [Split: Int] = [:]
    var moved = 0
    for sample in samples {
      counts[assignment.split(of: sample), default: 0] += 1
      if assignment.split(of: sample) != other.split(of: sample) { moved += 1 }
    }
    for (split, share) in fractions {
      #expect(abs(Double(counts[split] ?? 0) / 10_000 - share) < 0.02)
    }
    #expect(moved > 5000)
    #expect(SplitAssignment(fractions: [:], seed: 0).split(of: samples[0]) == .test)
  }

  @Test func shardsHaveTheirSizes() {
    var generator = SeededGenerator(seed: 4)
    let samples = (0..<40_000).map { _ in SHA256.digest(of: "\(generator.next())") }
    let shards = ShardCutter.cut(samples)
    #expect(shards.dropLast().allSatisfy { (32...512).contains($0.count) })
    #expect(shards.map(\.lowerBound) == [0] + shards.dropLast().map(\.upperBound))
    #expect(shards.last?.upperBound == samples.count)
    let mean = Double(samples.count) / Double(shards.count)
    #expect((110...148).contains(mean), "the mean is \(mean)")
    #expect(ShardCutter.cut([]).isEmpty)
  }

  @Test func editsChangeOnlyTheShardsTheyFallIn() {
    var generator = SeededGenerator(seed: 5)
    var total = 0
    for _ in 0..<60 {
      var samples = (0..<2500).map { _ in SHA256.digest(of: "\(generator.next())") }
      let shards: ([ContentDigest]) -> Set<[ContentDigest]> = { samples in
        Set(ShardCutter.cut(samples).map { Array(samples[$0]) })
      }
      let before = shards(samples)
      let position = Int.random(in: 0..<samples.count, using: &generator)
      if Bool.random(using: &generator) {
        samples.insert(SHA256.digest(of: "\(generator.next())"), at: position)
      } else {
        samples.remove(at: position)
      }
      let changed = shards(samples).subtracting(before).count
      total += changed
      #expect(changed <= 8, "\(changed) shards changed for one edit")
    }
    #expect(total < 60 * 3, "\(total) shards changed for 60 edits")
  }

  @Test func appendingChangesOnlyTheLastShardOfEachSplit() throws {
    let path = try directory.write(lines(2000), to: "a.jsonl")
    let before = try builder().build(documents([path]))
    try directory.write(lines(2010), to: "a.jsonl")
    let after = try builder().build(documents([path]))
    let known = Set(before.inventory.shards.map(\.records.digest))
    let changed = after.inventory.shards.filter { !known.contains($0.records.digest) }
    for split in Split.allCases {
      let indices = changed.filter { $0.split == split }.map(\.index)
      let count = after.inventory.shards(of: split).count
      #expect(indices.allSatisfy { $0 >= count - 2 }, "\(split): \(indices) of \(count)")
    }
    #expect(!changed.isEmpty)
  }

  @Test func tasksAreLocatedAndLimited() throws {
    try directory.write(lines(30), to: "data/piqa/validation.jsonl")
    let request = InventoryRequest(
      data: DataDescription(
        source: .tasks(["piqa"], path: directory.file("data")), fractions: [.test: 1], limit: 12))
    let data = try builder().build(request)
    let records = try readAll(data)
    #expect(records.count == 12)
    #expect(records.allSatisfy { $0.task == "piqa" && $0.label == "piqa" })
    var missing = request
    missing.data?.source = .tasks(["nope"], path: directory.file("data"))
    #expect(failure(missing)?.message == "there is no task 'nope'")
  }

  @Test func readingsAndSamplesReachTheRecords() throws {
    try directory.write(lines(30), to: "data/piqa/validation.jsonl")
    var request = InventoryRequest(
      data: DataDescription(
        source: .tasks(["mine"], path: directory.file("data")), fractions: [.test: 1]))
    request.data?.readings = ["mine": "piqa"]
    let plain = try builder().build(request)
    #expect(try readAll(plain).allSatisfy { $0.task == "piqa" && $0.label == "mine" })
    request.data?.source = .samples([
      .init(label: "logged", path: directory.file("data/piqa/validation.jsonl"))
    ])
    let logged = try builder().build(request)
    #expect(
      try readAll(logged).allSatisfy { $0.task == SampleRecord.samples && $0.label == "logged" })
    #expect(
      Set(plain.inventory.shards.map(\.records.digest))
        .isDisjoint(with: logged.inventory.shards.map(\.records.digest)))
  }

  @Test func suitesShipTheirSplits() throws {
    let text = "{\"text\": \"a\", \"split\": \"routing\"}\n{\"text\": \"b\"}\n"
    let path = try directory.write(text, to: "s.jsonl")
    let request = InventoryRequest(
      data: DataDescription(
        source: .suite([.init(label: "s", path: path)]), fractions: [.calibration: 1]))
    let data = try builder().build(request)
    #expect(data.inventory.shards.map(\.split) == [.calibration, .routing])
    #expect(try readAll(data).allSatisfy { $0.task == SampleRecord.suite && $0.label == "s" })
    try directory.write("{\"text\": \"a\"}\n{\"split\": \"train\"}\n", to: "s.jsonl")
    #expect(
      failure(request)?.message
        == "\(path):2: there is no split 'train'; there are: calibration, routing, validation, test"
    )
  }

  @Test func faultyDataNameFileAndLine() throws {
    let empty = try directory.write("\n \n", to: "empty.jsonl")
    #expect(failure(documents([empty]))?.code == .emptyData)
    let blank = try directory.write("  \n", to: "blank.txt")
    #expect(failure(documents([blank]))?.message == "'\(blank)' holds no record")
    let absent = directory.file("absent.jsonl")
    #expect(failure(documents([absent]))?.message == "the data file '\(absent)' does not exist")
    let bytes = Array("{\"text\": \"a\"}\n{\"text\": \"".utf8) + [0xFF, 0xFE] + Array("\"}\n".utf8)
    let invalid = try directory.write(bytes, to: "invalid.jsonl")
    let error = failure(documents([invalid]))
    #expect(error?.message == "\(invalid):2: the text is not UTF-8" && error?.line == 2)
    let torn = try directory.write([0x28, 0xB5, 0x2F, 0xFD, 0xA0], to: "torn.jsonl.zst")
    #expect(failure(documents([torn]))?.code == .invalidData)
    let csv = try directory.write("a,b\n", to: "table.csv")
    #expect(failure(documents([csv]))?.code == .invalidData)
    #expect(failure(documents([]))?.code == .emptyData)
  }

  @Test func aModelIsKnownByItsFiles() throws {
    let model = directory.file("model")
    #expect(failure(InventoryRequest(model: model))?.message.contains("does not exist") == true)
    try directory.write("{}", to: "model/config.json")
    #expect(failure(InventoryRequest(model: model))?.message.contains(".safetensors") == true)
    try directory.write("weights", to: "model/model.safetensors")
    let bare = try builder().build(InventoryRequest(model: model)).inventory
    #expect(bare.tokenizer == nil && bare.model?.location == model)
    try directory.write("tokens", to: "model/tokenizer.json")
    let whole = try builder().build(InventoryRequest(model: model)).inventory
    #expect(whole.model == bare.model && whole.tokenizer != nil)
    try directory.write("weightz", to: "model/model.safetensors")
    try directory.write("notes", to: "model/README.md")
    let changed = try builder().build(InventoryRequest(model: model)).inventory
    #expect(changed.model?.digest != whole.model?.digest)
    #expect(changed.tokenizer == whole.tokenizer)
  }

  @Test func aSecondBuilderReadsNoDataAgain() throws {
    let one = try directory.write(lines(200), to: "one.jsonl")
    let two = try directory.write(lines(200, from: 200), to: "two.jsonl")
    // Later than the files by more than the time in which a stamp may not tell a change.
    let later = Date().timeIntervalSince1970 + 10
    let first = builder(now: later)
    let before = try first.build(documents([one])).inventory
    let other = try first.build(documents([two])).inventory
    #expect(first.save() == [])
    #expect(try builder(now: later).build(documents([one])).inventory == before)

    // With the digests exchanged in the remembered stamps, a builder that reads nothing takes one
    // file's samples for the other's.
    let path = directory.file("work/files")
    var text = try String(contentsOfFile: path, encoding: .utf8)
    let digest = { (file: String) in
      SHA256.digest(of: Array(try Data(contentsOf: URL(fileURLWithPath: file)))).hex
    }
    text = String(text.dropLast(65))
    #expect(try text.contains(digest(one)) && text.contains(digest(two)))
    text = text.replacing(try digest(one), with: "?").replacing(
      try digest(two), with: try digest(one)
    )
    .replacing("?", with: try digest(two))
    try Data((text + SHA256.digest(of: text).hex + "\n").utf8).write(to: URL(fileURLWithPath: path))
    let swapped = try builder(now: later).build(documents([one])).inventory
    #expect(
      swapped.shards.map { $0.samples.map(\.digest) }
        == other.shards.map { $0.samples.map(\.digest) })
  }

  @Test func aFileThatWasChangedJustNowIsReadAgain() throws {
    let path = try directory.write(lines(200), to: "a.jsonl")
    let stamp = try #require(
      FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
    let first = builder(now: stamp.timeIntervalSince1970 + 1)
    let before = try first.build(documents([path])).inventory
    #expect(first.save() == [])
    var bytes = Array(lines(200).utf8)
    bytes[12] = UInt8(ascii: "D")
    try directory.write(bytes, to: "a.jsonl")
    try FileManager.default.setAttributes([.modificationDate: stamp], ofItemAtPath: path)
    let after = try builder(now: stamp.timeIntervalSince1970 + 1).build(documents([path])).inventory
    #expect(after != before)
  }

  @Test func aDamagedOrUnwritableWorkspaceOnlyCostsTime() throws {
    let path = try directory.write(lines(200), to: "a.jsonl")
    let first = builder(now: Date().timeIntervalSince1970 + 10)
    let before = try first.build(documents([path])).inventory
    #expect(first.save() == [])
    for entry in try FileManager.default.subpathsOfDirectory(atPath: directory.file("work")) {
      let file = directory.file("work/" + entry)
      guard var bytes = FileManager.default.contents(atPath: file) else { continue }
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: URL(fileURLWithPath: file))
    }
    #expect(try builder().build(documents([path])).inventory == before)

    try directory.write("a file where the folder should be", to: "blocked")
    let blocked = InventoryBuilder(
      workspace: directory.file("blocked"), clock: PlanFixture.clock
    ) { name, _ in name }
    #expect(try blocked.build(documents([path])).inventory == before)
    #expect(!blocked.save().isEmpty)
  }

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func realDocumentSetsAreFoundWhole() throws {
    let labels = ["swift", "python", "mathword", "wiki", "fiction", "exam", "play"]
    let request = InventoryRequest(
      model: SharedData.path("models/textmix-3m"),
      data: DataDescription(
        source: .documents(
          labels.map { .init(label: $0, path: SharedData.path("textmix/\($0).jsonl.zst")) }),
        fractions: fractions))
    let data = try builder().build(request)
    #expect(data.inventory.labels == labels)
    #expect(data.counts.reduce(0) { $0 + $1.samples } == 627)
    #expect(data.inventory.model != nil && data.inventory.tokenizer != nil)
    #expect(try readAll(data).count == 627)
  }

  @Test func dataThatChangedSinceThePlanAreNotRead() throws {
    let path = try directory.write(lines(60), to: "a.jsonl")
    let data = try builder().build(documents([path]))
    try directory.write(lines(61), to: "a.jsonl")
    let error = #expect(throws: ExecutionError.self) { try readAll(data) }
    #expect(error?.code == .inputChanged)
  }
}
