import WinaPipeline

/// What stands behind the leaves of a plan: the files to watch and the records to read.
public struct RunInputs: Sendable {
  /// A data file that records are read from.
  final class Source: Sendable {
    let file: KnownFile
    let format: RecordFormat
    let task: String?
    let label: String

    init(file: KnownFile, format: RecordFormat, task: String?, label: String) {
      self.file = file
      self.format = format
      self.task = task
      self.label = label
    }
  }

  /// A record of a shard: its position among the records of a file.
  struct Row: Sendable {
    var source: Source
    var record: Int
    var digest: ContentDigest
  }

  /// The inputs of a plan without leaves.
  public static let none = RunInputs(files: [:], rows: [:])

  /// The files behind each leaf.
  private(set) var files: [ContentDigest: [KnownFile]]
  /// The records behind each leaf that stands for a shard.
  private(set) var rows: [ContentDigest: [Row]]

  init(files: [ContentDigest: [KnownFile]], rows: [ContentDigest: [Row]]) {
    self.files = files
    self.rows = rows
  }

  /// Returns the inputs of two inventories together.
  public func merging(_ other: RunInputs) -> RunInputs {
    RunInputs(
      files: files.merging(other.files) { first, _ in first },
      rows: rows.merging(other.rows) { first, _ in first })
  }

  /// Checks that the files behind leaves look as they did when the plan was made.
  func checkUnchanged(_ leaves: [Leaf]) throws(ExecutionError) {
    for leaf in leaves {
      for file in files[leaf.digest] ?? [] { try file.checkUnchanged() }
    }
  }
}

/// Reads the records of shards, keeping the data files that were read last.
package final class RecordSource: Sendable {
  private let inputs: RunInputs
  private let contents: SharedValues

  /// Makes a source.
  ///
  /// - Parameters:
  ///   - inputs: What stands behind the leaves.
  ///   - limit: The most bytes of decompressed data to keep.
  package init(_ inputs: RunInputs, limit: Int) {
    self.inputs = inputs
    contents = SharedValues(limit: limit)
  }

  /// Returns the records of a shard in order.
  ///
  /// - Throws: ``ExecutionError`` `inputChanged` when a file is not what the inventory read.
  package func records(of leaf: Leaf) throws -> [SampleRecord] {
    guard let rows = inputs.rows[leaf.digest] else {
      throw ExecutionError(
        .inputChanged, "the inventory knows no shard '\(leaf.location)' of this content",
        hint: "plan and run with the same inventory")
    }
    var records: [SampleRecord] = []
    records.reserveCapacity(rows.count)
    var current: (source: RunInputs.Source, content: DataContent)?
    for row in rows {
      if current?.source !== row.source {
        current = (row.source, try content(of: row.source))
      }
      guard let content = current?.content, row.record < content.records.count else {
        throw ExecutionError.changed(row.source.file.path)
      }
      let record = content.records[row.record]
      records.append(
        SampleRecord(
          digest: row.digest, label: row.source.label,
          bytes: Array(content.bytes[record.range]),
          isPlainText: row.source.format == .plainText, task: row.source.task,
          origin: "\(row.source.file.path):\(record.line)"))
    }
    return records
  }

  private func content(of source: RunInputs.Source) throws -> DataContent {
    try contents.value(source.file.path + "\u{0}" + source.file.digest.hex) {
      let content = try DataContent(source.file, format: source.format)
      return (content, content.bytes.count + content.records.count * 24)
    }
  }
}
