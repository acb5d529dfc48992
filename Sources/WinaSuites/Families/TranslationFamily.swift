import WinaStatistics

/// Phrases to be translated between English and Octish, a toy language with rules of its own.
///
/// Octish puts the adjective after its noun, the verb last, `-ri` on plural nouns and `ta` after a
/// verb in the past. Its words are arbitrary; the rarer ones come up seldom (Zipf's law).
enum TranslationFamily: ItemFamily {
  static let name = "translation"
  static let evaluationLevels = 1...4

  struct Word: Sendable {
    var english: String
    /// The plural of a noun, or the past of a verb.
    var inflected: String
    var octish: String
  }

  struct Phrase: Sendable {
    var noun: Word
    var adjective: Word?
    var isPlural: Bool

    var english: String {
      "the " + (adjective.map { $0.english + " " } ?? "")
        + (isPlural ? noun.inflected : noun.english)
    }
    var octish: String {
      noun.octish + (isPlural ? "ri" : "") + (adjective.map { " " + $0.octish } ?? "")
    }
  }

  /// A phrase, or a sentence of subject, verb and object.
  struct Latent: LatentState {
    var subject: Phrase
    var verb: Word?
    var object: Phrase?
    var isPast = false
    var isToOctish: Bool

    var english: String {
      guard let verb, let object else { return subject.english }
      let form = isPast ? verb.inflected : subject.isPlural ? verb.english : verb.english + "s"
      return "\(subject.english) \(form) \(object.english)"
    }
    var octish: String {
      guard let verb, let object else { return subject.octish }
      return "\(subject.octish) \(object.octish) \(verb.octish)" + (isPast ? " ta" : "")
    }

    /// A pair of sentences is one state in both directions.
    var canonical: String { english }
  }

  private static let nouns = words(
    "cat/cats dog/dogs man/men bird/birds child/children woman/women horse/horses fish/fishes "
      + "tree/trees river/rivers cow/cows farmer/farmers teacher/teachers snake/snakes bear/bears "
      + "doctor/doctors stone/stones sailor/sailors goat/goats baker/bakers frog/frogs "
      + "painter/painters rabbit/rabbits thief/thieves spider/spiders singer/singers donkey/donkeys "
      + "hunter/hunters camel/camels judge/judges eagle/eagles tailor/tailors turtle/turtles "
      + "weaver/weavers lizard/lizards miner/miners beaver/beavers potter/potters badger/badgers "
      + "barber/barbers falcon/falcons cobbler/cobblers otter/otters jester/jesters lobster/lobsters "
      + "falconer/falconers walrus/walruses minstrel/minstrels",
    ending: ["o", "u"], seed: 1)
  private static let adjectives = words(
    "red big old small round young soft tall happy quiet green clever brave hungry lazy gentle "
      + "golden clumsy stubborn solemn", ending: ["a"], seed: 2)
  private static let verbs = words(
    "see/saw find/found follow/followed call/called hear/heard help/helped like/liked know/knew "
      + "want/wanted catch/caught feed/fed hide/hid praise/praised pull/pulled scare/scared "
      + "thank/thanked warn/warned tease/teased mimic/mimicked soothe/soothed",
    ending: ["i"], seed: 3)

  /// Makes an Octish word of two syllables and an ending for each English one.
  private static func words(_ list: String, ending: [String], seed: UInt64) -> [Word] {
    var random = RandomStream(seed: 0x0C7E7, stream: seed)
    var taken: Set<String> = []
    let onsets = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "v", "z"]
    return list.split(separator: " ").map { entry in
      let forms = entry.split(separator: "/").map { String($0) }
      var octish = ""
      repeat {
        octish =
          random.pick(onsets) + random.pick(["a", "e", "i", "o", "u"]) + random.pick(onsets)
          + random.pick(ending)
      } while !taken.insert(octish).inserted
      return Word(english: forms[0], inflected: forms[forms.count - 1], octish: octish)
    }
  }

  private static let commonNouns = Array(nouns.prefix(24))
  private static let rareNouns = Array(nouns.dropFirst(24))
  private static let commonAdjectives = Array(adjectives.prefix(12))
  private static let rareAdjectives = Array(adjectives.dropFirst(12))
  private static let commonVerbs = Array(verbs.prefix(12))
  private static let rareVerbs = Array(verbs.dropFirst(12))

  static func latent(level: Int, using random: inout RandomStream) -> Latent {
    let period = level == 2 ? 4 : 2
    var latent = Latent(
      subject: phrase(level, describedOneIn: level == 1 ? 1 : period, &random),
      isToOctish: random.chance(oneIn: 2))
    if level == 1 { return latent }
    latent.verb = random.pickWord(commonVerbs, rare: rareVerbs, level: level)
    latent.object = phrase(level, describedOneIn: period, &random)
    latent.isPast = random.chance(oneIn: period)
    return latent
  }

  private static func phrase(
    _ level: Int, describedOneIn period: Int, _ random: inout RandomStream
  ) -> Phrase {
    Phrase(
      noun: random.pickWord(commonNouns, rare: rareNouns, level: level),
      adjective: random.chance(oneIn: period)
        ? random.pickWord(commonAdjectives, rare: rareAdjectives, level: level) : nil,
      isPlural: random.chance(oneIn: 2))
  }

  static func wording(of latent: Latent, using random: inout RandomStream) -> Wording {
    let text = { (latent: Latent) in latent.isToOctish ? latent.octish : latent.english }
    let source = latent.isToOctish ? latent.english : latent.octish
    let target = latent.isToOctish ? "Octish" : "English"
    let body = random.pick([
      "Translate \"\(source)\".", "What is \"\(source)\" in \(target)?",
      "Say \(source) in \(target).", "\(source) in \(target)?",
    ])
    return Wording(
      body: body, answer: text(latent), distractors: variants(of: latent, &random).map(text))
  }

  /// The state with one thing changed.
  private static func variants(of latent: Latent, _ random: inout RandomStream) -> [Latent] {
    var near: [Latent] = []
    func vary(_ change: (inout Latent) -> Void) {
      var other = latent
      change(&other)
      near.append(other)
    }
    vary { $0.subject.isPlural.toggle() }
    vary { $0.subject.noun = random.pick(nouns) }
    if latent.subject.adjective != nil { vary { $0.subject.adjective = random.pick(adjectives) } }
    if let object = latent.object {
      vary { ($0.subject, $0.object) = (object, $0.subject) }
      vary { $0.isPast.toggle() }
      vary { $0.verb = random.pick(verbs) }
      vary { $0.object?.noun = random.pick(nouns) }
      vary { $0.object?.isPlural.toggle() }
    }
    near = random.shuffled(near)
    for noun in random.sample(nouns, count: 4) { vary { $0.subject.noun = noun } }
    return near
  }
}
