import WinaPipeline

/// Where everything lies below the cache directory.
public struct CacheLayout: Hashable, Sendable {
  /// The text of the `VERSION` file that this code reads and writes.
  public static let version = "wina-cache 1\n"

  /// The cache directory.
  public let root: String

  /// Makes the layout of a cache directory.
  public init(root: String) {
    var root = root
    while root.count > 1, root.hasSuffix("/") { root.removeLast() }
    self.root = root
  }

  var versionFile: String { root + "/VERSION" }
  var objects: String { root + "/objects" }
  var actions: String { root + "/actions" }
  var plans: String { root + "/plans" }
  var staging: String { root + "/staging" }
  var leases: String { root + "/leases" }
  var trash: String { root + "/trash" }

  /// The directories that every cache has.
  var directories: [String] {
    [objects, actions, plans, staging, leases, trash, root + "/pins", root + "/roots"]
  }

  /// The packed copy of all plan entries, which makes planning fast; not needed for correctness.
  var planIndex: String { plans + "/index" }
  /// The order in which action records were written, for explanations; not needed for correctness.
  var actionLog: String { actions + "/log" }
  /// Serialises the takeover of leases on one host.
  var takeoverLock: String { leases + "/takeover.lock" }

  func object(_ digest: ContentDigest) -> String { CacheLayout.sharded(objects, digest) }
  func action(_ key: ActionKey) -> String { CacheLayout.sharded(actions, key.digest) }
  func plan(_ key: PlanKey) -> String { CacheLayout.sharded(plans, key.digest) }
  func lease(_ key: ActionKey) -> String { leases + "/" + key.digest.hex }

  /// The path of an entry relative to the root, the same in every tier.
  func path(_ entry: RemoteEntry) -> String { root + "/" + entry.path }

  private static func sharded(_ folder: String, _ digest: ContentDigest) -> String {
    let name = [CChar](unsafeUninitializedCapacity: 64) { buffer, count in
      guard let start = buffer.baseAddress else { return }
      DigestWords(digest).spell(into: start)
      count = 64
    }
    let hex = String(decoding: name.lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "\(folder)/\(hex.prefix(2))/\(hex)"
  }
}
