import WinaTensor

/// The directions of largest variance of a set of rows.
///
/// Results depend neither on the number of threads nor on the processor.
package struct PrincipalComponents {
  /// The mean row.
  package let mean: [Double]
  /// Orthonormal directions by falling variance, shape [components, columns].
  ///
  /// The entry of largest magnitude of each is positive, so signs are canonical.
  package let components: [Double]
  /// The sample variance along each direction.
  package let variances: [Double]

  /// Fits up to `limit` components; directions without variance are left out.
  ///
  /// The smaller of the Gram and the covariance matrix is decomposed, in f64: whole where it is small
  /// or most of it is asked for, and else by ``LeadingEigenvectors``, without being made.
  ///
  /// - Parameters:
  ///   - rows: The data, shape [count, columns].
  ///   - count: The number of rows, at least 1.
  ///   - limit: The largest number of components.
  ///   - threads: How many threads share the work.
  /// - Complexity: some 6 to 20 passes over the rows for a component.
  package init(rows: [Double], count: Int, limit: Int, threads: Int = 1) {
    let columns = rows.count / count
    let (centre, centred) = Self.centred(rows, count: count, columns: columns)
    mean = centre
    let order = min(count, columns)
    guard limit > 0, order > 0 else {
      (components, variances) = ([], [])
      return
    }
    let data = DenseRows(centred, columns: columns, threads: threads)
    let usesGram = count <= columns
    let pairs: (values: [Double], vectors: [Double])
    if order <= max(Self.wholeOrder, 8 * limit) {
      let eigen = SymmetricEigen(
        matrix: Self.products(centred, data, usesGram: usesGram, threads: threads), order: order)
      pairs = (eigen.values, eigen.vectors)
    } else {
      let eigen = LeadingEigenvectors(order: order, limit: limit) { vectors in
        usesGram
          ? data.products(with: data.combinations(vectors))
          : data.combinations(data.products(with: vectors))
      }
      pairs = (eigen.values, eigen.vectors)
    }
    let floor = max(pairs.values.first ?? 0, 0) * 1e-12
    let kept = pairs.values.prefix(limit).prefix { $0 > floor }.count
    let vectors = Array(pairs.vectors[..<(kept * order)])
    let directions = usesGram && kept > 0 ? data.combinations(vectors) : vectors
    components = (0..<kept).flatMap {
      Self.canonical(directions[($0 * columns)..<(($0 + 1) * columns)])
    }
    variances = pairs.values.prefix(kept).map { $0 / Double(max(count - 1, 1)) }
  }

  /// Matrices up to this order are decomposed whole.
  private static let wholeOrder = 128

  private static func centred(
    _ rows: [Double], count: Int, columns: Int
  ) -> (mean: [Double], rows: [Double]) {
    var (centre, centred) = ([Double](repeating: 0, count: columns), rows)
    for row in 0..<count {
      for column in 0..<columns { centre[column] += rows[row * columns + column] }
    }
    for column in 0..<columns { centre[column] /= Double(count) }
    for row in 0..<count {
      for column in 0..<columns { centred[row * columns + column] -= centre[column] }
    }
    return (centre, centred)
  }

  /// The products of all rows with each other, or of all columns.
  private static func products(
    _ centred: [Double], _ data: DenseRows, usesGram: Bool, threads: Int
  ) -> [Double] {
    if usesGram { return data.products(with: centred) }
    var turned = centred
    for row in 0..<data.count {
      for column in 0..<data.columns {
        turned[column * data.count + row] = centred[row * data.columns + column]
      }
    }
    return DenseRows(turned, columns: data.count, threads: threads).products(with: turned)
  }

  private static func canonical(_ direction: ArraySlice<Double>) -> [Double] {
    var squares = 0.0
    var largest = 0.0
    for value in direction {
      squares += value * value
      if abs(value) > abs(largest) { largest = value }
    }
    let factor = (largest < 0 ? -1 : 1) / squares.squareRoot()
    return direction.map { $0 * factor }
  }
}
