/// Scores as flat columns, the form in which they are stored as tensors.
public struct ScoreTable: Sendable, Hashable {
  /// The names of the columns of ``values``.
  ///
  /// All but the log-likelihoods and MACs are integers, which a `Double` holds exactly.
  public static let columnNames = [
    "kind", "first_tokens", "first_bytes", "first_words", "first_nll", "first_kl",
    "first_agreements", "second_tokens", "second_bytes", "second_words", "second_nll",
    "second_kl", "second_agreements", "accuracy", "normalized_accuracy", "rows", "gated_rows",
    "linear_macs", "attention_macs", "head_macs", "gate_macs", "centring_macs", "router_macs",
    "choice_count", "is_gated",
  ]

  /// The number of samples, n.
  public let count: Int
  /// The distinct labels.
  public let labels: [String]
  /// For each sample the index of its label, [n].
  public let labelIndices: [Int32]
  /// The columns of ``columnNames``, [n, columns] row-major.
  public let values: [Double]
  /// The log-likelihoods of all choices, concatenated over samples; column `choice_count` splits
  /// them.
  public let logLikelihoods: [Double]
  /// 1 where a choice was greedy, parallel to ``logLikelihoods``.
  public let isGreedy: [UInt8]
  /// The MACs of rotations, [n]; empty where there are none, as without a transform.
  public let rotationMACs: [Double]
  /// The weights used in gated rows, [n, usedWidth] row-major; 0 where nothing was gated.
  public let usedWeights: [UInt64]
  /// The number of (layer, projection) pairs; 0 if no sample was gated.
  public let usedWidth: Int

  /// Flattens scores.
  ///
  /// - Precondition: All scores are of one model, so that their counts have one width.
  public init(_ scores: [SampleScore]) {
    let width = scores.first { !$0.usedWeights.isEmpty }?.usedWeights.count ?? 0
    var labels = NameIndex()
    labelIndices = scores.map { Int32(labels.index(of: $0.label)) }
    self.labels = labels.names
    count = scores.count
    usedWidth = width
    values = scores.flatMap { Self.row($0) }
    logLikelihoods = scores.flatMap(\.logLikelihoods)
    let rotations = scores.map(\.macs.rotation)
    rotationMACs = rotations.allSatisfy { $0 == 0 } ? [] : rotations
    isGreedy = scores.flatMap(\.isGreedy).map { $0 ? 1 : 0 }
    usedWeights = scores.flatMap { score in
      let used = score.usedWeights
      precondition(used.isEmpty || used.count == width, "scores of one model")
      return used.isEmpty ? [UInt64](repeating: 0, count: width) : used
    }
  }

  /// Takes stored columns.
  ///
  /// - Throws: ``EvaluationError`` if their sizes do not fit together.
  public init(
    labels: [String], labelIndices: [Int32], values: [Double], logLikelihoods: [Double],
    isGreedy: [UInt8], usedWeights: [UInt64], usedWidth: Int, rotationMACs: [Double] = []
  ) throws(EvaluationError) {
    count = labelIndices.count
    guard values.count == count * Self.columnNames.count, isGreedy.count == logLikelihoods.count,
      rotationMACs.isEmpty || rotationMACs.count == count, usedWidth >= 0,
      usedWeights.count == count * usedWidth,
      labelIndices.allSatisfy({ labels.indices.contains(Int($0)) })
    else {
      throw .malformedTable("the columns of \(labelIndices.count) scores do not fit together")
    }
    self.labels = labels
    self.labelIndices = labelIndices
    self.values = values
    self.logLikelihoods = logLikelihoods
    self.isGreedy = isGreedy
    self.rotationMACs = rotationMACs
    self.usedWeights = usedWeights
    self.usedWidth = usedWidth
  }

  /// Returns the scores, equal to those the table was made from.
  ///
  /// - Throws: ``EvaluationError`` if a column holds a number that is out of range.
  public func scores() throws(EvaluationError) -> [SampleScore] {
    var scores: [SampleScore] = []
    var choice = 0
    for index in 0..<count {
      var row = RowReader(values[(index * Self.columnNames.count)...])
      let score = try score(index, &row, firstChoice: choice)
      choice += score.logLikelihoods.count
      scores.append(score)
    }
    guard choice == logLikelihoods.count else {
      throw .malformedTable("\(logLikelihoods.count) log-likelihoods for \(choice) choices")
    }
    return scores
  }

  private func score(
    _ index: Int, _ row: inout RowReader, firstChoice: Int
  ) throws(EvaluationError) -> SampleScore {
    let code = UInt8(exactly: try row.integer())
    guard let kind = code.flatMap(TokenizedSample.Kind.init(rawValue:)) else {
      throw .malformedTable("a kind is out of range")
    }
    let first = try row.sums()
    let second = try row.sums()
    let accuracy = try row.integer()
    let normalizedAccuracy = try row.integer()
    let rows = try row.integer()
    let gatedRows = try row.integer()
    let macs = MACBreakdown(
      linear: row.next(), attention: row.next(), head: row.next(), gate: row.next(),
      centring: row.next(), router: row.next(),
      rotation: rotationMACs.isEmpty ? 0 : rotationMACs[index])
    let choices = try row.integer()
    let isGated = try row.integer() != 0
    guard choices >= 0, choices <= logLikelihoods.count - firstChoice else {
      throw .malformedTable("a choice count is out of range")
    }
    let range = firstChoice..<(firstChoice + choices)
    return SampleScore(
      label: labels[Int(labelIndices[index])], kind: kind, first: first, second: second,
      logLikelihoods: Array(logLikelihoods[range]), isGreedy: isGreedy[range].map { $0 != 0 },
      accuracy: accuracy, normalizedAccuracy: normalizedAccuracy, rows: rows,
      gatedRows: gatedRows,
      usedWeights: isGated
        ? Array(usedWeights[(index * usedWidth)..<((index + 1) * usedWidth)]) : [],
      macs: macs)
  }

  private static func row(_ score: SampleScore) -> [Double] {
    [Double(score.kind.rawValue)] + sums(score.first) + sums(score.second) + [
      Double(score.accuracy), Double(score.normalizedAccuracy), Double(score.rows),
      Double(score.gatedRows), score.macs.linear, score.macs.attention, score.macs.head,
      score.macs.gate, score.macs.centring, score.macs.router,
      Double(score.logLikelihoods.count), score.usedWeights.isEmpty ? 0 : 1,
    ]
  }

  private static func sums(_ sums: TokenSums) -> [Double] {
    [
      Double(sums.tokens), Double(sums.bytes), Double(sums.words), sums.nll, sums.kl,
      Double(sums.agreements),
    ]
  }
}

/// Reads the columns of one row in order.
private struct RowReader {
  private var rest: ArraySlice<Double>

  init(_ row: ArraySlice<Double>) { rest = row }

  mutating func next() -> Double { rest.removeFirst() }

  mutating func integer() throws(EvaluationError) -> Int {
    let value = next()
    guard let integer = Int(exactly: value) else {
      throw .malformedTable("\(value) is not a count")
    }
    return integer
  }

  mutating func sums() throws(EvaluationError) -> TokenSums {
    TokenSums(
      tokens: try integer(), bytes: try integer(), words: try integer(), nll: next(), kl: next(),
      agreements: try integer())
  }
}
