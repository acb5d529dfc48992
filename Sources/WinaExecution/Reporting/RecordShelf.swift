import Synchronization
import WinaPipeline
import WinaStore

/// The latest action records of each kind of stage, read from the store once when first asked for.
final class RecordShelf: Sendable {
  /// What is known of a kind.
  struct Shelf: Sendable {
    /// The records, latest first.
    var records: [ActionResult]
    /// The same, ready to be compared.
    var flat: [FlatParts]
    /// The position of the latest record of each task name.
    var byName: [String: Int]
    /// The typical seconds of work and stored bytes, or `nil` without records.
    var typical: (seconds: Double, bytes: Int)?
  }

  private static let depth = 128

  private let store: ArtifactStore
  private let shelves = Mutex<[String: Shelf]>([:])

  init(_ store: ArtifactStore) { self.store = store }

  /// Returns what is known of a kind.
  func shelf(_ kind: String) -> Shelf {
    if let known = shelves.withLock({ $0[kind] }) { return known }
    let records = store.recentResults(kind: kind, limit: RecordShelf.depth)
    let shelf = Shelf(
      records: records, flat: records.map { FlatParts($0.parts) },
      byName: Dictionary(
        records.enumerated().map { ($1.taskName, $0) }, uniquingKeysWith: { first, _ in first }),
      typical: records.isEmpty
        ? nil
        : (
          median(records.map(\.seconds)), Int(median(records.map { Double($0.storedBytes) }))
        ))
    shelves.withLock { $0[kind] = shelf }
    return shelf
  }

  /// Returns the seconds that a task of a kind is expected to take, by its name if it is known.
  func seconds(kind: String, name: String) -> Double? {
    let shelf = shelf(kind)
    return shelf.byName[name].map { shelf.records[$0].seconds } ?? shelf.typical?.seconds
  }

  /// Returns in a few words how a task differs from what was run before.
  ///
  /// - Complexity: O(parameters): it is compared with the latest record of its name or else of its
  ///   kind.
  func reason(for parts: KeyParts, name: String) -> String {
    let shelf = shelf(parts.kind)
    guard !shelf.records.isEmpty else { return "first of its kind" }
    let old = shelf.flat[shelf.byName[name] ?? 0]
    let now = FlatParts(parts)
    let changes = now.changes(since: old)
    if !changes.isEmpty {
      let shown = changes.prefix(3).map(\.description).joined(separator: ", ")
      return changes.count > 3 ? "\(shown), …" : shown
    }
    let inputs = now.inputChanges(since: old)
    if inputs.isEmpty { return "the artifact is gone" }
    if shelf.byName[name] == nil { return "not run before" }
    return "new " + inputs.map { $0.path.dropFirst("input.".count) }.joined(separator: ", ")
  }

  private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2)
      ? (sorted[middle - 1] + sorted[middle]) / 2
      : sorted[middle]
  }
}
