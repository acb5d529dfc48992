import WinaStatistics

/// The octet suite: eight families of short tasks that ask for different computations.
///
/// Every item is a function of `(seed, family, split, index)` alone, by integer arithmetic, so the
/// suite is the same on every machine. Items are drawn as latent states first; a state's split is
/// a hash of its canonical form (``SuiteSplit/init(state:)``), so no state of an evaluation split
/// is ever in the training stream of any seed.
public struct Octet: Sendable {
  private static let families: [any ItemFamily.Type] = [
    AgreementFamily.self, ArithmeticFamily.self, BracketFamily.self, ListFamily.self,
    PlaceFamily.self, ProgramFamily.self, SequenceFamily.self, TranslationFamily.self,
  ]

  /// The families' names, sorted; they label the items.
  public static let familyNames = families.map { $0.name }

  /// The families in the order in which the training stream repeats them: arithmetic, which takes
  /// longest to learn, comes four times where the others come thrice.
  private static let rhythm = families + families + families + [ArithmeticFamily.self]

  /// How many items of each evaluation split go with one test item, in eighths.
  private static let shares: [(split: SuiteSplit, eighths: Int)] = [
    (.calibration, 8), (.routing, 6), (.validation, 3), (.test, 8),
  ]

  private let seed: UInt64

  /// Makes the suite of a seed.
  public init(seed: UInt64) { self.seed = seed }

  /// Returns the evaluation items of a family.
  ///
  /// The splits are spread evenly over the list, so that its first n items hold every split in its
  /// proportion: 8 : 6 : 3 : 8 for calibration, routing, validation and test.
  ///
  /// - Parameters:
  ///   - family: One of ``familyNames``.
  ///   - testCount: The number of test items.
  /// - Throws: ``SuiteError`` if the family has fewer states.
  public func evaluationItems(
    of family: String, testCount: Int
  ) throws(SuiteError) -> [SuiteItem] {
    var placed: [(position: Int, item: SuiteItem)] = []
    for (split, eighths) in Octet.shares {
      let items = try items(of: family, in: split, count: testCount * eighths / 8)
      for (index, item) in items.enumerated() {
        placed.append(((2 * index + 1) * 1_000_000 / items.count, item))
      }
    }
    // The sort is by position and then by split, which is unique.
    return placed.enumerated().sorted {
      ($0.element.position, $0.offset) < ($1.element.position, $1.offset)
    }.map(\.element.item)
  }

  /// Returns the first items of a split, each with a state of its own.
  ///
  /// - Throws: ``SuiteError`` if the family has fewer states.
  public func items(
    of family: String, in split: SuiteSplit, count: Int
  ) throws(SuiteError) -> [SuiteItem] {
    let family = try Octet.family(named: family)
    var taken: Set<String> = []
    var items: [SuiteItem] = []
    for index in 0..<count {
      guard let item = item(of: family, in: split, index: index, excluding: taken) else {
        throw SuiteError(
          message: "'\(family.name)' has only \(index) states for \(split.rawValue) (seed \(seed))",
          hint: "ask for fewer items")
      }
      taken.insert(item.state)
      items.append(item)
    }
    return items
  }

  /// Returns item number `index` of the endless training stream, in which the families take turns.
  ///
  /// - Complexity: O(1), whatever the index.
  public func trainingItem(_ index: Int) -> SuiteItem {
    let turn = index % Octet.rhythm.count
    let family = Octet.rhythm[turn]
    let turns = Octet.rhythm.indices.filter { Octet.rhythm[$0].name == family.name }
    let number = index / Octet.rhythm.count * turns.count + turns.filter { $0 < turn }.count
    guard let item = item(of: family, in: .training, index: number, excluding: []) else {
      preconditionFailure("'\(family.name)' has no training states")
    }
    return item
  }

  private static func family(named name: String) throws(SuiteError) -> any ItemFamily.Type {
    guard let family = families.first(where: { $0.name == name }) else {
      throw SuiteError(
        message: "octet has no family '\(name)'",
        hint: "the families are \(familyNames.joined(separator: ", "))")
    }
    return family
  }

  private func item(
    of family: any ItemFamily.Type, in split: SuiteSplit, index: Int, excluding: Set<String>
  ) -> SuiteItem? {
    let position = Octet.familyNames.firstIndex(of: family.name) ?? 0
    let part = SuiteSplit.allCases.firstIndex(of: split) ?? 0
    var random = RandomStream(
      seed: scattered(seed &* 64 &+ UInt64(position * 8 + part)), stream: UInt64(index))
    var item = family.item(in: split, excluding: excluding, using: &random)
    item?.id = "\(family.name)-\(split.rawValue)-\(index)"
    return item
  }
}
