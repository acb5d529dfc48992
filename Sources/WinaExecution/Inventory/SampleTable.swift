import WinaPipeline
import WinaPlan

/// All samples in the order of the data files, and the shards that they are cut into.
struct SampleTable {
  private let assignment: SplitAssignment
  private(set) var labels: [String] = []
  private var members: [Split: [RunInputs.Row]] = [:]

  init(assignment: SplitAssignment) { self.assignment = assignment }

  /// Appends the records of a file.
  mutating func append(
    _ source: RunInputs.Source, _ entries: ArraySlice<RecordIndex.Entry>
  ) {
    if !labels.contains(source.label) { labels.append(source.label) }
    for (record, entry) in entries.enumerated() {
      let split = entry.split ?? assignment.split(of: entry.digest)
      members[split, default: []].append(
        RunInputs.Row(source: source, record: record, digest: entry.digest))
    }
  }

  /// How many samples of each label each split has.
  var counts: [SplitCount] {
    var found: [String: [Split: Int]] = [:]
    for (split, rows) in members {
      for row in rows { found[row.source.label, default: [:]][split, default: 0] += 1 }
    }
    return labels.flatMap { label in
      Split.allCases.compactMap { split in
        found[label]?[split].map { SplitCount(label: label, split: split, samples: $0) }
      }
    }
  }

  /// Cuts every split into shards.
  func shards() -> [(Inventory.Shard, [RunInputs.Row])] {
    Split.allCases.flatMap { split in
      let rows = members[split] ?? []
      return ShardCutter.cut(rows.map(\.digest)).enumerated().map { index, range in
        let rows = Array(rows[range])
        let leaf = Leaf(
          format: SampleRecords.format, digest: SampleTable.digest(of: rows),
          location: "\(split.rawValue)/\(index)")
        let samples = rows.map { Inventory.Sample(digest: $0.digest, label: $0.source.label) }
        return (Inventory.Shard(split: split, index: index, samples: samples, records: leaf), rows)
      }
    }
  }

  /// Returns the files that rows come from, each once.
  func files(of rows: [RunInputs.Row]) -> [KnownFile] {
    var files: [KnownFile] = []
    for row in rows where !files.contains(row.source.file) { files.append(row.source.file) }
    return files
  }

  /// Hashes everything of the records that a stage can see, except where they came from.
  private static func digest(of rows: [RunInputs.Row]) -> ContentDigest {
    var hasher = SHA256()
    hasher.update("wina/records/v1:\(rows.count);")
    for row in rows {
      let source = row.source
      hasher.update(row.digest.bytes)
      hasher.update("\(source.label.utf8.count):\(source.label);\(source.format.rawValue);")
      hasher.update(source.task.map { "\($0.utf8.count):\($0);" } ?? "-;")
    }
    return hasher.finalize()
  }
}
