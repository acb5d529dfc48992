/// What a model predicted at consecutive scored positions of a sequence.
struct ScoredPositions {
  /// The log-probability of the token that follows, in nats.
  private(set) var logProbabilities: [Double] = []
  /// The likeliest token.
  let likeliest: [Int32]
  /// The tokens that follow.
  private let targets: ArraySlice<Int32>
  /// The row of the first position among the rows of log-probabilities.
  let firstRow: Int

  /// Reads predictions.
  ///
  /// - Parameters:
  ///   - targets: The tokens to be predicted.
  ///   - rows: Log-probabilities, rows of V.
  ///   - likeliest: The likeliest token of every row.
  ///   - firstRow: The row that predicts the first target.
  ///   - columns: The number of token ids, V.
  init(
    targets: ArraySlice<Int32>, in rows: [Float], likeliest: [Int32], firstRow: Int, columns: Int
  ) {
    self.targets = targets
    self.firstRow = firstRow
    logProbabilities.reserveCapacity(targets.count)
    self.likeliest = Array(likeliest[firstRow..<(firstRow + targets.count)])
    for (offset, target) in targets.enumerated() {
      let row = firstRow + offset
      logProbabilities.append(Double(rows[row * columns + Int(target)]))
    }
  }

  /// The log-likelihood of the tokens together.
  var logLikelihood: Double { logProbabilities.reduce(0, +) }

  /// Whether every token was the likeliest.
  var isGreedy: Bool { likeliest.elementsEqual(targets) }

  /// The first position at which a log-probability is not a number.
  var firstNaN: Int? { logProbabilities.firstIndex { $0.isNaN } }
}
