import Synchronization
import WinaPipeline
import WinaPlan

/// How many samples of a label a split has.
public struct SplitCount: Hashable, Sendable {
  /// The label.
  public var label: String
  /// The split.
  public var split: Split
  /// The number of samples.
  public var samples: Int

  /// Makes a count.
  public init(label: String, split: Split, samples: Int) {
    self.label = label
    self.split = split
    self.samples = samples
  }
}

/// An inventory for planning, with what running needs to know of the same files.
public struct DataInventory: Sendable {
  /// What the planner sees.
  public var inventory: Inventory
  /// What the runner sees.
  public var inputs: RunInputs
  /// The samples by label and split, in order of both, without those that are none.
  public var counts: [SplitCount]
}

/// Finds out what planning needs to know of the model and the data.
///
/// Files are read only when they are new or look different: their digests and the digests of their
/// records are remembered in the workspace. Use one builder for all cells of a sweep.
///
/// - Complexity: a few system calls per file and O(samples) hashing when nothing is new.
public final class InventoryBuilder: Sendable {
  private let workspace: String
  private let digests: StatCache
  private let locate: @Sendable (_ task: String, _ dataPath: String) throws -> String
  private let indices = Mutex<[String: RecordIndex]>([:])
  private let warnings = Mutex<[String]>([])

  /// Makes a builder.
  ///
  /// - Parameters:
  ///   - workspace: The `.wina` folder, made when it is needed.
  ///   - clock: The clocks.
  ///   - locate: Returns the absolute path of a benchmark task's file below a data path; the task is
  ///     given as its records are read (``DataDescription/readings``).
  public init(
    workspace: String, clock: RunClock,
    locate: @escaping @Sendable (_ task: String, _ dataPath: String) throws -> String
  ) {
    self.workspace = workspace
    self.locate = locate
    digests = StatCache(path: workspace + "/files", clock: clock)
  }

  /// Builds an inventory.
  ///
  /// - Throws: ``ExecutionError`` that names the file and, for a faulty record, the line.
  public func build(_ request: InventoryRequest) throws(ExecutionError) -> DataInventory {
    var inventory = Inventory()
    var files: [ContentDigest: [KnownFile]] = [:]
    if let directory = request.model {
      let model = try ModelDirectory(directory, digests: digests)
      inventory.model = model.model
      inventory.tokenizer = model.tokenizer
      files[model.model.digest] = model.modelFiles
      if let tokenizer = model.tokenizer { files[tokenizer.digest] = model.tokenizerFiles }
    }
    for (name, path) in request.files.sorted(by: { $0.key < $1.key }) {
      guard let file = try digests.file(path) else { continue }
      let leaf = Leaf(format: PlainFiles.format, digest: file.digest, location: path)
      inventory.files[name] = leaf
      files[file.digest, default: []].append(file)
    }
    guard let data = request.data else {
      return DataInventory(
        inventory: inventory, inputs: RunInputs(files: files, rows: [:]), counts: [])
    }
    let samples = try read(data)
    inventory.labels = samples.labels
    var rows: [ContentDigest: [RunInputs.Row]] = [:]
    for (shard, members) in samples.shards() {
      inventory.shards.append(shard)
      rows[shard.records.digest] = members
      files[shard.records.digest] = samples.files(of: members)
    }
    return DataInventory(
      inventory: inventory, inputs: RunInputs(files: files, rows: rows), counts: samples.counts)
  }

  /// Writes what was learnt into the workspace.
  ///
  /// - Returns: Warnings about what could not be kept; the next run then reads more.
  public func save() -> [String] {
    do {
      try digests.save()
    } catch {
      warnings.withLock { $0.append(error.message) }
    }
    return warnings.withLock { warnings in
      defer { warnings = [] }
      return warnings
    }
  }

  private func read(_ data: DataDescription) throws(ExecutionError) -> SampleTable {
    var sources: [(label: String, path: String, task: String?)] = []
    var shipsSplits = false
    switch data.source {
    case .documents(let documents):
      sources = documents.map { ($0.label, $0.path, nil) }
    case .suite(let files):
      sources = files.map { ($0.label, $0.path, SampleRecord.suite) }
      shipsSplits = true
    case .samples(let files):
      sources = files.map { ($0.label, $0.path, SampleRecord.samples) }
    case .tasks(let names, let path):
      for name in names {
        do {
          let reading = data.readings[name] ?? name
          sources.append((name, try locate(reading, path), reading))
        } catch {
          throw ExecutionError(.missingFile, "\(error)", path: path)
        }
      }
    }
    var table = SampleTable(
      assignment: SplitAssignment(fractions: data.fractions, seed: data.splitSeed))
    for (label, path, task) in sources {
      let format = try RecordFormat.of(path)
      guard let file = try digests.file(path) else {
        throw .missing(path, what: "the data file")
      }
      let index = try index(of: file, format: format, shipsSplits: shipsSplits)
      guard !index.entries.isEmpty else {
        throw ExecutionError(
          .emptyData, "'\(path)' holds no record", hint: "remove '\(label)' or fill the file",
          path: path)
      }
      let source = RunInputs.Source(file: file, format: format, task: task, label: label)
      table.append(source, index.entries.prefix(data.limit ?? .max))
    }
    guard !table.labels.isEmpty else {
      throw ExecutionError(.emptyData, "the data name no file", hint: "name at least one")
    }
    return table
  }

  private func index(
    of file: KnownFile, format: RecordFormat, shipsSplits: Bool
  ) throws(ExecutionError) -> RecordIndex {
    let name = RecordIndex.name(of: file, format: format, shipsSplits: shipsSplits)
    if let known = indices.withLock({ $0[name] }) { return known }
    let path = workspace + "/records/" + name
    let index: RecordIndex
    if let stored = WorkspaceFile.contents(path).flatMap({ RecordIndex(decoding: $0) }) {
      index = stored
    } else {
      let content = try DataContent(file, format: format)
      index = try RecordIndex(
        content, path: file.path, format: format, shipsSplits: shipsSplits)
      do {
        try WorkspaceFile.replace(path, with: index.encoded)
      } catch {
        warnings.withLock { $0.append(error.message) }
      }
    }
    indices.withLock { $0[name] = index }
    return index
  }
}
