import Dispatch
import Synchronization
import WinaPipeline

/// The leases of a cache: one exclusively created file for each action in flight.
///
/// An owner on this host is judged by the kernel: dead means taken over at once, alive means held
/// for as long as it takes. An owner elsewhere is judged by its heartbeat as this process sees it
/// change, so that clocks of different hosts need not agree.
final class LeaseTable: Sendable {
  private struct Observation {
    var text: [UInt8]
    var since: Double
  }

  private struct State {
    var held: [ActionKey: LeaseRecord] = [:]
    var observed: [ActionKey: Observation] = [:]
    var timer: (any DispatchSourceTimer)?
  }

  private static let tokens = Atomic<Int>(0)
  private static let maximumSize = 64 << 10
  private let layout: CacheLayout
  private let files: any FileSystem
  private let staging: StagingArea
  private let options: StoreOptions
  private let identity: ProcessIdentity
  private let state = Mutex(State())

  init(
    layout: CacheLayout, files: any FileSystem, staging: StagingArea, options: StoreOptions,
    identity: ProcessIdentity = .current
  ) {
    self.layout = layout
    self.files = files
    self.staging = staging
    self.options = options
    self.identity = identity
  }

  deinit { state.withLock { $0.timer?.cancel() } }

  func acquire(_ key: ActionKey, taskName: String) throws(StoreError) -> LeaseOutcome {
    let number = LeaseTable.tokens.wrappingAdd(1, ordering: .relaxed).oldValue
    let record = LeaseRecord(
      token: "\(identity.pid)-\(identity.start)-\(number)", owner: identity, taskName: taskName)
    let path = layout.lease(key)
    for _ in 0..<8 {
      if try staging.placeExclusively(record.text[...], at: path, mode: 0o644) {
        return .acquired(hold(key, record))
      }
      guard let text = try current(path) else { continue }
      let holder = LeaseRecord(text)
      if !isAbandoned(key, text, holder) {
        return .held(by: LeaseTable.owner(holder))
      }
      if try takeOver(path, from: text, record) { return .acquired(hold(key, record)) }
    }
    return .held(by: LeaseTable.owner(nil))
  }

  func release(_ key: ActionKey, token: String) {
    state.withLock { state in
      if state.held[key]?.token == token { state.held[key] = nil }
      if state.held.isEmpty {
        state.timer?.cancel()
        state.timer = nil
      }
    }
    do {
      let path = layout.lease(key)
      if let text = try current(path), LeaseRecord(text)?.token == token {
        try files.remove(path)
      }
    } catch {
      return  // The file stays behind; it falls to the next process once this one has ended.
    }
  }

  /// Shows that the owners of this table's leases live.
  func beat() {
    let held = state.withLock { state in
      for key in state.held.keys { state.held[key]?.beat += 1 }
      return state.held
    }
    for (key, record) in held {
      do {
        let path = layout.lease(key)
        guard let text = try current(path), LeaseRecord(text)?.token == record.token else {
          continue
        }
        let digits = Array(LeaseRecord.digits(record.beat).utf8)
        try files.overwrite(path, at: LeaseRecord.beatOffset, digits)
      } catch {
        continue  // A missed beat; the next one may get through.
      }
    }
  }

  private static func owner(_ record: LeaseRecord?) -> LeaseOwner {
    LeaseOwner(
      host: record?.owner.host ?? "", pid: record?.owner.pid ?? 0,
      taskName: record?.taskName ?? "")
  }

  private func current(_ path: String) throws(StoreError) -> [UInt8]? {
    do {
      return try files.read(path, limit: LeaseTable.maximumSize)
    } catch  where error.code == .notFound {
      return nil
    }
  }

  /// Returns whether nobody stands behind a lease any more.
  private func isAbandoned(_ key: ActionKey, _ text: [UInt8], _ holder: LeaseRecord?) -> Bool {
    switch holder.map({ identity.liveness(of: $0.owner) }) {
    case .alive?: return false
    case .dead?: return true
    case .unknown?, nil: break
    }
    let now = options.clock()
    return state.withLock { state in
      if let seen = state.observed[key], seen.text == text {
        return now - seen.since >= options.staleLeaseSeconds
      }
      state.observed[key] = Observation(text: text, since: now)
      return false
    }
  }

  /// Replaces an abandoned lease; returns whether this caller got it.
  ///
  /// Takers of one host come one after the other, and each looks again before it moves the file
  /// away, so that none takes a lease from a taker that came before it. Where locks do not work,
  /// the look at the moved file catches the same mistake.
  private func takeOver(_ path: String, from text: [UInt8], _ record: LeaseRecord)
    throws(StoreError) -> Bool
  {
    let lock = try files.lock(layout.takeoverLock)
    defer { withExtendedLifetime(lock) {} }
    guard try current(path) == text else { return false }
    let aside = try staging.freshPath()
    do {
      try files.rename(path, to: aside)
    } catch  where error.code == .notFound {
      return false
    }
    defer { files.discard(aside) }
    if try current(aside) != text {
      _ = try files.renameExclusively(aside, to: path)
      return false
    }
    return try staging.placeExclusively(record.text[...], at: path, mode: 0o644)
  }

  private func hold(_ key: ActionKey, _ record: LeaseRecord) -> Lease {
    state.withLock { state in
      state.observed[key] = nil
      state.held[key] = record
      if state.timer == nil { state.timer = startTimer() }
    }
    return Lease(key: key, token: record.token, table: self)
  }

  private func startTimer() -> any DispatchSourceTimer {
    let queue = DispatchQueue(label: "wina.store.heartbeat")
    let timer = DispatchSource.makeTimerSource(queue: queue)
    let period = DispatchTimeInterval.milliseconds(Int(options.heartbeatSeconds * 1000))
    timer.schedule(deadline: .now() + period, repeating: period)
    timer.setEventHandler { [weak self] in self?.beat() }
    timer.activate()
    return timer
  }
}

extension ArtifactStore {
  /// Asks for the right to run an action; never waits.
  ///
  /// After acquiring it, look the action up again, since another process may just have finished it;
  /// then run, write, commit, release. When it is held, ask again a little later.
  ///
  /// - Parameters:
  ///   - key: The action.
  ///   - taskName: The name to show to others.
  public func acquireLease(for key: ActionKey, taskName: String = "") throws(StoreError)
    -> LeaseOutcome
  {
    try leases.acquire(key, taskName: taskName)
  }
}
