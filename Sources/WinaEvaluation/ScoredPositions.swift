/// What a model predicted at the scored positions of a sequence.
struct ScoredPositions {
  /// A row of log-probabilities: the pass that gave it and its number there.
  struct Row {
    let pass: Int
    let row: Int
  }

  /// The rows that predict the tokens, one a position.
  let rows: [Row]
  /// The log-probability of the token that follows, in nats.
  let logProbabilities: [Double]
  /// The likeliest token.
  let likeliest: [Int32]
  /// The tokens that follow.
  private let targets: ArraySlice<Int32>

  /// Reads predictions.
  ///
  /// - Parameters:
  ///   - targets: The tokens to be predicted.
  ///   - rows: The rows that predict them.
  ///   - predictions: What every pass gave.
  ///   - columns: The number of token ids, V.
  init(
    targets: ArraySlice<Int32>, rows: [Row], in predictions: [PassPredictions], columns: Int
  ) {
    precondition(rows.count == targets.count, "a row a target")
    self.targets = targets
    self.rows = rows
    likeliest = rows.map { predictions[$0.pass].likeliest[$0.row] }
    logProbabilities = zip(rows, targets).map { row, target in
      Double(predictions[row.pass].logProbabilities[row.row * columns + Int(target)])
    }
  }

  /// The log-likelihood of the tokens together.
  var logLikelihood: Double { logProbabilities.reduce(0, +) }

  /// Whether every token was the likeliest.
  var isGreedy: Bool { likeliest.elementsEqual(targets) }

  /// The first position at which a log-probability is not a number.
  var firstNaN: Int? { logProbabilities.firstIndex { $0.isNaN } }
}

/// The predictions of a pass at the rows that have logits.
struct PassPredictions {
  /// Log-probabilities, rows of V.
  let logProbabilities: [Float]
  /// The likeliest token of every row.
  let likeliest: [Int32]
}
