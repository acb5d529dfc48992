/// How far the output of a block is from the dense one.
public enum BlockError: String, Codable, Sendable, CaseIterable {
  /// As in TEAL's code: over the last quarter of a sequence, the norm of the difference along the
  /// sequence, averaged over features and summed over sequences.
  case teal
  /// The mean norm of the difference of a token.
  case tokenNorm = "token_l2"
  /// The norm of all differences over the norm of all outputs.
  case relative = "rel_l2"

  /// Returns the error of some sequences' outputs.
  ///
  /// - Parameters:
  ///   - output: The outputs, shape [rows, width], sequences one below the other.
  ///   - dense: The dense outputs of the same rows.
  ///   - sequences: The rows of each sequence.
  ///   - gated: The first row of each sequence, counted within it, that is gated.
  ///   - width: The number of features.
  /// - Complexity: O(rows · width).
  public func value(
    _ output: [Float], dense: [Float], sequences: [Range<Int>], gated: [Int], width: Int
  ) -> Double {
    switch self {
    case .teal:
      var sum = 0.0
      var squares = [Double](repeating: 0, count: width)
      for sequence in sequences {
        let start = sequence.lowerBound + Int(Double(sequence.count) * 0.75)
        for feature in 0..<width { squares[feature] = 0 }
        for row in start..<sequence.upperBound {
          for feature in 0..<width {
            let difference = Double(output[row * width + feature] - dense[row * width + feature])
            squares[feature] += difference * difference
          }
        }
        sum += squares.reduce(0) { $0 + $1.squareRoot() } / Double(width)
      }
      return sum
    case .tokenNorm, .relative:
      var (norms, differences, outputs, rows) = (0.0, 0.0, 0.0, 0)
      for (sequence, first) in zip(sequences, gated) {
        for row in min(sequence.lowerBound + first, sequence.upperBound)..<sequence.upperBound {
          var (square, size) = (0.0, 0.0)
          for place in (row * width)..<((row + 1) * width) {
            let difference = Double(output[place] - dense[place])
            square += difference * difference
            size += Double(dense[place]) * Double(dense[place])
          }
          norms += square.squareRoot()
          differences += square
          outputs += size
          rows += 1
        }
      }
      guard self == .relative else { return rows == 0 ? 0 : norms / Double(rows) }
      return outputs == 0 ? 0 : (differences / outputs).squareRoot()
    }
  }
}
