/// Collects diagnostics, dropping exact repetitions.
public struct DiagnosticSet: Sendable {
  private var seen: Set<Diagnostic> = []
  private var collected: [Diagnostic] = []

  /// Makes an empty set.
  public init() {}

  /// Whether nothing was collected.
  public var isEmpty: Bool { collected.isEmpty }

  /// Whether at least one error was collected.
  public var hasErrors: Bool { collected.contains { $0.severity == .error } }

  /// Everything collected, ordered by file (in order of first mention) and place.
  ///
  /// Diagnostics without a place come first; equal places keep the order of collection.
  public var sorted: [Diagnostic] {
    var order: [SourceFile: Int] = [:]
    for case let file? in collected.map(\.range?.file) where order[file] == nil {
      order[file] = order.count
    }
    let keys = collected.enumerated().map { index, diagnostic in
      (
        diagnostic.range.flatMap { order[$0.file] } ?? -1,
        diagnostic.range?.offsets.lowerBound ?? -1, index
      )
    }
    return collected.indices.sorted { keys[$0] < keys[$1] }.map { collected[$0] }
  }

  /// Adds a diagnostic unless an equal one was added before.
  public mutating func insert(_ diagnostic: Diagnostic) {
    if seen.insert(diagnostic).inserted { collected.append(diagnostic) }
  }

  /// Adds several diagnostics.
  public mutating func insert(contentsOf diagnostics: some Sequence<Diagnostic>) {
    for diagnostic in diagnostics { insert(diagnostic) }
  }

  /// Throws everything collected if there is an error among it.
  public func throwIfErrors() throws(SpecError) {
    if hasErrors { throw SpecError(sorted) }
  }
}
