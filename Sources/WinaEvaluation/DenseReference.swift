import Foundation
import WinaTensor

/// What the dense model predicted at the scored positions of one sample.
///
/// For multiple choice the positions are those of the right choice. With at most
/// ``fullVocabulary`` tokens the whole log-distribution is kept; beyond, the ``topCount`` likeliest
/// tokens and the rest as one bucket. Divergences from the second kind are lower bounds of the
/// full ones (by the data-processing inequality) and are reported as `kl_top64`.
public struct DenseReference: Sendable, Hashable {
  /// The largest vocabulary of which whole distributions are kept.
  public static let fullVocabulary = 4096
  /// The number of tokens kept of a larger vocabulary.
  public static let topCount = 64

  /// The metric that divergences from a reference over a vocabulary of this size are.
  public static func metric(vocabulary: Int) -> EvaluationMetric {
    vocabulary <= fullVocabulary ? .kl : .klTop64
  }

  /// The number of scored positions.
  public let positions: Int
  private let table: DenseReferenceTable
  private let firstRow: Int

  init(_ table: DenseReferenceTable, rows: Range<Int>) {
    self.table = table
    firstRow = rows.lowerBound
    positions = rows.count
  }

  /// The number of token ids, V.
  public var vocabulary: Int { table.vocabulary }

  /// The metric that divergences from this reference are.
  public var metric: EvaluationMetric { Self.metric(vocabulary: vocabulary) }

  /// The likeliest token at a position.
  func likeliest(_ position: Int) -> Int32 { table.likeliest[firstRow + position] }

  /// The table that holds only this reference.
  var asTable: DenseReferenceTable { table.rows(firstRow..<(firstRow + positions)) }

  /// Returns `KL(dense ‖ arm)` at a position, in nats and never negative.
  ///
  /// - Parameters:
  ///   - position: The position among the scored ones.
  ///   - arm: The arm's log-probabilities, rows of V.
  ///   - row: The arm's row for the position.
  func divergence(_ position: Int, arm: [Float], row: Int) -> Double {
    let reference = firstRow + position
    guard table.isFull else {
      return max(0, topDivergence(reference, arm: arm, start: row * vocabulary))
    }
    return max(
      0,
      Kernels.klRow(
        table.logProbabilities, denseRow: reference, arm, otherRow: row, columns: vocabulary))
  }

  /// The divergence over the kept tokens and the rest as one bucket.
  private func topDivergence(_ reference: Int, arm: [Float], start: Int) -> Double {
    let kept = table.keptCount
    var sum = 0.0
    var isKept = [Bool](repeating: false, count: vocabulary)
    for slot in (reference * kept)..<((reference + 1) * kept) {
      let id = Int(table.ids[slot])
      let p = Double(table.logProbabilities[slot])
      isKept[id] = true
      if p > -.infinity { sum += exp(p) * (p - Double(arm[start + id])) }
    }
    let rest = Double(table.rest[reference])
    guard rest > -.infinity else { return sum }
    var mass = 0.0
    for id in 0..<vocabulary where !isKept[id] {
      mass += exp(Double(arm[start + id]))
    }
    return sum + exp(rest) * (rest - log(mass))
  }
}

/// The dense references of many samples as flat columns, the form in which they are stored.
public struct DenseReferenceTable: Sendable, Hashable {
  /// The number of token ids, V.
  public let vocabulary: Int
  /// The number of scored positions of each sample; their sum is P.
  public let counts: [Int32]
  /// The likeliest token at each position, [P]; the smallest id of equals.
  public let likeliest: [Int32]
  /// The log-probabilities, [P, V], or those of the kept tokens, [P, 64], likeliest first.
  public let logProbabilities: [Float]
  /// The kept tokens, [P, 64]; empty when whole distributions are kept.
  public let ids: [Int32]
  /// The log-probability of all other tokens together, [P]; empty when whole distributions are
  /// kept.
  public let rest: [Float]

  private let starts: [Int]

  /// The number of samples.
  public var count: Int { counts.count }
  /// Whether whole distributions are kept.
  public var isFull: Bool { vocabulary <= DenseReference.fullVocabulary }
  /// The values per position of ``logProbabilities``: V or 64.
  public var keptCount: Int { isFull ? vocabulary : DenseReference.topCount }

  /// Takes stored columns.
  ///
  /// - Throws: ``EvaluationError`` if their sizes do not fit together or an id is out of range.
  public init(
    vocabulary: Int, counts: [Int32], likeliest: [Int32], logProbabilities: [Float],
    ids: [Int32] = [], rest: [Float] = []
  ) throws(EvaluationError) {
    self.init(
      unchecked: vocabulary, counts: counts, likeliest: likeliest,
      logProbabilities: logProbabilities, ids: ids, rest: rest)
    let total = likeliest.count
    let valid = Int32(clamping: vocabulary)
    let slots = isFull ? 0 : total * keptCount
    guard vocabulary > 0, counts.allSatisfy({ $0 >= 0 }), starts.last == total,
      logProbabilities.count == total * keptCount, ids.count == slots,
      rest.count == (isFull ? 0 : total), ids.allSatisfy({ (0..<valid).contains($0) }),
      likeliest.allSatisfy({ (0..<valid).contains($0) })
    else {
      throw .malformedTable("the columns of a dense reference do not fit together")
    }
  }

  init(
    unchecked vocabulary: Int, counts: [Int32], likeliest: [Int32], logProbabilities: [Float],
    ids: [Int32], rest: [Float]
  ) {
    self.vocabulary = vocabulary
    self.counts = counts
    self.likeliest = likeliest
    self.logProbabilities = logProbabilities
    self.ids = ids
    self.rest = rest
    var starts = [0]
    for count in counts { starts.append((starts.last ?? 0) + Int(count)) }
    self.starts = starts
  }

  /// Keeps predictions of one sample.
  ///
  /// - Parameters:
  ///   - predictions: Log-probabilities, rows of V.
  ///   - rows: The rows to keep.
  ///   - likeliest: The likeliest token of each kept row.
  ///   - vocabulary: V.
  init(predictions: [Float], rows: Range<Int>, likeliest: [Int32], vocabulary: Int) {
    let isFull = vocabulary <= DenseReference.fullVocabulary
    var ids: [Int32] = []
    var values: [Float] = []
    var rest: [Float] = []
    if isFull {
      let range = (rows.lowerBound * vocabulary)..<(rows.upperBound * vocabulary)
      values = range == predictions.indices ? predictions : Array(predictions[range])
    } else {
      for row in rows {
        let top = TopTokens(predictions, row: row, columns: vocabulary)
        ids += top.ids
        values += top.logProbabilities
        rest.append(top.rest)
      }
    }
    self.init(
      unchecked: vocabulary, counts: [Int32(rows.count)], likeliest: likeliest,
      logProbabilities: values, ids: ids, rest: rest)
  }

  /// Concatenates references of one model.
  ///
  /// - Precondition: All references have the vocabulary `vocabulary`.
  /// - Complexity: O(P·V): it copies. ``DenseReferenceBuilder`` does with one of them at a time.
  public init(_ references: [DenseReference], vocabulary: Int) {
    var builder = DenseReferenceBuilder(
      vocabulary: vocabulary, positions: references.reduce(0) { $0 + $1.positions })
    for reference in references { builder.append(reference) }
    self = builder.table
  }

  /// Returns the reference of a sample without copying it.
  public func reference(_ sample: Int) -> DenseReference {
    DenseReference(self, rows: starts[sample]..<starts[sample + 1])
  }

  fileprivate func rows(_ rows: Range<Int>) -> DenseReferenceTable {
    if rows == likeliest.indices { return self }
    let values = (rows.lowerBound * keptCount)..<(rows.upperBound * keptCount)
    return DenseReferenceTable(
      unchecked: vocabulary, counts: [Int32(rows.count)], likeliest: Array(likeliest[rows]),
      logProbabilities: Array(logProbabilities[values]), ids: isFull ? [] : Array(ids[values]),
      rest: isFull ? [] : Array(rest[rows]))
  }
}
