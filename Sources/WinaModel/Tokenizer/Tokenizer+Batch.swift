import Dispatch
import Synchronization

extension Tokenizer {
  /// The ids of many texts, found on several threads.
  ///
  /// - Parameters:
  ///   - texts: The texts, each of which is encoded by itself.
  ///   - addSpecialTokens: Whether to surround the ids of each with the tokens that the file's
  ///     post-processor asks for.
  ///   - threads: The number of threads, at least one; the ids do not depend on it.
  /// - Returns: The ids of each text, in the order of the texts.
  public func encodeBatch(_ texts: [String], addSpecialTokens: Bool, threads: Int) -> [[Int32]] {
    precondition(threads > 0, "encoding needs a thread")
    if threads == 1 || texts.count < 2 {
      return texts.map { encode($0, addSpecialTokens: addSpecialTokens) }
    }
    // Many blocks for each thread, so that none waits long for another at the end.
    let blockSize = max(1, min(64, texts.count / (8 * threads)))
    let blockCount = (texts.count + blockSize - 1) / blockSize
    let nextBlock = Atomic(0)
    let blocks = Mutex([[[Int32]]](repeating: [], count: blockCount))
    DispatchQueue.concurrentPerform(iterations: min(threads, blockCount)) { _ in
      while true {
        let block = nextBlock.add(1, ordering: .relaxed).oldValue
        if block >= blockCount { return }
        let start = block * blockSize
        let ids = texts[start..<min(start + blockSize, texts.count)].map {
          encode($0, addSpecialTokens: addSpecialTokens)
        }
        blocks.withLock { $0[block] = ids }
      }
    }
    return blocks.withLock { Array($0.joined()) }
  }
}
