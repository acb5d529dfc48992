/// Collects dense references one by one, so that only the table and one of them are in memory.
public struct DenseReferenceBuilder: Sendable {
  private let vocabulary: Int
  private var counts: [Int32] = []
  private var likeliest: [Int32] = []
  private var logProbabilities: [Float] = []
  private var ids: [Int32] = []
  private var rest: [Float] = []

  /// Starts an empty table.
  ///
  /// - Parameters:
  ///   - vocabulary: The number of token ids, V.
  ///   - positions: The scored positions to come, for which room is made at once; see
  ///     ``TokenizedSample/scoredCount(_:)``.
  public init(vocabulary: Int, positions: Int) {
    self.vocabulary = vocabulary
    let isFull = vocabulary <= DenseReference.fullVocabulary
    logProbabilities.reserveCapacity(
      positions * (isFull ? vocabulary : DenseReference.topCount))
    likeliest.reserveCapacity(positions)
  }

  /// Adds the reference of the next sample.
  ///
  /// - Precondition: The reference is of the builder's vocabulary.
  public mutating func append(_ reference: DenseReference) {
    precondition(reference.vocabulary == vocabulary, "references of one model")
    let table = reference.asTable
    counts.append(Int32(reference.positions))
    likeliest += table.likeliest
    logProbabilities += table.logProbabilities
    ids += table.ids
    rest += table.rest
  }

  /// The table of what was added.
  public var table: DenseReferenceTable {
    DenseReferenceTable(
      unchecked: vocabulary, counts: counts, likeliest: likeliest,
      logProbabilities: logProbabilities, ids: ids, rest: rest)
  }
}
