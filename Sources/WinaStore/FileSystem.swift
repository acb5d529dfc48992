/// The file operations that the store is made of, so that tests can let any one of them fail.
///
/// Paths are absolute or relative to the working directory, as given to the store.
package protocol FileSystem: Sendable {
  /// Creates a file that must not exist and writes it whole; a failure leaves nothing behind.
  func create(_ path: String, _ bytes: ArraySlice<UInt8>, mode: UInt32) throws(StoreError)

  /// Renames a file, replacing what is there.
  func rename(_ source: String, to target: String) throws(StoreError)

  /// Renames a file unless the target exists; returns whether it did.
  func renameExclusively(_ source: String, to target: String) throws(StoreError) -> Bool

  /// Removes a file or an empty directory; one that is absent is no error.
  func remove(_ path: String) throws(StoreError)

  /// Makes a directory and its missing parents; one that exists is no error.
  func makeDirectory(_ path: String) throws(StoreError)

  /// Appends to a file in one write, creating it when it is absent.
  func append(_ bytes: [UInt8], to path: String) throws(StoreError)

  /// Writes bytes into an existing file without changing its length.
  func overwrite(_ path: String, at offset: Int, _ bytes: [UInt8]) throws(StoreError)

  /// Reads a regular file of at most `limit` bytes.
  func read(_ path: String, limit: Int) throws(StoreError) -> [UInt8]

  /// Reads up to `count` bytes from `offset`, and returns the size of the file as well.
  func read(_ path: String, from offset: Int, count: Int) throws(StoreError)
    -> (bytes: [UInt8], size: Int)

  /// Returns the size of a regular file, or `nil` when there is none.
  func size(_ path: String) throws(StoreError) -> Int?

  /// Returns whether there is a directory at a path.
  func isDirectory(_ path: String) throws(StoreError) -> Bool

  /// Returns the names in a directory, sorted; an absent directory has none.
  func entries(_ path: String) throws(StoreError) -> [String]

  /// Takes an advisory lock of this host on a file, waiting for it; it falls with the process.
  ///
  /// - Returns: The lock, or `nil` on file systems that have none.
  func lock(_ path: String) throws(StoreError) -> FileLock?
}

extension FileSystem {
  /// Removes a file whose removal nothing depends on.
  ///
  /// What stays behind is staging of this process, which the next process to open the cache removes.
  func discard(_ path: String) {
    do {
      try remove(path)
    } catch {
      return
    }
  }
}
