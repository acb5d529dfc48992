import WinaTensor

/// Keys and values of the tokens that a sequence has so far.
///
/// A cache can be forked: sequences that begin alike share what is common and go on apart. A cache
/// that was forked must not grow, and only one thread at a time may add to a cache.
public final class KeyValueCache {
  private let shared: KeyValueCache?
  private let layers: [KeyValueBlock]

  /// Starts an empty sequence.
  public init(_ configuration: ModelConfiguration) {
    shared = nil
    layers = Self.blocks(configuration.layers, configuration.keyValueHeads, configuration.headSize)
  }

  private init(sharing cache: KeyValueCache) {
    shared = cache
    layers = Self.blocks(
      cache.layers.count, cache.layers.first?.heads ?? 1, cache.layers.first?.size ?? 1)
  }

  private static func blocks(_ count: Int, _ heads: Int, _ size: Int) -> [KeyValueBlock] {
    (0..<count).map { _ in KeyValueBlock(heads: heads, size: size) }
  }

  /// The number of tokens so far.
  public var count: Int { (shared?.count ?? 0) + (layers.last?.count ?? 0) }

  /// Returns a cache that begins with these tokens and grows on its own.
  public func fork() -> KeyValueCache { KeyValueCache(sharing: self) }

  /// Returns whether the cache is for models of this shape.
  func fits(_ configuration: ModelConfiguration) -> Bool {
    layers.count == configuration.layers
      && layers.allSatisfy {
        $0.heads == configuration.keyValueHeads && $0.size == configuration.headSize
      }
  }

  /// The block of a layer that grows.
  func own(_ layer: Int) -> KeyValueBlock { layers[layer] }

  /// All blocks of a layer, in the order of positions.
  func blocks(_ layer: Int) -> [KeyValueBlock] {
    let own = layers[layer]
    return (shared?.blocks(layer) ?? []) + (own.count > 0 ? [own] : [])
  }
}
