/// How much of the spread of a result comes from each source of chance.
public struct VarianceComponent: Codable, Sendable, Equatable {
  /// The variance σ², never below 0.
  public let variance: Double
  /// The mean square of the analysis of variance.
  public let meanSquare: Double
  /// Its degrees of freedom.
  public let degrees: Int

  init(variance: Double, meanSquare: Double, degrees: Int) {
    self.variance = max(0, variance)
    self.meanSquare = meanSquare
    self.degrees = degrees
  }
}

/// Random-effects analysis of variance of balanced designs.
///
/// For balanced data with non-negative estimates the method of moments used here equals restricted
/// maximum likelihood; negative estimates are reported as 0.
///
/// ### References
/// Searle, Casella & McCulloch, *Variance Components*, 1992, ch. 4.
public enum VarianceComponents {
  /// The components of y = μ + seed + item + rest, every seed having scored every item once.
  public struct Crossed: Codable, Sendable, Equatable {
    /// Between seeds.
    public let seed: VarianceComponent
    /// Between items.
    public let item: VarianceComponent
    /// What seeds do to single items, and noise.
    public let residual: VarianceComponent
    /// The mean over all.
    public let mean: Double
    /// The standard error of ``mean`` with both seeds and items drawn at random.
    public let standardError: Double
  }

  /// The components of y = μ + outer + inner within outer + item + rest, all scoring every item once.
  public struct NestedCrossed: Codable, Sendable, Equatable {
    /// Between the outer seeds, such as those of the calibration sample.
    public let outer: VarianceComponent
    /// Between the inner seeds of one outer seed, such as those of the clustering.
    public let inner: VarianceComponent
    /// Between items.
    public let item: VarianceComponent
    /// What seeds do to single items, and noise.
    public let residual: VarianceComponent
  }

  /// The components of y = μ + outer + inner within outer + item within inner.
  public struct Nested: Codable, Sendable, Equatable {
    /// Between the outer groups.
    public let outer: VarianceComponent
    /// Between the inner groups of one outer group.
    public let inner: VarianceComponent
    /// Between the values of one inner group.
    public let residual: VarianceComponent
  }

  /// Splits the variance of results that every seed has for every item.
  ///
  /// - Parameter values: [seeds][items], at least two of each.
  /// - Throws: ``StatisticsError`` for fewer than two seeds or items, rows of other lengths or values
  ///   that are not finite.
  public static func crossed(_ values: [[Double]]) throws -> Crossed {
    let (seeds, items) = try rectangle(values, "seeds")
    let (rows, columns, grand) = means(values)
    let (s, n) = (Double(seeds), Double(items))
    let seedSquares = n * squares(rows, around: grand)
    let itemSquares = s * squares(columns, around: grand)
    var rest = 0.0
    for (row, seed) in values.enumerated() {
      for (column, value) in seed.enumerated() {
        let left = value - rows[row] - columns[column] + grand
        rest += left * left
      }
    }
    let seedMean = seedSquares / (s - 1)
    let itemMean = itemSquares / (n - 1)
    let degrees = (seeds - 1) * (items - 1)
    let restMean = rest / Double(degrees)
    let seed = VarianceComponent(
      variance: (seedMean - restMean) / n, meanSquare: seedMean, degrees: seeds - 1)
    let item = VarianceComponent(
      variance: (itemMean - restMean) / s, meanSquare: itemMean, degrees: items - 1)
    let residual = VarianceComponent(variance: restMean, meanSquare: restMean, degrees: degrees)
    let variance = seed.variance / s + item.variance / n + residual.variance / (s * n)
    return Crossed(
      seed: seed, item: item, residual: residual, mean: grand,
      standardError: variance.squareRoot())
  }

  /// Splits the variance of results that every inner seed of every outer seed has for every item.
  ///
  /// - Parameter values: [outer][inner][items], at least two of each and equally many everywhere.
  /// - Throws: ``StatisticsError`` as ``crossed(_:)``.
  public static func nestedCrossed(_ values: [[[Double]]]) throws -> NestedCrossed {
    let (outer, inner) = try block(values)
    let all = try crossed(values.flatMap(\.self))
    let items = Double(all.item.degrees + 1)
    let (a, b) = (Double(outer), Double(inner))
    let innerMeans = values.map { $0.map { $0.reduce(0, +) / Double($0.count) } }
    let (outerMean, innerMean) = meanSquares(innerMeans, weight: items)
    return NestedCrossed(
      outer: VarianceComponent(
        variance: (outerMean - innerMean) / (b * items), meanSquare: outerMean,
        degrees: outer - 1),
      inner: VarianceComponent(
        variance: (innerMean - all.residual.meanSquare) / items, meanSquare: innerMean,
        degrees: outer * (inner - 1)),
      item: VarianceComponent(
        variance: (all.item.meanSquare - all.residual.meanSquare) / (a * b),
        meanSquare: all.item.meanSquare, degrees: all.item.degrees),
      residual: all.residual)
  }

  /// Splits the variance of values within inner groups within outer groups.
  ///
  /// - Parameter values: [outer][inner][values], at least two of each and equally many everywhere.
  /// - Throws: ``StatisticsError`` as ``crossed(_:)``.
  public static func nested(_ values: [[[Double]]]) throws -> Nested {
    let (outer, inner) = try block(values)
    let count = Double(values[0][0].count)
    let innerMeans = values.map { $0.map { $0.reduce(0, +) / Double($0.count) } }
    let (outerMean, innerMean) = meanSquares(innerMeans, weight: count)
    var rest = 0.0
    for (group, means) in zip(values, innerMeans) {
      for (members, mean) in zip(group, means) { rest += squares(members, around: mean) }
    }
    let degrees = outer * inner * (values[0][0].count - 1)
    let restMean = rest / Double(degrees)
    return Nested(
      outer: VarianceComponent(
        variance: (outerMean - innerMean) / (Double(inner) * count), meanSquare: outerMean,
        degrees: outer - 1),
      inner: VarianceComponent(
        variance: (innerMean - restMean) / count, meanSquare: innerMean,
        degrees: outer * (inner - 1)),
      residual: VarianceComponent(variance: restMean, meanSquare: restMean, degrees: degrees))
  }

  /// The mean squares between outer groups and between inner groups within them.
  private static func meanSquares(
    _ innerMeans: [[Double]], weight: Double
  ) -> (outer: Double, inner: Double) {
    let outerMeans = innerMeans.map { $0.reduce(0, +) / Double($0.count) }
    let grand = outerMeans.reduce(0, +) / Double(outerMeans.count)
    let inner = Double(innerMeans[0].count)
    let between = weight * inner * squares(outerMeans, around: grand)
    let within = zip(innerMeans, outerMeans).reduce(0.0) {
      $0 + weight * squares($1.0, around: $1.1)
    }
    let count = Double(innerMeans.count)
    return (between / (count - 1), within / (count * (inner - 1)))
  }

  private static func means(
    _ values: [[Double]]
  ) -> (rows: [Double], columns: [Double], grand: Double) {
    let rows = values.map { $0.reduce(0, +) / Double($0.count) }
    let columns = values[0].indices.map { column in
      values.reduce(0.0) { $0 + $1[column] } / Double(values.count)
    }
    return (rows, columns, rows.reduce(0, +) / Double(rows.count))
  }

  private static func squares(_ values: [Double], around mean: Double) -> Double {
    values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }

  private static func block(_ values: [[[Double]]]) throws -> (outer: Int, inner: Int) {
    guard values.count > 1 else {
      throw StatisticsError.tooFew("outer groups", have: values.count, need: 2)
    }
    guard let inner = values.first?.count, inner > 1 else {
      throw StatisticsError.tooFew("inner groups", have: values.first?.count ?? 0, need: 2)
    }
    for group in values {
      guard group.count == inner else {
        throw StatisticsError.lengths("inner groups", group.count, inner)
      }
    }
    _ = try rectangle(values.flatMap(\.self), "groups")
    return (values.count, inner)
  }

  private static func rectangle(
    _ values: [[Double]], _ what: String
  ) throws -> (rows: Int, columns: Int) {
    guard values.count > 1 else {
      throw StatisticsError.tooFew(what, have: values.count, need: 2)
    }
    let width = values[0].count
    guard width > 1 else { throw StatisticsError.tooFew("items", have: width, need: 2) }
    for row in values {
      guard row.count == width else { throw StatisticsError.lengths(what, row.count, width) }
      try requireFinite(row, "results of \(what)")
    }
    return (values.count, width)
  }
}
