/// How far training inputs lie from their clusters' means, which tells inputs that are like none.
///
/// An input is unknown if it is farther from every mean than any training input was from the mean of
/// the others in its cluster.
public struct RouterReach: Sendable, Equatable {
  /// The means of the clusters that occur, in standardised features, shape [clusters, D].
  public let centres: [Double]
  /// The largest squared distance of a training input from the mean of the others of its cluster; nil
  /// where no cluster has two inputs, and then no input is unknown.
  public let limit: Double?

  /// Takes a fitted reach.
  public init(centres: [Double], limit: Double?) {
    self.centres = centres
    self.limit = limit
  }

  /// Measures standardised training inputs.
  ///
  /// - Parameters:
  ///   - rows: The inputs.
  ///   - labels: The cluster of each.
  ///   - classes: The number of clusters.
  init(_ rows: FeatureRows, labels: [Int], classes: Int) {
    let width = rows.width
    var counts = [Int](repeating: 0, count: classes)
    for label in labels { counts[label] += 1 }
    let present = counts.indices.filter { counts[$0] > 0 }
    var position = [Int](repeating: 0, count: classes)
    for (place, cluster) in present.enumerated() { position[cluster] = place }
    var means = [Double](repeating: 0, count: present.count * width)
    for (row, label) in labels.enumerated() {
      rows.add(row, times: 1, to: &means, at: position[label] * width)
    }
    for (place, cluster) in present.enumerated() {
      for column in 0..<width { means[place * width + column] /= Double(counts[cluster]) }
    }
    var largest: Double?
    for (row, label) in labels.enumerated() where counts[label] > 1 {
      let count = Double(counts[label])
      // x less the mean of the other n − 1 is n/(n − 1) times x less the mean of all n.
      let distance =
        Self.squaredDistance(rows.vector(row), means, at: position[label] * width)
        * (count / (count - 1)) * (count / (count - 1))
      largest = max(largest ?? 0, distance)
    }
    centres = means
    limit = largest
  }

  /// Whether an input is within the reach of the training inputs.
  func covers(_ input: [Double]) -> Bool {
    guard let limit, !input.isEmpty else { return true }
    let bound = limit * (1 + 1e-9) + 1e-12
    return stride(from: 0, to: centres.count, by: input.count).contains {
      Self.squaredDistance(input, centres, at: $0) <= bound
    }
  }

  private static func squaredDistance(
    _ input: [Double], _ vectors: [Double], at offset: Int
  ) -> Double {
    var sum = 0.0
    for column in input.indices {
      let distance = input[column] - vectors[offset + column]
      sum += distance * distance
    }
    return sum
  }
}
