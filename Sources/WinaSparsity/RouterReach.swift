/// How far training inputs lie from their clusters' means, which tells inputs that are like none.
///
/// An input is unknown if it is farther from every cluster's mean than any training input of that
/// cluster was from the mean of the others.
public struct RouterReach: Sendable, Equatable {
  /// The means of the clusters that occur, in standardised features, shape [clusters, D].
  public let centres: [Double]
  /// For each of these clusters the largest squared distance of a training input from the mean of the
  /// others, or the largest of all clusters for one of a single input; empty where no cluster has two
  /// inputs, and then no input is unknown.
  public let limits: [Double]

  /// Takes a fitted reach.
  public init(centres: [Double], limits: [Double]) {
    self.centres = centres
    self.limits = limits
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
    var limits = [Double](repeating: -1, count: present.count)
    for (row, label) in labels.enumerated() where counts[label] > 1 {
      let count = Double(counts[label])
      let place = position[label]
      // x less the mean of the other n − 1 is n/(n − 1) times x less the mean of all n.
      let distance =
        Self.squaredDistance(rows.vector(row), means, at: place * width)
        * (count / (count - 1)) * (count / (count - 1))
      limits[place] = max(limits[place], distance)
    }
    let largest = limits.max() ?? -1
    centres = means
    self.limits = largest < 0 ? [] : limits.map { $0 < 0 ? largest : $0 }
  }

  /// Whether an input is within the reach of the training inputs.
  func covers(_ input: [Double]) -> Bool {
    guard !limits.isEmpty, !input.isEmpty else { return true }
    return limits.indices.contains { place in
      Self.squaredDistance(input, centres, at: place * input.count)
        <= limits[place] * (1 + 1e-9) + 1e-12
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
