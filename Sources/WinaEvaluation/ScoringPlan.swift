/// Tokens that are fed in one pass, and the rows of it whose logits are needed.
package struct ScoringPass: Sendable, Hashable {
  /// The tokens before, which an earlier pass has fed.
  package let prefix: [Int32]
  /// The tokens that are fed.
  package let tokens: [Int32]
  /// The rows of the pass whose logits are needed.
  package fileprivate(set) var rows: Range<Int>
}

/// How the sequences of a sample go through the model.
///
/// What they all begin with is fed once; then what is left of each, all remainders at once. Choices
/// whose inputs are equal share a pass: the four letters of an MMLU question differ only in the token
/// that is predicted last.
package struct ScoringPlan: Sendable {
  /// Neighbouring rows of a pass that predict tokens of a sequence.
  struct Stretch {
    let pass: Int
    let rows: Range<Int>
  }

  /// The passes; if there is more than one, the others continue the first.
  package private(set) var passes: [ScoringPass] = []
  /// The rows that predict the scored tokens of each sequence, in order.
  private(set) var stretches: [[Stretch]] = []

  /// Plans the passes of a sample; there is none for a document that is not longer than the routing
  /// tokens.
  package init(_ sample: TokenizedSample, policy: EvaluationPolicy) {
    guard sample.scoredCount(policy) > 0 else { return }
    let inputs = sample.sequences.map { $0.tokens.dropLast() }
    let shared = Self.commonPrefix(inputs)
    let prefix = Array(inputs[0].prefix(shared))
    if shared > 0 { passes.append(ScoringPass(prefix: [], tokens: prefix, rows: 0..<0)) }
    for (sequence, input) in zip(sample.sequences, inputs) {
      let start = sample.kind == .document ? sample.scoredStart(policy) : sequence.scoredStart
      let rows = (start - 1)..<input.count
      stretches.append([])
      add(rows.clamped(to: 0..<shared), of: 0, offset: 0)
      guard input.count > shared else { continue }
      let rest = Array(input[shared...])
      let known = passes.indices.dropFirst(shared > 0 ? 1 : 0).first { passes[$0].tokens == rest }
      let pass = known ?? passes.count
      if known == nil { passes.append(ScoringPass(prefix: prefix, tokens: rest, rows: 0..<0)) }
      add(rows.clamped(to: shared..<input.count), of: pass, offset: shared)
    }
  }

  /// The tokens that are fed, all passes together.
  package var rows: Int { passes.reduce(0) { $0 + $1.tokens.count } }

  /// The rows whose logits are needed, all passes together.
  package var scoredRows: Int { passes.reduce(0) { $0 + $1.rows.count } }

  private mutating func add(_ rows: Range<Int>, of pass: Int, offset: Int) {
    guard !rows.isEmpty else { return }
    let rows = (rows.lowerBound - offset)..<(rows.upperBound - offset)
    let known = passes[pass].rows
    passes[pass].rows =
      known.isEmpty
      ? rows
      : min(known.lowerBound, rows.lowerBound)..<max(known.upperBound, rows.upperBound)
    stretches[stretches.count - 1].append(Stretch(pass: pass, rows: rows))
  }

  private static func commonPrefix(_ inputs: [ArraySlice<Int32>]) -> Int {
    guard let first = inputs.first else { return 0 }
    return inputs.dropFirst().reduce(first.count) { length, input in
      min(length, zip(first, input).prefix { $0 == $1 }.count)
    }
  }
}
