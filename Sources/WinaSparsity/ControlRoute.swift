/// Routes that a router is compared with: at random, and as wrong as possible.
public enum ControlRoute {
  /// The key of the hash that draws groups.
  private static let seed: UInt64 = 0x726F_7574_6500_0000

  /// Returns a group drawn uniformly by a keyed hash of a sample's digest.
  ///
  /// - Precondition: There is a group.
  public static func random(digest: [UInt8], groups: Int) -> Int {
    DigestHash.group(of: digest, sizes: [Int](repeating: 1, count: groups), seed: seed)
  }

  /// Returns the cluster whose centroid is farthest from a sample; equal distances go to the lower
  /// number.
  ///
  /// - Throws: ``SparsityError`` (`unassignable`) for clusters without centroids, or a sample that
  ///   lacks what their rule looks at.
  public static func farthest(_ sample: SampleTraits, from clustering: Clustering) throws -> Int {
    guard clustering.summary.algorithm.usesFeatures else {
      throw SparsityError.unassignable(
        "groups of algorithm '\(clustering.summary.algorithm.rawValue)' have no distances",
        hint: "use clusters of features, such as those of kmeans")
    }
    let row = try clustering.features(of: sample)
    let distances = (0..<clustering.count).map { cluster in
      row.indices.reduce(0.0) { sum, column in
        let distance = row[column] - clustering.centroids[cluster * row.count + column]
        return sum + distance * distance
      }
    }
    return distances.indices.reduce(0) { distances[$1] > distances[$0] ? $1 : $0 }
  }
}
