import WinaStatistics

/// Stories of people who go from place to place and carry things, and who or what is where.
enum PlaceFamily: ItemFamily {
  static let name = "places"

  enum Event: Hashable {
    case goes(String, String)
    case takes(String, String)
    case drops(String, String)
  }

  struct Latent: LatentState {
    var events: [Event]
    /// The person or the object that is asked for.
    var asked: String

    /// Where everybody and everything is at the end.
    var whereabouts: [String: String] {
      var places: [String: String] = [:]
      var carrier: [String: String] = [:]
      for event in events {
        switch event {
        case .goes(let person, let place):
          places[person] = place
          for (object, owner) in carrier where owner == person { places[object] = place }
        case .takes(let person, let object):
          carrier[object] = person
          places[object] = places[person]
        case .drops(_, let object): carrier[object] = nil
        }
      }
      return places
    }

    var canonical: String {
      events.map { event in
        switch event {
        case .goes(let person, let place): "\(person)>\(place)"
        case .takes(let person, let object): "\(person)+\(object)"
        case .drops(let person, let object): "\(person)-\(object)"
        }
      }.joined(separator: ",") + "|" + asked
    }
  }

  static func latent(level: Int, using random: inout RandomStream) -> Latent {
    let people = random.sample(Vocabulary.people, count: 2)
    var route = random.sample(Vocabulary.places, count: 7)
    var events: [Event] = people.map { .goes($0, route.removeLast()) }
    if level < 3 {
      if level == 2 { events.append(.goes(random.pick(people), route.removeLast())) }
      return Latent(events: events, asked: random.pick(people))
    }
    let (carrier, object) = (random.pick(people), random.pick(Vocabulary.objects))
    events.append(.takes(carrier, object))
    events.append(.goes(carrier, route.removeLast()))
    if random.chance(oneIn: 2) {
      events.append(.drops(carrier, object))
      events.append(.goes(carrier, route.removeLast()))
    }
    return Latent(events: events, asked: random.chance(oneIn: 3) ? random.pick(people) : object)
  }

  static func wording(of latent: Latent, using random: inout RandomStream) -> Wording {
    let moves = random.pick(["goes to", "walks to", "moves to", "is now in"])
    let story = latent.events.map { event in
      switch event {
      case .goes(let person, let place): "\(person) \(moves) the \(place)."
      case .takes(let person, let object): "\(person) takes the \(object)."
      case .drops(let person, let object): "\(person) drops the \(object)."
      }
    }
    let thing = Vocabulary.objects.contains(latent.asked) ? "the \(latent.asked)" : latent.asked
    let question = random.pick([
      "Where is \(thing)?", "In which place is \(thing)?", "Find \(thing).",
      "Which place has \(thing)?",
    ])
    let mentioned = latent.events.compactMap { event in
      if case .goes(_, let place) = event { place } else { nil }
    }
    let others = Vocabulary.places.filter { !mentioned.contains($0) }
    return Wording(
      body: story.joined(separator: " ") + " " + question,
      answer: latent.whereabouts[latent.asked] ?? "",
      distractors: random.shuffled(mentioned).prefix(1) + random.shuffled(others))
  }
}
