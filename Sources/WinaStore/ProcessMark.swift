/// A text by which other processes can tell whether the one that wrote it still lives.
package enum ProcessMark {
  /// The mark of this process.
  package static var current: String { ProcessIdentity.current.fileName }

  /// Returns whether the process that wrote a mark is known to have ended; of a process on another
  /// host, and of a text that is no mark, nothing is known.
  package static func isKnownDead(_ mark: String) -> Bool {
    ProcessIdentity.current.knowsDead(ownerOf: mark[...])
  }
}
