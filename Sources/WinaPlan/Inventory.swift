import WinaPipeline

/// What planning needs to know of the data and the model, found out before planning.
///
/// Building one reads files; planning with one does not.
public struct Inventory: Sendable, Hashable {
  /// One sample of the data.
  public struct Sample: Sendable, Hashable {
    /// The digest of the record's bytes: the sample's identity.
    public var digest: ContentDigest
    /// The label: the document set, or the task's name.
    public var label: String

    /// Makes a sample.
    public init(digest: ContentDigest, label: String) {
      self.digest = digest
      self.label = label
    }
  }

  /// A run of consecutive samples of one split.
  public struct Shard: Sendable, Hashable {
    /// The split that all samples belong to.
    public var split: Split
    /// The position among the split's shards.
    public var index: Int
    /// The samples in order.
    public var samples: [Sample]
    /// The leaf that stands for the samples' records; its location is the shard's name.
    public var records: Leaf

    /// The shard's name, `split/index`, which the names of its tasks end in.
    public var name: String { "\(split.rawValue)/\(index)" }

    /// Makes a shard.
    public init(split: Split, index: Int, samples: [Sample], records: Leaf) {
      self.split = split
      self.index = index
      self.samples = samples
      self.records = records
    }
  }

  /// The model directory, when the spec names a model.
  public var model: Leaf?
  /// The tokenizer of the model directory.
  public var tokenizer: Leaf?
  /// The shards, in the order of the splits and of their positions.
  public var shards: [Shard]
  /// The digests of files that commands name, by path as the spec wrote it.
  public var files: [String: Leaf]
  /// The labels in the order in which the spec names them.
  public var labels: [String]

  /// Makes an inventory.
  public init(
    model: Leaf? = nil, tokenizer: Leaf? = nil, shards: [Shard] = [], files: [String: Leaf] = [:],
    labels: [String] = []
  ) {
    self.model = model
    self.tokenizer = tokenizer
    self.shards = shards
    self.files = files
    self.labels = labels
  }

  /// Returns the shards of a split.
  public func shards(of split: Split) -> [Shard] { shards.filter { $0.split == split } }
}
