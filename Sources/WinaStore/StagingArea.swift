import Synchronization

/// The folder in which one open store prepares files before renaming them into place.
///
/// The folder's name says which process it belongs to, so that the next process to open the cache
/// can remove what a killed one left.
final class StagingArea: Sendable {
  private static let instances = Atomic<Int>(0)
  private let folder: String
  private let files: any FileSystem
  private let counter = Atomic<Int>(0)

  init(layout: CacheLayout, files: any FileSystem) {
    let instance = StagingArea.instances.wrappingAdd(1, ordering: .relaxed).oldValue
    folder = "\(layout.staging)/\(ProcessIdentity.current.fileName)+\(instance)"
    self.files = files
  }

  deinit { files.discard(folder) }

  /// Writes a file whole and renames it into place, replacing what is there.
  func place(_ bytes: ArraySlice<UInt8>, at path: String, mode: UInt32) throws(StoreError) {
    let staged = try stage(bytes, mode: mode)
    do {
      try withParent(of: path) { () throws(StoreError) in try files.rename(staged, to: path) }
    } catch {
      files.discard(staged)
      throw error
    }
  }

  /// Writes a file whole and renames it into place unless there is one; returns whether it did.
  func placeExclusively(_ bytes: ArraySlice<UInt8>, at path: String, mode: UInt32)
    throws(StoreError) -> Bool
  {
    let staged = try stage(bytes, mode: mode)
    do {
      let isPlaced = try withParent(of: path) { () throws(StoreError) in
        try files.renameExclusively(staged, to: path)
      }
      if !isPlaced { files.discard(staged) }
      return isPlaced
    } catch {
      files.discard(staged)
      throw error
    }
  }

  /// Returns a new path in the folder, which exists when this returns.
  func freshPath() throws(StoreError) -> String {
    try files.makeDirectory(folder)
    return path()
  }

  private func path() -> String {
    "\(folder)/\(counter.wrappingAdd(1, ordering: .relaxed).oldValue)"
  }

  private func stage(_ bytes: ArraySlice<UInt8>, mode: UInt32) throws(StoreError) -> String {
    let path = path()
    try withParent(of: path) { () throws(StoreError) in
      try files.create(path, bytes, mode: mode)
    }
    return path
  }

  /// Runs an operation on a path, making its folder first if that turns out to be missing.
  private func withParent<Value>(of path: String, _ body: () throws(StoreError) -> Value)
    throws(StoreError) -> Value
  {
    do {
      return try body()
    } catch  where error.code == .notFound {
      guard let slash = path.lastIndex(of: "/") else { throw error }
      try files.makeDirectory(String(path[..<slash]))
      return try body()
    }
  }

  /// Removes what dead processes of this host left in the staging folder of a cache.
  static func removeAbandoned(layout: CacheLayout, files: any FileSystem) throws(StoreError) {
    for name in try files.entries(layout.staging) {
      let owner = name.prefix { $0 != "+" }
      guard ProcessIdentity.current.knowsDead(ownerOf: owner) else { continue }
      let folder = layout.staging + "/" + name
      for file in try files.entries(folder) { files.discard(folder + "/" + file) }
      files.discard(folder)
    }
  }
}
