import Synchronization
import WinaPipeline

/// What a cache holds.
public struct CacheStatistics: Hashable, Sendable {
  /// A number of files and their bytes.
  public struct Tally: Hashable, Sendable {
    /// The number of files.
    public var count = 0
    /// Their bytes as they lie on disk.
    public var bytes = 0

    /// Makes a tally.
    public init(count: Int = 0, bytes: Int = 0) {
      self.count = count
      self.bytes = bytes
    }
  }

  /// Chunks and manifests.
  public var objects = Tally()
  /// Action records.
  public var actions = Tally()
  /// Plan entries, without the index.
  public var plans = Tally()
  /// What was deleted or quarantined and can still be recovered.
  public var trash = Tally()
  /// The bytes of all objects when unpacked.
  public var logicalBytes = 0

  /// Logical bytes per stored byte of the objects; 1 for an empty cache.
  public var ratio: Double {
    objects.bytes == 0 ? 1 : Double(logicalBytes) / Double(objects.bytes)
  }
}

extension ArtifactStore {
  /// Counts what the cache holds, reading only the headers of blobs.
  public func statistics() throws(StoreError) -> CacheStatistics {
    var statistics = CacheStatistics()
    for path in try shardedFiles(in: layout.objects) {
      let (bytes, size) = try files.read(path, from: 0, count: BlobHeader.size)
      statistics.objects.count += 1
      statistics.objects.bytes += size
      guard let header = BlobHeader(bytes),
        BlobHeader.isPlausible(stored: size, logical: header.logicalSize)
      else { continue }
      statistics.logicalBytes += header.logicalSize
    }
    statistics.actions = try tally(shardedFiles(in: layout.actions))
    statistics.plans = try tally(shardedFiles(in: layout.plans))
    statistics.trash = try tally(files.entries(layout.trash).map { layout.trash + "/" + $0 })
    return statistics
  }

  private func tally(_ paths: [String]) throws(StoreError) -> CacheStatistics.Tally {
    var tally = CacheStatistics.Tally()
    for path in paths {
      guard let size = try files.size(path) else { continue }
      tally.count += 1
      tally.bytes += size
    }
    return tally
  }

  /// Returns the files in the two-digit folders of a folder.
  func shardedFiles(in folder: String) throws(StoreError) -> [String] {
    var paths: [String] = []
    for shard in try files.entries(folder) where shard.utf8.count == 2 {
      let path = folder + "/" + shard
      paths += try files.entries(path).map { path + "/" + $0 }
    }
    return paths
  }
}
