import Testing
import WinaEvaluation

@Suite("Stored tables") struct StoredTableTests {
  static let samples = [
    TokenizedSample(
      label: "wiki", kind: .document, prompt: [1, 5, 6],
      sequences: [.init(tokens: [1, 5, 6], scoredStart: 1)], tokenBytes: [0, 2, 3],
      tokenWords: [0, 1, 1]),
    TokenizedSample(
      label: "mmlu", subject: "law", kind: .choices, prompt: [3],
      sequences: [
        .init(tokens: [3, 4], scoredStart: 1), .init(tokens: [3, 5, 6], scoredStart: 1),
      ],
      gold: 1, choiceCharacters: [1, 2], choiceBytes: [1, 4], tokenBytes: [1, 1, 3],
      tokenWords: [1, 1, 0]),
    TokenizedSample(
      label: "wiki", kind: .continuation, prompt: [],
      sequences: [.init(tokens: [9, 8], scoredStart: 1)], choiceCharacters: [2], choiceBytes: [2],
      tokenBytes: [0, 2], tokenWords: [0, 1]),
  ]

  static let scores = [
    SampleScore(
      label: "wiki", kind: .document,
      first: TokenSums(tokens: 1, bytes: 2, words: 1, nll: 0.1, kl: 1e-9, agreements: 1),
      second: TokenSums(tokens: 2, bytes: 5, words: 2, nll: 1.7, kl: 0.25, agreements: 0),
      rows: 3, gatedRows: 2, usedWeights: [4, 9],
      macs: MACBreakdown(linear: 1, attention: 2, head: 3, gate: 4, centring: 5, router: 0.5)),
    SampleScore(label: "short", kind: .document),
    SampleScore(
      label: "wiki", kind: .choices,
      second: TokenSums(tokens: 1, bytes: 1, words: 1, nll: 2, kl: 0, agreements: 1),
      logLikelihoods: [-2.5, -.infinity], isGreedy: [true, false], accuracy: 1,
      normalizedAccuracy: 0, rows: 9),
  ]

  @Test("samples survive being flattened")
  func samplesRoundTrip() throws {
    let table = SampleTable(Self.samples)
    #expect(table.labels == ["wiki", "mmlu"])
    #expect(Set(table.columns.keys) == Set(SampleTable.columnNames))
    let stored = SampleTable(
      labels: table.labels, subjects: table.subjects, columns: table.columns)
    #expect(try stored.samples() == Self.samples)
    #expect(try SampleTable([]).samples() == [])
  }

  @Test("damaged sample columns are errors, never traps", arguments: SampleTable.columnNames)
  func damagedSamples(name: String) throws {
    let table = SampleTable(Self.samples)
    for damage in [[], [Int32](repeating: -1, count: 40), [Int32](repeating: .max, count: 40)] {
      var columns = table.columns
      columns[name] = damage
      let damaged = SampleTable(labels: table.labels, subjects: table.subjects, columns: columns)
      let error = #expect(throws: EvaluationError.self, "\(name) = \(damage.prefix(1))") {
        try damaged.samples()
      }
      #expect(error?.code == .malformedTable)
    }
    var columns = table.columns
    columns[name] = nil
    let missing = SampleTable(labels: table.labels, subjects: table.subjects, columns: columns)
    #expect(throws: EvaluationError.self) { try missing.samples() }
  }

  @Test("rotations are a column of their own, where there are any")
  func rotationsRoundTrip() throws {
    #expect(ScoreTable(Self.scores).rotationMACs.isEmpty)
    var scores = Self.scores
    scores[0].macs.rotation = 12.5
    let table = ScoreTable(scores)
    #expect(table.rotationMACs == [12.5, 0, 0])
    #expect(table.values == ScoreTable(Self.scores).values)
    #expect(try table.scores() == scores)
    #expect(throws: EvaluationError.self) {
      try ScoreTable(
        labels: table.labels, labelIndices: table.labelIndices, values: table.values,
        logLikelihoods: table.logLikelihoods, isGreedy: table.isGreedy,
        usedWeights: table.usedWeights, usedWidth: table.usedWidth, rotationMACs: [1])
    }
  }

  @Test("scores survive being flattened")
  func scoresRoundTrip() throws {
    let table = ScoreTable(Self.scores)
    #expect(table.usedWidth == 2)
    #expect(table.values.count == 3 * ScoreTable.columnNames.count)
    let stored = try ScoreTable(
      labels: table.labels, labelIndices: table.labelIndices, values: table.values,
      logLikelihoods: table.logLikelihoods, isGreedy: table.isGreedy,
      usedWeights: table.usedWeights,
      usedWidth: table.usedWidth)
    #expect(try stored.scores() == Self.scores)
    #expect(try ScoreTable([]).scores() == [])
  }

  @Test("damaged score columns are errors, never traps")
  func damagedScores() throws {
    let table = ScoreTable(Self.scores)
    #expect(throws: EvaluationError.self) {
      try ScoreTable(
        labels: [], labelIndices: table.labelIndices, values: table.values,
        logLikelihoods: table.logLikelihoods, isGreedy: table.isGreedy,
        usedWeights: table.usedWeights,
        usedWidth: table.usedWidth)
    }
    for column in ["kind", "rows", "choice_count"] {
      let index = try #require(ScoreTable.columnNames.firstIndex(of: column))
      for value in [Double.nan, 1e300, -1, 40] where column != "rows" || !(abs(value) < 50) {
        var values = table.values
        values[index] = value
        let damaged = try ScoreTable(
          labels: table.labels, labelIndices: table.labelIndices, values: values,
          logLikelihoods: table.logLikelihoods, isGreedy: table.isGreedy,
          usedWeights: table.usedWeights,
          usedWidth: table.usedWidth)
        #expect(throws: EvaluationError.self, "\(column) = \(value)") { try damaged.scores() }
      }
    }
  }
}
