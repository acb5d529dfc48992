import WinaStatistics

/// Sentences to be finished so that verb or pronoun agrees with a subject that other nouns hide.
enum AgreementFamily: ItemFamily {
  static let name = "agreement"
  static let evaluationLevels = 1...4

  enum Gender: Int, Sendable {
    case feminine
    case masculine
    case neuter
  }

  struct Noun: Sendable {
    var singular: String
    var plural: String
    var gender: Gender
  }

  /// A noun in one number, with what stands before it.
  struct Phrase: Sendable {
    var link: String
    var noun: Noun
    var isPlural: Bool
    /// The verb of a relative clause, whose subject this phrase is.
    var clauseVerb: String?

    var text: String {
      link + "the " + (isPlural ? noun.plural : noun.singular) + (clauseVerb.map { " " + $0 } ?? "")
    }
  }

  /// What the missing words must agree in.
  enum Ending: Sendable {
    /// Number and tense: a form of *to be* and an adjective.
    case verb(adverb: String, isPast: Bool, adjective: String)
    /// Number and gender: a reflexive pronoun.
    case pronoun(verb: String)
  }

  struct Latent: LatentState {
    var subject: Phrase
    /// A second subject joined by *and*.
    var partner: Phrase?
    var modifiers: [Phrase]
    var ending: Ending

    var isPlural: Bool { subject.isPlural || partner != nil }

    var sentence: String {
      var text = ([subject] + (partner.map { [$0] } ?? []) + modifiers).map(\.text).joined()
      switch ending {
      case .verb(let adverb, _, _): text = adverb + " " + text
      case .pronoun(let verb): text += " " + verb
      }
      return text
    }

    var canonical: String {
      if case .verb(_, _, let adjective) = ending { return sentence + "|" + adjective }
      return sentence
    }
  }

  private static func nouns(_ words: String, _ gender: Gender) -> [Noun] {
    words.split(separator: " ").map { word in
      let parts = word.split(separator: "/").map { String($0) }
      return Noun(
        singular: parts[0], plural: parts.count > 1 ? parts[1] : parts[0] + "s", gender: gender)
    }
  }

  private static let women = nouns(
    "girl queen sister mother woman/women lady/ladies aunt daughter wife/wives nurse/nurses niece "
      + "actress/actresses widow princess/princesses bride waitress/waitresses duchess/duchesses "
      + "heroine nun countess/countesses hostess/hostesses witch/witches empress/empresses "
      + "governess/governesses", .feminine)
  private static let men = nouns(
    "boy king brother father man/men lord uncle son husband monk nephew actor widower prince groom "
      + "waiter duke hero/heroes wizard count host squire emperor steward", .masculine)
  private static let things = nouns(
    "key door machine engine robot clock wheel table bridge ship lamp knife/knives house mouse/mice "
      + "goose/geese leaf/leaves tooth/teeth wagon kettle ox/oxen shelf/shelves wolf/wolves radio "
      + "cactus/cacti", .neuter)
  /// All nouns, frequent ones of each gender first.
  private static let all = women.indices.flatMap { [things[$0], women[$0], men[$0]] }
  private static let common = Array(all.prefix(39))
  private static let rare = Array(all.dropFirst(39))

  private static let links = [" near ", " behind ", " beside ", " with ", " next to ", " under "]
  private static let past = ["Yesterday", "Last week", "Long ago", "That night"]
  private static let present = ["Today", "Right now", "This week", "At last"]
  private static let adjectives = ["late", "old", "ready", "lost", "new", "heavy", "quiet", "safe"]
  private static let verbs = ["hurt", "moved", "turned", "helped", "saw", "stopped", "raised"]
  private static let clauseVerbs = ["liked", "found", "watched", "feared", "wanted", "knew"]

  static func latent(level: Int, using random: inout RandomStream) -> Latent {
    let subject = phrase("", level, &random)
    var latent = Latent(subject: subject, modifiers: [], ending: ending(&random))
    if level == 3, random.chance(oneIn: 4) { latent.partner = phrase(" and ", level, &random) }
    for _ in 1..<level { latent.modifiers.append(phrase(random.pick(links), level, &random)) }
    if level == 3, random.chance(oneIn: 2) {
      latent.modifiers[1].link = " that "
      latent.modifiers[1].clauseVerb = random.pick(clauseVerbs)
    }
    return latent
  }

  private static func phrase(
    _ link: String, _ level: Int, _ random: inout RandomStream
  ) -> Phrase {
    Phrase(
      link: link, noun: random.pickWord(common, rare: rare, level: level),
      isPlural: random.chance(oneIn: 2))
  }

  private static func ending(_ random: inout RandomStream) -> Ending {
    if random.chance(oneIn: 2) { return .pronoun(verb: random.pick(verbs)) }
    let isPast = random.chance(oneIn: 2)
    return .verb(
      adverb: random.pick(isPast ? past : present), isPast: isPast,
      adjective: random.pick(adjectives))
  }

  static func wording(of latent: Latent, using random: inout RandomStream) -> Wording {
    let sentence = latent.sentence
    let body = random.pick([
      "Finish the sentence: \(sentence) ...", "How does it go on: \(sentence) ...",
      "\(sentence) ... and then?", "Complete \"\(sentence) ...\"",
    ])
    let (answer, forms) = forms(of: latent)
    return Wording(body: body, answer: answer, distractors: random.shuffled(forms))
  }

  private static func forms(of latent: Latent) -> (answer: String, all: [String]) {
    switch latent.ending {
    case .verb(_, let isPast, let adjective):
      let forms = ["is", "are", "was", "were"].map { "\($0) \(adjective)" }
      return (forms[(isPast ? 2 : 0) + (latent.isPlural ? 1 : 0)], forms)
    case .pronoun:
      let forms = ["herself", "himself", "itself", "themselves"]
      return (forms[latent.isPlural ? 3 : latent.subject.noun.gender.rawValue], forms)
    }
  }
}
