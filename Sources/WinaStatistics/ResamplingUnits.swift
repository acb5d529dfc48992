/// What a bootstrap draws: entries or whole documents, stratum by stratum.
struct ResamplingUnits {
  /// The labels of the strata in ascending order.
  let labels: [Int]
  /// The entries of every unit, units of one stratum together.
  let units: [[Int]]
  /// Which units belong to each stratum.
  let ranges: [Range<Int>]

  init(count: Int, strata: [Int]?, units: [Int]?, options: BootstrapOptions) throws {
    guard options.repetitions >= 1 else {
      throw StatisticsError.outOfRange("repetitions", "\(options.repetitions)", expected: "1…")
    }
    try requireOpenUnit(options.confidence, "the confidence level")
    if let strata, strata.count != count {
      throw StatisticsError.lengths("strata", strata.count, count)
    }
    if let units, units.count != count {
      throw StatisticsError.lengths("units", units.count, count)
    }
    var members: [[Int]] = []
    var stratum: [Int] = []
    var known: [Int: Int] = [:]
    for entry in 0..<count {
      let label = strata?[entry] ?? 0
      if let units, let place = known[units[entry]] {
        guard stratum[place] == label else { throw StatisticsError.splitUnit(units[entry]) }
        members[place].append(entry)
      } else {
        if let units { known[units[entry]] = members.count }
        members.append([entry])
        stratum.append(label)
      }
    }
    guard members.count >= 2 else {
      throw StatisticsError.tooFew("a bootstrap", have: members.count, need: 2)
    }
    let groups = Dictionary(grouping: members.indices) { stratum[$0] }
    labels = groups.keys.sorted()
    var ordered: [[Int]] = []
    var ranges: [Range<Int>] = []
    for label in labels {
      let first = ordered.count
      ordered += groups[label, default: []].map { members[$0] }
      ranges.append(first..<ordered.count)
    }
    self.units = ordered
    self.ranges = ranges
  }
}
