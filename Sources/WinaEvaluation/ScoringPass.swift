/// One forward pass and the sequences of a sample that it scores.
///
/// Choices whose inputs are equal share a pass: the four letters of an MMLU question differ only in
/// the token that is predicted last.
package struct ScoringPass {
  /// The tokens that are fed.
  package let input: [Int32]
  /// The rows whose logits are needed.
  package private(set) var rows: Range<Int>
  /// The sequences that are scored, by index.
  package private(set) var members: [Int]

  /// Plans the passes of a sample.
  ///
  /// - Returns: Nothing for a document that is not longer than the routing tokens.
  package static func plan(_ sample: TokenizedSample, policy: EvaluationPolicy) -> [ScoringPass] {
    guard sample.scoredCount(policy) > 0 else { return [] }
    var passes: [ScoringPass] = []
    for (index, sequence) in sample.sequences.enumerated() {
      let start = sample.kind == .document ? sample.scoredStart(policy) : sequence.scoredStart
      let rows = (start - 1)..<(sequence.tokens.count - 1)
      let input = sequence.tokens.dropLast()
      if let known = passes.firstIndex(where: { $0.input.elementsEqual(input) }) {
        passes[known].members.append(index)
        let all = passes[known].rows
        passes[known].rows =
          min(all.lowerBound, rows.lowerBound)..<max(all.upperBound, rows.upperBound)
      } else {
        passes.append(ScoringPass(input: Array(input), rows: rows, members: [index]))
      }
    }
    return passes
  }
}
