import Testing
import WinaPipeline
import WinaStore
import WinaSuites
import WinaTestSupport

@Suite("Octet") struct OctetTests {
  private let octet = Octet(seed: 1)

  @Test(arguments: Octet.familyNames)
  func theBundledFilesAreWhatTheGeneratorMakes(family: String) throws {
    let path = SharedData.packageRoot + "/suites/octet/\(family).jsonl.zst"
    let stored = try ZstdFile.read(path: path, limit: 1 << 24)
    let made = try octet.evaluationItems(of: family, testCount: 400).map(\.line).joined()
    #expect(stored.elementsEqual(made.utf8), "run `wina suite octet --output suites/octet`")
  }

  @Test func theTrainingStreamIsTheSameEverywhere() {
    let text = (0..<4000).map { Octet(seed: 7).trainingItem($0).line }.joined()
    let other = Octet(seed: 8).trainingItem(0)
    #expect(SHA256.digest(of: text).hex == OctetTests.trainingDigest)
    #expect(other != Octet(seed: 7).trainingItem(0))
    #expect(Octet(seed: 7).trainingItem(8_000_001).id == "arithmetic-training-1280000")
  }

  /// The digest of the first 4,000 lines of the stream that the bundled model was trained on.
  private static let trainingDigest =
    "67c1080bfbea6c03f8edcd0006f857d9a48f4995766eb99b594529f854cd6f5e"

  @Test(arguments: Octet.familyNames)
  func itemsAreWellFormed(family: String) throws {
    let items = try octet.evaluationItems(of: family, testCount: 80)
    #expect(items.count == 80 + 60 + 30 + 80)
    #expect(Set(items.map(\.id)).count == items.count)
    #expect(Set(items.map(\.state)).count == items.count)
    #expect(Set(items.map(\.level)).isSuperset(of: [1, 2, 3]))
    #expect(Set(items.map(\.gold)) == [0, 1, 2, 3])
    for item in items {
      #expect(Set(item.choices).count == 4)
      #expect(item.text.utf8.allSatisfy { $0 == 10 || (32..<127).contains($0) })
      #expect(item.choices.allSatisfy { $0.hasSuffix(".") && $0.count > 1 })
      for (index, choice) in item.choices.enumerated() {
        let others = item.choices.indices.filter { $0 != index }
        #expect(
          others.allSatisfy { !item.choices[$0].hasPrefix(choice) },
          "an answer that begins another is never less likely")
      }
    }
  }

  @Test(arguments: Octet.familyNames)
  func theFirstItemsHoldEverySplitInItsProportion(family: String) throws {
    let first = try octet.evaluationItems(of: family, testCount: 400).prefix(250)
    let counts = SuiteSplit.allCases.map { split in first.filter { $0.split == split }.count }
    #expect(counts == [80, 60, 30, 80, 0])
  }

  @Test func noStateCrossesASplit() throws {
    var seen: [String: SuiteSplit] = [:]
    for family in Octet.familyNames {
      for item in try octet.evaluationItems(of: family, testCount: 400) {
        #expect(SuiteSplit(state: item.state) == item.split)
        #expect(seen.updateValue(item.split, forKey: item.state) == nil)
      }
    }
    for seed: UInt64 in [1, 7] {
      for index in 0..<40_000 {
        let item = Octet(seed: seed).trainingItem(index)
        #expect(seen[item.state] == nil, "\(item.state) is trained on and \(seen[item.state]!)")
      }
    }
  }

  @Test(arguments: Octet.familyNames)
  func wordingsVary(family: String) throws {
    let items = try octet.items(of: family, in: .validation, count: 150)
    let openings = Set(
      items.map { $0.query.split(separator: " ").prefix(2).joined(separator: " ") })
    #expect(openings.count >= 15)
    #expect(items.contains { $0.query.hasPrefix("Question: ") })
    #expect(items.contains { $0.query.hasSuffix(" =>") })
  }

  @Test func onlyEvaluationHasItemsBeyondTheTrainingStream() throws {
    let hardest = try Dictionary(
      uniqueKeysWithValues: Octet.familyNames.map { family in
        (family, try octet.items(of: family, in: .test, count: 200).map(\.level).max())
      })
    #expect(
      hardest.filter { $0.value == 4 }.keys.sorted() == [
        "agreement", "brackets", "lists", "translation",
      ])
    #expect((0..<5000).allSatisfy { octet.trainingItem($0).level <= 3 })
  }

  @Test func lengthsOverlapBetweenFamilies() throws {
    let ranges = try Octet.familyNames.map { family in
      let lengths = try octet.items(of: family, in: .test, count: 200).map(\.query.count).sorted()
      return lengths[10]...lengths[190]
    }
    for range in ranges {
      #expect(ranges.filter { $0.overlaps(range) }.count >= 4)
    }
  }

  @Test func tooManyItemsAreAnError() {
    let error = #expect(throws: SuiteError.self) {
      _ = try octet.items(of: "arithmetic", in: .test, count: 1_000_000)
    }
    #expect(error?.message.hasPrefix("'arithmetic' has only ") == true)
    #expect(throws: SuiteError.self) { _ = try octet.items(of: "chess", in: .test, count: 1) }
  }
}
