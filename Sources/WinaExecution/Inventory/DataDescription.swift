import WinaPipeline

/// Where the samples come from and how they are divided, with absolute paths.
public struct DataDescription: Hashable, Sendable {
  /// A text file with the label of its samples.
  public struct Document: Hashable, Sendable {
    /// The label.
    public var label: String
    /// The absolute path of a `.jsonl` or `.txt` file, which may be compressed (`.zst`).
    public var path: String

    /// Makes a document set.
    public init(label: String, path: String) {
      self.label = label
      self.path = path
    }
  }

  /// The kinds of source.
  public enum Source: Hashable, Sendable {
    /// Labelled text files, in order.
    case documents([Document])
    /// Benchmark tasks by name, in order, below a folder.
    case tasks([String], path: String)
    /// The labelled files of a suite: records are choices or documents and may name their split,
    /// which then goes before the hash.
    case suite([Document])
    /// The samples files of tasks.
    case samples([Document])
  }

  /// Where the samples come from.
  public var source: Source
  /// The share of each split; a split that is missing gets none.
  public var fractions: [Split: Double]
  /// The seed of the hash that assigns samples to splits.
  public var splitSeed: Int
  /// How the records of a task are read, where its name alone does not say so: by the task's name.
  public var readings: [String: String] = [:]
  /// How many records of each label are used at most, the first ones.
  public var limit: Int?

  /// Makes a description; without fractions and shipped splits every sample is a test sample.
  public init(
    source: Source, fractions: [Split: Double] = [:], splitSeed: Int = 0, limit: Int? = nil
  ) {
    self.source = source
    self.fractions = fractions
    self.splitSeed = splitSeed
    self.limit = limit
  }
}

/// What an inventory is to be made of.
public struct InventoryRequest: Hashable, Sendable {
  /// The absolute path of the model's directory.
  public var model: String?
  /// The data.
  public var data: DataDescription?
  /// Files that commands name: absolute paths by path as the spec wrote it.
  public var files: [String: String]

  /// Makes a request.
  public init(
    model: String? = nil, data: DataDescription? = nil, files: [String: String] = [:]
  ) {
    self.model = model
    self.data = data
    self.files = files
  }
}
