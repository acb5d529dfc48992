public import WinaDiagnostics

/// The keys and values of a YAML mapping in the order in which they are written.
///
/// Two mappings are equal if they hold equal values for the same keys; the order does not count.
///
/// - Invariant: keys are distinct.
public struct YAMLMapping: Sendable {
  /// One key with its value.
  public struct Entry: Sendable {
    /// The key.
    public var key: Located<String>

    /// Its value.
    public var value: YAMLNode

    /// Pairs a key with its value.
    public init(key: Located<String>, value: YAMLNode) {
      self.key = key
      self.value = value
    }
  }

  /// The entries in order.
  public private(set) var entries: [Entry]

  /// Makes a mapping; of entries with equal keys the last one stays.
  ///
  /// - Complexity: O(n).
  public init(_ entries: [Entry] = []) {
    var positions: [String: Int] = [:]
    var kept: [Entry] = []
    for entry in entries {
      if let position = positions[entry.key.value] {
        kept[position] = entry
      } else {
        positions[entry.key.value] = kept.count
        kept.append(entry)
      }
    }
    self.entries = kept
  }

  /// Makes a mapping of entries that are known to have distinct keys.
  init(distinct entries: [Entry]) { self.entries = entries }

  /// The keys in order.
  public var keys: [String] { entries.map(\.key.value) }

  /// Returns the entry of a key.
  ///
  /// - Complexity: O(n).
  public func entry(_ key: String) -> Entry? { entries.first { $0.key.value == key } }

  /// Returns the value of a key.
  ///
  /// - Complexity: O(n).
  public subscript(key: String) -> YAMLNode? { entry(key)?.value }

  /// Puts an entry in the place of the one with the same key, or at the end.
  ///
  /// - Complexity: O(n).
  public mutating func set(_ key: Located<String>, to value: YAMLNode) {
    let entry = Entry(key: key, value: value)
    if let index = entries.firstIndex(where: { $0.key.value == key.value }) {
      entries[index] = entry
    } else {
      entries.append(entry)
    }
  }

  /// Removes a key and returns its entry.
  ///
  /// - Complexity: O(n).
  @discardableResult
  public mutating func remove(_ key: String) -> Entry? {
    guard let index = entries.firstIndex(where: { $0.key.value == key }) else { return nil }
    return entries.remove(at: index)
  }
}

extension YAMLMapping: Hashable {
  public static func == (left: YAMLMapping, right: YAMLMapping) -> Bool {
    guard left.entries.count == right.entries.count else { return false }
    return left.values == right.values
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(values) }

  private var values: [String: YAMLNode] {
    Dictionary(entries.map { ($0.key.value, $0.value) }) { $1 }
  }
}
