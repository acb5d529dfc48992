import WinaPipeline

/// Something that a tier keeps, under the same relative path in every tier.
public enum RemoteEntry: Hashable, Sendable {
  /// A chunk or a manifest.
  case object(ContentDigest)
  /// An action record.
  case action(ActionKey)
  /// A plan entry.
  case plan(PlanKey)

  /// The path below the tier's root.
  public var path: String {
    switch self {
    case .object(let digest): RemoteEntry.path("objects", digest)
    case .action(let key): RemoteEntry.path("actions", key.digest)
    case .plan(let key): RemoteEntry.path("plans", key.digest)
    }
  }

  private static func path(_ folder: String, _ digest: ContentDigest) -> String {
    let hex = digest.hex
    return "\(folder)/\(hex.prefix(2))/\(hex)"
  }
}

/// A place that several checkouts share; it moves stored bytes and trusts nobody.
///
/// What comes from a tier is verified before it is used. A tier may fail at any time: a failure is
/// a miss and a warning.
public protocol RemoteTier: Sendable {
  /// What to call the tier in warnings, such as its path.
  var name: String { get }

  /// Returns the stored bytes of an entry, or `nil` when the tier has none.
  ///
  /// - Throws: ``StoreError`` when the tier cannot be reached, or the entry exceeds the limit.
  func fetch(_ entry: RemoteEntry, limit: Int) throws(StoreError) -> [UInt8]?

  /// Returns for each entry its stored size, or `nil` when the tier has none.
  func sizes(of entries: [RemoteEntry]) throws(StoreError) -> [Int?]

  /// Stores an entry, replacing what the tier has; readers never see part of it.
  func push(_ bytes: [UInt8], to entry: RemoteEntry) throws(StoreError)
}
