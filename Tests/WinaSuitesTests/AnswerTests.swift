import Testing
import WinaSuites

/// Reads items as a person would and answers them without knowing how they were made.
@Suite("Octet answers") struct AnswerTests {
  private func items(_ family: String) -> [SuiteItem] {
    let octet = Octet(seed: 11)
    return (0..<16_000).map(octet.trainingItem).filter { $0.id.hasPrefix(family) }
  }

  /// The prompt without the frame around it.
  private func body(_ item: SuiteItem) -> String {
    var text = item.query
    for before in ["Q: ", "Question: ", "Task: ", "Next one. ", "Here is another: "]
    where text.hasPrefix(before) { text = String(text.dropFirst(before.count)) }
    for after in [" =>", "\nAnswer:", " A:", " Answer:", " Reply:", " Result:", " It is:"]
    where text.hasSuffix(after) { text = String(text.dropLast(after.count)) }
    return text
  }

  private func answer(_ item: SuiteItem) -> String { String(item.choices[item.gold].dropLast()) }

  private func words(_ text: String) -> [String] {
    text.split { " ,.?;:|\"".contains($0) }.map { String($0) }
  }

  @Test func sumsAreRight() throws {
    let signs = [
      "+": 1, "plus": 1, "Add": 1, "gets": 1, "-": -1, "minus": -1, "away": -1, "loses": -1,
    ]
    for item in items("arithmetic") {
      var value: Int?
      var operation = "+"
      for word in words(body(item)) {
        guard let number = Int(word) else {
          if signs[word] != nil || ["*", "times", "Multiply", "bags"].contains(word) {
            operation = word
          }
          continue
        }
        if let known = value {
          value = signs[operation].map { known + $0 * number } ?? known * number
        } else {
          value = number
        }
      }
      #expect(value.map(String.init) == answer(item), "\(item.query)")
    }
  }

  @Test func listsAreRight() throws {
    let hints: [(String, ([String]) -> [String])] = [
      ("repeats", unique), ("different", unique), ("first of each", unique),
      ("Reverse", { $0.reversed() }), ("backwards", { $0.reversed() }),
      ("last to first", { $0.reversed() }), ("around", { $0.reversed() }),
      ("to the end", turned), ("first one last", turned), ("left", turned), ("Rotate", turned),
      ("Sort", { $0.sorted() }), ("order", { $0.sorted() }), ("least", { $0.sorted() }),
    ]
    for item in items("lists") {
      let members = Set(words(answer(item)))
      let text = body(item)
      let shown = text.split(separator: " ").map { $0.filter { !",.?".contains($0) } }
      let start = try #require(
        shown.indices.first { index in
          index + 1 < shown.count && members.contains(shown[index])
            && members.contains(shown[index + 1])
        })
      let list = Array(shown[start...].prefix { members.contains($0) })
      let rule = try #require(hints.first { text.contains($0.0) }, "\(text)")
      #expect(rule.1(list) == words(answer(item)), "\(item.query)")
    }
  }

  private func unique(_ list: [String]) -> [String] {
    list.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private func turned(_ list: [String]) -> [String] { Array(list.dropFirst() + list.prefix(1)) }

  @Test func bracketsAreRight() {
    let closing: [Character: Character] = ["(": ")", "[": "]", "{": "}", "<": ">"]
    for item in items("brackets") {
      var stack: [Character] = []
      for mark in body(item) {
        if let end = closing[mark] { stack.append(end) }
        if closing.values.contains(mark) { #expect(stack.popLast() == mark, "\(item.query)") }
      }
      #expect(answer(item) == stack.reversed().map { String($0) }.joined(separator: " "))
    }
  }

  @Test func programsAreRight() throws {
    for item in items("programs") {
      var values: [String: Int] = [:]
      var text = body(item)
      for noise in ["Let ", "What is ", "Set ", "Value of ", "print ", "then "] {
        text = text.split(separator: noise, omittingEmptySubsequences: false).joined()
      }
      for sign in [" := ", " = ", " be ", " to "] {
        text = text.split(separator: sign, omittingEmptySubsequences: false)
          .joined(separator: "=")
      }
      var parts = text.split { ";.,|?".contains($0) }.map { $0.filter { $0 != " " } }
      parts.removeAll(where: \.isEmpty)
      let asked = try #require(parts.last)
      parts.removeLast()
      for part in parts {
        let sides = part.split(separator: "=").map { String($0) }
        try #require(sides.count == 2, "\(item.query)")
        values[sides[0]] = try value(of: sides[1], values)
      }
      #expect(values[asked].map(String.init) == answer(item), "\(item.query)")
    }
  }

  private func value(of expression: String, _ values: [String: Int]) throws -> Int {
    let sign = expression.first { "+-".contains($0) }
    let terms = expression.split { "+-".contains($0) }.map { String($0) }
    let numbers = try terms.map { try #require(Int($0) ?? values[$0]) }
    return numbers.count == 1 ? numbers[0] : numbers[0] + (sign == "-" ? -1 : 1) * numbers[1]
  }

  @Test func placesAreRight() throws {
    for item in items("places") {
      var places: [String: String] = [:]
      var owners: [String: String] = [:]
      let sentences = body(item).split { ".?".contains($0) }.map { words(String($0)) }
      for sentence in sentences.dropLast() {
        let (who, what) = (sentence[0], try #require(sentence.last))
        switch sentence[1] {
        case "takes": owners[what] = who
        case "drops":
          places[what] = places[who]
          owners[what] = nil
        default: places[who] = what
        }
      }
      let asked = try #require(
        sentences.last?.first { places[$0] != nil || owners[$0] != nil }, "\(item.query)")
      #expect(places[owners[asked] ?? asked] == answer(item), "\(item.query)")
    }
  }

  @Test func verbsAgreeInNumberAndTense() throws {
    let past = ["Yesterday", "Last week", "Long ago", "That night"]
    var seen: Set<String> = []
    for item in items("agreement") where answer(item).contains(" ") {
      let isPast = past.contains { item.query.contains($0) }
      let verb = words(answer(item))[0]
      #expect((verb == "was" || verb == "were") == isPast, "\(item.query)")
      let plural = ["men", "mice", "geese", "teeth", "oxen", "cacti", "women"]
      let subject = try #require(item.state.components(after: "the ").first)
      let isPlural =
        plural.contains(subject)
        || (subject.hasSuffix("s")
          && !["princess", "actress", "hostess", "waitress"].contains(subject)
          && !["duchess", "countess", "governess", "empress"].contains(subject))
      let isJoined = item.state.components(after: "the \(subject) ").first == "and"
      #expect((verb == "are" || verb == "were") == (isPlural || isJoined), "\(item.query)")
      seen.insert(verb)
    }
    #expect(seen == ["is", "are", "was", "were"])
  }

  @Test func pronounsAgreeInNumberAndGender() {
    let gender = ["queen": "herself", "king": "himself", "key": "itself"]
    var seen: Set<String> = []
    for item in items("agreement") where !answer(item).contains(" ") {
      for (noun, pronoun) in gender
      where item.state.hasPrefix("agreement|the \(noun) ") && !item.state.contains(" and ") {
        #expect(answer(item) == pronoun, "\(item.query)")
        seen.insert(pronoun)
      }
      if item.state.hasPrefix("agreement|the keys ") { #expect(answer(item) == "themselves") }
    }
    #expect(seen.count == 3)
  }

  @Test func steadySequencesGoOn() {
    var count = 0
    for item in items("sequences") {
      let members = item.state.dropFirst("sequences|".count).split(separator: " ")
      #expect(members.last.map(String.init) == answer(item))
      let shown = words(body(item)).filter { Int($0) != nil }.compactMap { Int($0) }
      let steps = Set(zip(shown.dropFirst(), shown).map { $0 - $1 })
      guard shown.count > 3, steps.count == 1, let step = steps.first else { continue }
      #expect(Int(answer(item)) == shown[shown.count - 1] + step, "\(item.query)")
      count += 1
    }
    #expect(count > 500)
  }

  @Test func octishFollowsItsGrammar() {
    var lexicon: [String: String] = [:]
    for item in items("translation") where item.level == 1 {
      let english = words(String(item.state.dropFirst("translation|the ".count)))
      guard !answer(item).hasPrefix("the ") else { continue }
      let (octish, adjective) = (words(answer(item)), english[0])
      #expect(octish.count == 2, "a noun and its adjective")
      #expect(octish[1].hasSuffix("a"))
      #expect(lexicon.updateValue(octish[1], forKey: adjective) ?? octish[1] == octish[1])
    }
    #expect(lexicon.count > 12 && Set(lexicon.values).count == lexicon.count)
  }
}

extension String {
  /// The words after the first occurrence of a text.
  fileprivate func components(after text: String) -> [String] {
    guard let range = firstRange(of: text) else { return [] }
    return self[range.upperBound...].split { " |".contains($0) }.map { String($0) }
  }
}
