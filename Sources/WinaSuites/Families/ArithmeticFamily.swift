import WinaStatistics

/// Sums of two or three numbers, and products with a term added or taken away.
enum ArithmeticFamily: ItemFamily {
  static let name = "arithmetic"

  /// A start value, perhaps times a factor, and signed terms.
  struct Latent: LatentState {
    var start: Int
    var factor: Int?
    var terms: [Int]

    /// The value, never negative.
    var value: Int { start * (factor ?? 1) + terms.reduce(0, +) }

    /// Commuted sums and products are one state.
    var canonical: String {
      guard let factor else {
        return ([start] + terms).sorted().map { "\($0)" }.joined(separator: "+")
      }
      return "\(min(start, factor))*\(max(start, factor))+\(terms.reduce(0, +))"
    }
  }

  static func latent(level: Int, using random: inout RandomStream) -> Latent {
    switch level {
    case 1:
      let first = random.integer(in: 2...50)
      return Latent(start: first, terms: [signed(random.integer(in: 2...50), first, &random)])
    case 2:
      let first = random.integer(in: 2...30)
      let second = signed(random.integer(in: 2...25), first, &random)
      let third = signed(random.integer(in: 2...25), first + second, &random)
      return Latent(start: first, terms: [second, third])
    default:
      let (first, factor) = (random.integer(in: 2...9), random.integer(in: 2...9))
      return Latent(
        start: first, factor: factor,
        terms: [signed(random.integer(in: 2...30), first * factor, &random)])
    }
  }

  /// Negates a number half of the time where the sum stays at zero or above.
  private static func signed(_ number: Int, _ sum: Int, _ random: inout RandomStream) -> Int {
    random.chance(oneIn: 2) && number <= sum ? -number : number
  }

  static func wording(of latent: Latent, using random: inout RandomStream) -> Wording {
    let value = latent.value
    let flipped = value - 2 * (latent.terms.last ?? 0)
    var near = random.shuffled([1, -1, 2, -2, 10, -10, 3, -3, 11, -9, 9]).map { value + $0 }
    near.insert(flipped, at: random.index(below: 4))
    let bodies = [symbols, spoken, steps, story]
    return Wording(
      body: random.pick(bodies)(latent, &random), answer: "\(value)",
      distractors: near.filter { $0 >= 0 }.map { "\($0)" })
  }

  private static func symbols(_ latent: Latent, _ random: inout RandomStream) -> String {
    let text =
      "\(latent.start)" + (latent.factor.map { " * \($0)" } ?? "")
      + latent.terms.map { $0 < 0 ? " - \(-$0)" : " + \($0)" }.joined()
    return random.pick(["What is \(text)?", "Work out \(text).", "\(text) gives what?"])
  }

  private static func spoken(_ latent: Latent, _ random: inout RandomStream) -> String {
    let text =
      "\(latent.start)" + (latent.factor.map { " times \($0)" } ?? "")
      + latent.terms.map { $0 < 0 ? " minus \(-$0)" : " plus \($0)" }.joined()
    return random.pick(["How much is \(text)?", "Say \(text) as one number.", "Find \(text)."])
  }

  private static func steps(_ latent: Latent, _ random: inout RandomStream) -> String {
    let opening = random.pick(["Start with", "Take", "Begin at"])
    return "\(opening) \(latent.start)." + (latent.factor.map { " Multiply by \($0)." } ?? "")
      + latent.terms.map { $0 < 0 ? " Take away \(-$0)." : " Add \($0)." }.joined()
      + random.pick([" What comes out?", " Where do you end?", " What is it now?"])
  }

  private static func story(_ latent: Latent, _ random: inout RandomStream) -> String {
    let (who, what) = (random.pick(Vocabulary.people), random.pick(Vocabulary.goods))
    let opening =
      latent.factor.map { "\(who) has \(latent.start) bags of \($0) \(what)" }
      ?? "\(who) has \(latent.start) \(what)"
    let changes = latent.terms.map { $0 < 0 ? "loses \(-$0)" : "gets \($0) more" }
    return "\(opening), \(changes.joined(separator: " and ")). "
      + random.pick(["How many \(what) are there?", "Count the \(what).", "How many now?"])
  }
}
