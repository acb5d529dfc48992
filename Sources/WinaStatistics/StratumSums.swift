/// Sums of columns over documents, stratum by stratum: all that a mean, a ratio or a curve is made of.
public struct StratumSums: Sendable {
  /// How many strata there are.
  public let strata: Int
  /// How many columns were summed.
  public let columns: Int

  private let values: [Double]
  private let offset: Int

  init(_ values: [Double], offset: Int = 0, strata: Int, columns: Int) {
    self.values = values
    self.offset = offset
    self.strata = strata
    self.columns = columns
  }

  /// Returns the sum of a column over the documents of one stratum.
  public subscript(_ column: Int, in stratum: Int) -> Double {
    values[offset + stratum * columns + column]
  }

  /// Returns the sum of a column over all documents, added up stratum by stratum.
  public func total(_ column: Int) -> Double {
    var sum = 0.0
    for stratum in 0..<strata { sum += values[offset + stratum * columns + column] }
    return sum
  }

  /// Returns the sum of one column over that of another; not a number where the latter is 0.
  public func ratio(_ numerator: Int, _ denominator: Int) -> Double {
    let bottom = total(denominator)
    return bottom == 0 ? .nan : total(numerator) / bottom
  }

  /// Returns the same within one stratum.
  public func ratio(_ numerator: Int, _ denominator: Int, in stratum: Int) -> Double {
    let bottom = self[denominator, in: stratum]
    return bottom == 0 ? .nan : self[numerator, in: stratum] / bottom
  }

  /// Returns the unweighted mean over strata of the ratios, leaving out strata without weight.
  public func macroRatio(_ numerator: Int, _ denominator: Int) -> Double {
    var sum = 0.0
    var present = 0
    for stratum in 0..<strata where self[denominator, in: stratum] != 0 {
      sum += ratio(numerator, denominator, in: stratum)
      present += 1
    }
    return present == 0 ? .nan : sum / Double(present)
  }
}
