import WinaPipeline

/// A plan key or an action key that the cache can answer.
public struct StoreHit: Hashable, Sendable {
  /// Where a hit came from.
  public enum Origin: String, Hashable, Sendable { case local, remote }

  /// The action and its artifact.
  public var entry: PlanEntry
  /// Where it came from.
  public var origin: Origin

  /// Makes a hit.
  public init(entry: PlanEntry, origin: Origin) {
    self.entry = entry
    self.origin = origin
  }
}

/// Two runs of one action that gave different artifacts.
public struct DeterminismViolation: Hashable, Sendable, CustomStringConvertible {
  /// The action.
  public var key: ActionKey
  /// The name of the task that gave the other artifact.
  public var taskName: String
  /// The artifact that the cache keeps.
  public var kept: ContentDigest
  /// The artifact that differs.
  public var other: ContentDigest

  /// Makes a violation.
  public init(
    key: ActionKey, taskName: String, kept: ContentDigest, other: ContentDigest
  ) {
    self.key = key
    self.taskName = taskName
    self.kept = kept
    self.other = other
  }

  public var description: String {
    "'\(taskName)' is not deterministic: action \(key.digest.short) gave \(other.short), and"
      + " \(kept.short) before; the cache keeps \(kept.short)"
  }
}

/// What committing a result led to.
public struct CommitOutcome: Hashable, Sendable {
  /// What the cache keeps under the keys; downstream tasks must use its output.
  public var entry: PlanEntry
  /// Set when the committed output differs from the one that is kept.
  public var violation: DeterminismViolation?

  /// Makes an outcome.
  public init(entry: PlanEntry, violation: DeterminismViolation? = nil) {
    self.entry = entry
    self.violation = violation
  }
}

extension ArtifactStore {
  /// Makes a result visible: the action record, then the plan entry.
  ///
  /// The artifact must be stored already. The first record wins as long as its artifact is here.
  /// Committing a known result under a new plan key adds the entry alone.
  ///
  /// - Parameters:
  ///   - result: What running the action gave.
  ///   - planKey: The plan key that led to the action.
  /// - Throws: ``StoreError``: `notFound` when the artifact is not here.
  public func commit(_ result: ActionResult, planKey: PlanKey?) throws(StoreError)
    -> CommitOutcome
  {
    let outcome = try place(result, planKey: planKey)
    remote?.enqueue([
      .init(plan: planKey, action: outcome.entry.action, output: outcome.entry.output)
    ])
    return outcome
  }

  /// Does what ``commit(_:planKey:)`` does, without telling the remote tier.
  func place(_ result: ActionResult, planKey: PlanKey?) throws(StoreError) -> CommitOutcome {
    guard let blobs = localBlobs(of: result.output) else {
      throw .missing(result.output, "the artifact")
    }
    let outcome = try placeRecord(result)
    guard let planKey else { return outcome }
    let kept = outcome.entry.output
    let isKept = kept == result.output
    let keptBlobs = isKept ? blobs : localBlobs(of: kept) ?? []
    return try placeEntry(outcome, planKey, keptBlobs, taskName: result.taskName)
  }

  private func placeRecord(_ result: ActionResult) throws(StoreError) -> CommitOutcome {
    let path = layout.action(result.key)
    let text = try result.sealed()
    let entry = PlanEntry(action: result.key, output: result.output)
    if try staging.placeExclusively(text[...], at: path, mode: 0o444) {
      log.add(result.key, kind: result.parts.kind)
      return CommitOutcome(entry: entry)
    }
    let existing = actionResult(for: result.key)
    if existing?.output == result.output { return CommitOutcome(entry: entry) }
    if let existing, contains(existing.output) {
      let kept = PlanEntry(action: result.key, output: existing.output)
      return CommitOutcome(
        entry: kept,
        violation: DeterminismViolation(
          key: result.key, taskName: result.taskName, kept: existing.output, other: result.output))
    }
    try staging.place(text[...], at: path, mode: 0o444)
    log.add(result.key, kind: result.parts.kind)
    let violation = existing.map { existing in
      DeterminismViolation(
        key: result.key, taskName: result.taskName, kept: result.output, other: existing.output)
    }
    return CommitOutcome(entry: entry, violation: violation)
  }

  private func placeEntry(
    _ outcome: CommitOutcome, _ key: PlanKey, _ blobs: [PlanIndex.Blob], taskName: String
  ) throws(StoreError) -> CommitOutcome {
    let path = layout.plan(key)
    let text = outcome.entry.sealed(for: key)
    var outcome = outcome
    if try !staging.placeExclusively(text[...], at: path, mode: 0o444) {
      let existing = planEntry(for: key)
      if existing == outcome.entry { return outcome }
      if let existing, localHit(existing) != nil {
        if existing.output != outcome.entry.output {
          outcome.violation = DeterminismViolation(
            key: existing.action, taskName: taskName, kept: existing.output,
            other: outcome.entry.output)
        }
        outcome.entry = existing
        return outcome
      }
      try staging.place(text[...], at: path, mode: 0o444)
    }
    index.add(key, PlanIndex.Record(entry: outcome.entry, blobs: blobs))
    return outcome
  }

  /// Returns an action's record; one that is absent, torn or foreign is `nil`.
  public func actionResult(for key: ActionKey) -> ActionResult? {
    read(layout.action(key)).flatMap { ActionResult(sealed: $0, key: key) }
  }

  /// Returns a plan key's entry; one that is absent, torn or foreign is `nil`.
  public func planEntry(for key: PlanKey) -> PlanEntry? {
    read(layout.plan(key)).flatMap { PlanEntry(sealed: $0, key: key) }
  }

  /// Returns recent records of a kind of stage, latest first.
  ///
  /// - Complexity: Reads at most 4 MiB of the log and `limit` records.
  public func recentResults(kind: String, limit: Int = 64) -> [ActionResult] {
    log.recent(kind: kind, limit: limit).compactMap { key in
      actionResult(for: key).flatMap { $0.parts.kind == kind ? $0 : nil }
    }
  }

  private func read(_ path: String) -> [UInt8]? {
    do {
      return try files.read(path, limit: SealedRecord.maximumSize)
    } catch {
      return nil  // A record that cannot be read is a miss, whatever the reason.
    }
  }

  func localHit(_ entry: PlanEntry) -> [PlanIndex.Blob]? {
    actionResult(for: entry.action) == nil ? nil : localBlobs(of: entry.output)
  }
}
