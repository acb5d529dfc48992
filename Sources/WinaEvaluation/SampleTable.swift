/// Samples as flat columns of integers, the form in which they are stored as tensors.
///
/// Ragged parts are concatenated; their lengths are columns themselves.
public struct SampleTable: Sendable, Hashable {
  /// The names of ``columns``, in the order in which they are best stored.
  public static let columnNames = [
    "label", "subject", "kind", "gold", "prompt_count", "prompt", "sequence_count",
    "sequence_length", "scored_start", "tokens", "choice_count", "choice_characters",
    "choice_bytes", "token_bytes", "token_words",
  ]

  /// The distinct labels; column `label` holds indices into them.
  public let labels: [String]
  /// The distinct subjects; column `subject` holds indices into them.
  public let subjects: [String]
  /// The columns by name, each one-dimensional.
  public let columns: [String: [Int32]]

  /// Flattens samples.
  ///
  /// - Complexity: O(total number of tokens).
  public init(_ samples: [TokenizedSample]) {
    var labels = NameIndex()
    var subjects = NameIndex()
    var columns: [String: [Int32]] = [:]
    func add(_ name: String, _ values: some Swift.Sequence<Int>) {
      columns[name, default: []].append(contentsOf: values.lazy.map { Int32($0) })
    }
    for name in Self.columnNames { columns[name] = [] }
    for sample in samples {
      add("label", [labels.index(of: sample.label)])
      add("subject", [subjects.index(of: sample.subject)])
      add("kind", [Int(sample.kind.rawValue)])
      add("gold", [sample.gold])
      add("prompt_count", [sample.prompt.count])
      columns["prompt", default: []].append(contentsOf: sample.prompt)
      add("sequence_count", [sample.sequences.count])
      for sequence in sample.sequences {
        add("sequence_length", [sequence.tokens.count])
        add("scored_start", [sequence.scoredStart])
        columns["tokens", default: []].append(contentsOf: sequence.tokens)
      }
      add("choice_count", [sample.choiceCharacters.count])
      add("choice_characters", sample.choiceCharacters)
      add("choice_bytes", sample.choiceBytes)
      columns["token_bytes", default: []].append(contentsOf: sample.tokenBytes)
      columns["token_words", default: []].append(contentsOf: sample.tokenWords)
    }
    self.labels = labels.names
    self.subjects = subjects.names
    self.columns = columns
  }

  /// Takes stored columns; ``samples()`` checks them.
  public init(labels: [String], subjects: [String], columns: [String: [Int32]]) {
    self.labels = labels
    self.subjects = subjects
    self.columns = columns
  }

  /// Returns the samples, equal to those the table was made from.
  ///
  /// - Throws: ``EvaluationError`` if the columns do not fit together.
  public func samples() throws(EvaluationError) -> [TokenizedSample] {
    var reader = try ColumnReader(columns, names: Self.columnNames)
    var samples: [TokenizedSample] = []
    while !reader.isAtEnd("label") {
      samples.append(try sample(&reader))
    }
    for name in Self.columnNames where !reader.isAtEnd(name) {
      throw .malformedTable("column '\(name)' holds more values than the samples use")
    }
    return samples
  }

  private func sample(_ reader: inout ColumnReader) throws(EvaluationError) -> TokenizedSample {
    let label = try reader.next("label")
    let subject = try reader.next("subject")
    let kindCode = try reader.next("kind")
    let gold = try reader.next("gold")
    let prompt = try reader.take("prompt", reader.next("prompt_count"))
    var sequences: [TokenizedSample.Sequence] = []
    for _ in 0..<max(0, try reader.next("sequence_count")) {
      let tokens = try reader.take("tokens", reader.next("sequence_length"))
      let start = try reader.next("scored_start")
      guard (1..<max(2, tokens.count)).contains(start), tokens.count >= 2 else {
        throw .malformedTable("a sequence of \(tokens.count) tokens is scored from \(start)")
      }
      sequences.append(TokenizedSample.Sequence(tokens: tokens, scoredStart: start))
    }
    guard labels.indices.contains(label), subjects.indices.contains(subject),
      let kind = UInt8(exactly: kindCode).flatMap(TokenizedSample.Kind.init(rawValue:)),
      sequences.indices.contains(gold)
    else {
      throw .malformedTable("a label, kind or gold index is out of range")
    }
    let choices = try reader.next("choice_count")
    return TokenizedSample(
      label: labels[label], subject: subjects[subject], kind: kind, prompt: prompt,
      sequences: sequences, gold: gold,
      choiceCharacters: try reader.take("choice_characters", choices).map { Int($0) },
      choiceBytes: try reader.take("choice_bytes", choices).map { Int($0) },
      tokenBytes: try reader.take("token_bytes", sequences[gold].tokens.count),
      tokenWords: try reader.take("token_words", sequences[gold].tokens.count))
  }
}

/// Names in order of first appearance, with their indices.
struct NameIndex {
  private(set) var names: [String] = []
  private var indices: [String: Int] = [:]

  mutating func index(of name: String) -> Int {
    if let index = indices[name] { return index }
    indices[name] = names.count
    names.append(name)
    return names.count - 1
  }
}

/// Cursors into ragged columns.
private struct ColumnReader {
  private let columns: [String: [Int32]]
  private var positions: [String: Int] = [:]

  init(_ columns: [String: [Int32]], names: [String]) throws(EvaluationError) {
    for name in names where columns[name] == nil {
      throw .malformedTable("column '\(name)' is missing")
    }
    self.columns = columns
  }

  func isAtEnd(_ name: String) -> Bool {
    positions[name, default: 0] == columns[name]?.count ?? 0
  }

  mutating func next(_ name: String) throws(EvaluationError) -> Int {
    guard let value = try take(name, 1).first else {
      throw .malformedTable("column '\(name)' ends early")
    }
    return Int(value)
  }

  mutating func take(_ name: String, _ count: Int) throws(EvaluationError) -> [Int32] {
    let column = columns[name] ?? []
    let start = positions[name, default: 0]
    guard count >= 0, count <= column.count - start else {
      throw .malformedTable("column '\(name)' ends early")
    }
    positions[name] = start + count
    return Array(column[start..<(start + count)])
  }
}
