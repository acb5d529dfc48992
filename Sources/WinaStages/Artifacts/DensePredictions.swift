import WinaEvaluation
import WinaPipeline
import WinaTensor

/// What the dense arm predicted at the scored positions of a shard.
///
/// The log-probabilities of 125 documents over 4,096 tokens take 450 MB. They are held once, as the
/// bytes that are stored: written sample by sample, and read as the reference of one sample.
public struct DensePredictions: Sendable, Hashable {
  /// The number of token ids, V.
  public let vocabulary: Int
  private var counts: [Int32] = []
  private var starts = [0]
  private var likeliest: [Int32] = []
  /// The little-endian f32 of [P, V], or of the kept tokens, [P, 64].
  private var logProbabilities: [UInt8] = []
  private var ids: [Int32] = []
  private var rest: [Float] = []

  /// The number of samples.
  public var samples: Int { counts.count }

  private var isFull: Bool { DenseReference.metric(vocabulary: vocabulary) == .kl }
  private var keptCount: Int { isFull ? vocabulary : DenseReference.topCount }
  private static let width = MemoryLayout<Float>.size

  /// Starts without samples.
  ///
  /// - Parameters:
  ///   - vocabulary: The number of token ids, V.
  ///   - positions: The scored positions to come, for which room is made at once.
  init(vocabulary: Int, positions: Int) {
    self.vocabulary = vocabulary
    logProbabilities.reserveCapacity(positions * keptCount * DensePredictions.width)
    likeliest.reserveCapacity(positions)
  }

  /// Adds the predictions for the next sample.
  mutating func append(_ reference: DenseReference) {
    let table = DenseReferenceTable([reference], vocabulary: vocabulary)
    counts.append(Int32(reference.positions))
    starts.append(starts[starts.count - 1] + reference.positions)
    likeliest += table.likeliest
    logProbabilities +=
      Tensor(table.logProbabilities, shape: [table.logProbabilities.count]).bytes
    ids += table.ids
    rest += table.rest
  }

  /// Returns the predictions for a sample.
  ///
  /// - Complexity: O(positions · V): it copies those of the sample.
  func reference(_ sample: Int) throws -> DenseReference {
    let rows = starts[sample]..<starts[sample + 1]
    let kept = rows.lowerBound * keptCount..<rows.upperBound * keptCount
    let width = DensePredictions.width
    let values = try Tensor(
      bytes: Array(logProbabilities[kept.lowerBound * width..<kept.upperBound * width]),
      elementType: .float32, shape: [kept.count])
    return try DenseReferenceTable(
      vocabulary: vocabulary, counts: [counts[sample]], likeliest: Array(likeliest[rows]),
      logProbabilities: values.floats(), ids: isFull ? [] : Array(ids[kept]),
      rest: isFull ? [] : Array(rest[rows])
    ).reference(0)
  }

  /// Adds the columns `reference.…` of a payload.
  func add(to columns: inout TensorColumns) throws {
    try columns.add("reference.counts", counts, [counts.count])
    try columns.add("reference.likeliest", likeliest, [likeliest.count])
    try columns.add(
      "reference.log_probabilities", bytes: logProbabilities, .float32,
      [likeliest.count, keptCount])
    try columns.add("reference.ids", ids, [ids.count])
    try columns.add("reference.rest", rest, [rest.count])
  }

  /// Reads the columns `reference.…` of a payload.
  ///
  /// - Throws: `ArtifactError` if they are not those of `samples` samples.
  init(_ payload: ArtifactPayload, vocabulary: Int, samples: Int) throws {
    guard vocabulary > 0 else { throw ArtifactError("a vocabulary of \(vocabulary) tokens") }
    self.vocabulary = vocabulary
    counts = try payload.typed("reference.counts", [samples]).int32s()
    for count in counts {
      guard count >= 0 else { throw ArtifactError("a sample has \(count) scored positions") }
      starts.append(starts[starts.count - 1] + Int(count))
    }
    let positions = starts[starts.count - 1]
    likeliest = try payload.typed("reference.likeliest", [positions]).int32s()
    let stored = try payload.typed("reference.log_probabilities", [positions, keptCount])
    guard stored.elementType == .float32 else {
      throw ArtifactError("the log-probabilities are \(stored.elementType.rawValue), not F32")
    }
    logProbabilities = stored.bytes
    ids = try payload.typed("reference.ids", [isFull ? 0 : positions * keptCount]).int32s()
    rest = try payload.typed("reference.rest", [isFull ? 0 : positions]).floats()
  }
}
