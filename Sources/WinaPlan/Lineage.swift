import WinaDiagnostics
import WinaPipeline
import WinaSpec

/// What a task has behind it: the swept values and the data that it and its cone depend on.
struct Lineage: Hashable {
  /// The values on the axes of the sweep, and what a control set.
  var assignment: [String: JSONValue] = [:]
  /// The splits that the cone saw.
  var seen: Set<Split> = []
  /// The stages fitted to a split.
  var fitted: [Split: Set<String>] = [:]
  /// Whether something saw what it should not have.
  var isLeaky = false

  /// Takes up what a task upstream has behind it; values that are there already stay.
  mutating func merge(_ other: Lineage, withAssignment: Bool) {
    if withAssignment { assignment.merge(other.assignment) { first, _ in first } }
    seen.formUnion(other.seen)
    fitted.merge(other.fitted) { $0.union($1) }
    isLeaky = isLeaky || other.isLeaky
  }

  /// Takes up what a stage does with the data, by the rules against leakage.
  ///
  /// - Returns: What is wrong with it, unless something upstream leaked before.
  mutating func use(
    by stage: ResolvedStage, split: Split?, stages: [Located<String>]
  ) -> Diagnostic? {
    if let split { seen.insert(split) }
    let name = stage.spec.name
    let isFirst = !isLeaky
    switch stage.type.dataUse {
    case .perSample, .derived: return nil
    case .fitted:
      for split in seen { fitted[split, default: []].insert(name.value) }
      guard seen.contains(.test) else { return nil }
      isLeaky = true
      return isFirst ? PlanDiagnostics.fittedToTest(stage: name) : nil
    case .scored:
      guard let split, let fitted = fitted[split] else { return nil }
      isLeaky = true
      guard isFirst else { return nil }
      return PlanDiagnostics.scoresFittedData(
        stage: name, split: split.rawValue, fitted: stages.filter { fitted.contains($0.value) })
    }
  }
}

/// Lineages by number: many tasks share one.
struct LineageTable {
  private(set) var lineages: [Lineage] = []
  private var numbers: [Lineage: Int] = [:]
  private var stamps: [Int] = []
  private var stamp = 0

  subscript(_ number: Int) -> Lineage { lineages[number] }

  /// Returns the number of a lineage.
  mutating func number(of lineage: Lineage) -> Int {
    if let known = numbers[lineage] { return known }
    numbers[lineage] = lineages.count
    lineages.append(lineage)
    stamps.append(0)
    return lineages.count - 1
  }

  /// Returns numbers without repetitions, in order.
  mutating func distinct(_ numbers: some Sequence<Int>) -> [Int] {
    stamp += 1
    var distinct: [Int] = []
    for number in numbers where stamps[number] != stamp {
      stamps[number] = stamp
      distinct.append(number)
    }
    return distinct
  }
}
