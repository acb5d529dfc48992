import WinaStatistics

/// Beginnings of sequences: the next member continues their rule.
enum SequenceFamily: ItemFamily {
  static let name = "sequences"

  struct Latent: LatentState {
    /// What is shown, and last what comes next.
    var members: [String]

    var canonical: String { members.joined(separator: " ") }
  }

  static func latent(level: Int, using random: inout RandomStream) -> Latent {
    let count = random.integer(in: 5...6)
    while true {
      let members: [Int]
      switch (level, random.index(below: 3)) {
      case (1, 0): return Latent(members: repeated(random.integer(in: 2...3), &random))
      case (1, _): members = steady(count, random.integer(in: 1...12), &random)
      case (2, 0): return Latent(members: repeated(4, &random))
      case (2, 1): members = steady(count, -random.integer(in: 2...12), &random)
      case (2, _): members = growing(count, &random)
      case (_, 0): members = summing(count, &random)
      default: members = interleaved(count + 2, &random)
      }
      if members.allSatisfy((0...99).contains) { return Latent(members: members.map { "\($0)" }) }
    }
  }

  private static func repeated(_ period: Int, _ random: inout RandomStream) -> [String] {
    let pattern = random.sample(Vocabulary.letters, count: period)
    return (0..<(period + random.integer(in: 2...5))).map { pattern[$0 % period] }
  }

  private static func steady(_ count: Int, _ step: Int, _ random: inout RandomStream) -> [Int] {
    let start = random.integer(in: 0...60)
    return (0..<count).map { start + $0 * step }
  }

  private static func growing(_ count: Int, _ random: inout RandomStream) -> [Int] {
    var (value, step) = (random.integer(in: 0...40), random.integer(in: 1...8))
    let growth = random.integer(in: 1...3)
    return (0..<count).map { _ in
      defer {
        value += step
        step += growth
      }
      return value
    }
  }

  private static func summing(_ count: Int, _ random: inout RandomStream) -> [Int] {
    var members = [random.integer(in: 1...12), random.integer(in: 1...12)]
    while members.count < count {
      members.append(members[members.count - 2] + members[members.count - 1])
    }
    return members
  }

  private static func interleaved(_ count: Int, _ random: inout RandomStream) -> [Int] {
    let starts = [random.integer(in: 0...20), random.integer(in: 0...30)]
    let steps = [random.integer(in: 1...5), random.integer(in: 0...10) - 5]
    return (0..<count).map { starts[$0 % 2] + $0 / 2 * steps[$0 % 2] }
  }

  static func wording(of latent: Latent, using random: inout RandomStream) -> Wording {
    let separator = random.pick([" ", ", "])
    let shown = latent.members.dropLast().joined(separator: separator)
    let answer = latent.members[latent.members.count - 1]
    let body = random.pick([
      "What comes next in \(shown)?", "Continue \(shown).", "\(shown) and then?",
      "Write the next one of \(shown).",
    ])
    return Wording(
      body: body, answer: answer,
      distractors: Int(answer).map { numbers(near: $0, latent, &random) }
        ?? letters(latent, &random))
  }

  private static func numbers(
    near answer: Int, _ latent: Latent, _ random: inout RandomStream
  ) -> [String] {
    let known = latent.members.compactMap { Int($0) }
    let last = known[known.count - 2]
    let repeated = 2 * last - known[known.count - 3]
    var wrong = random.shuffled([1, -1, 2, -2, 3, -3, 10, -10]).map { answer + $0 }
    wrong.insert(repeated, at: random.index(below: 3))
    wrong.insert(last + 1, at: random.index(below: 4))
    return wrong.filter { $0 >= 0 }.map { "\($0)" }
  }

  private static func letters(_ latent: Latent, _ random: inout RandomStream) -> [String] {
    random.shuffled(Array(Set(latent.members)).sorted())
      + random.sample(Vocabulary.letters, count: 8)
  }
}
