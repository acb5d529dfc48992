/// Bounds on what a spec may ask of the machine before anything is checked.
public struct YAMLLimits: Hashable, Sendable {
  /// The bytes of one file.
  public var maximumBytes: Int

  /// The nesting of values, aliases and references expanded.
  public var maximumDepth: Int

  /// The values of a document, aliases and references expanded; long text counts once per 32 bytes.
  public var maximumNodes: Int

  /// The files that one spec extends, directly or not.
  public var maximumFiles: Int

  /// The combinations of a sweep.
  public var maximumCells: Int

  /// Sets bounds; the defaults are far above any honest spec.
  public init(
    maximumBytes: Int = 1 << 20, maximumDepth: Int = 64, maximumNodes: Int = 250_000,
    maximumFiles: Int = 64, maximumCells: Int = 10_000
  ) {
    self.maximumBytes = maximumBytes
    self.maximumDepth = maximumDepth
    self.maximumNodes = maximumNodes
    self.maximumFiles = maximumFiles
    self.maximumCells = maximumCells
  }

  /// Returns what a text counts for in ``maximumNodes``.
  static func weight(ofText bytes: Int) -> Int { 1 + bytes / 32 }
}
