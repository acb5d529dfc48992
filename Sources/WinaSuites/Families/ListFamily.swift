import WinaStatistics

/// Short lists to be reversed, sorted, rotated or rid of repeats.
enum ListFamily: ItemFamily {
  static let name = "lists"
  static let evaluationLevels = 1...4

  enum Operation: String, CaseIterable {
    case dedupe
    case reverse
    case rotate
    case sort

    func callAsFunction(_ elements: [String]) -> [String] {
      switch self {
      case .dedupe:
        elements.enumerated().filter { !elements[..<$0.offset].contains($0.element) }
          .map(\.element)
      case .reverse: elements.reversed()
      case .rotate: Array(elements.dropFirst()) + elements.prefix(1)
      case .sort: elements.sorted()
      }
    }
  }

  struct Latent: LatentState {
    var operation: Operation
    var elements: [String]

    var canonical: String { operation.rawValue + "|" + elements.joined(separator: " ") }
  }

  private static let words = [
    "ant", "bee", "cow", "dog", "elk", "fox", "goat", "hen", "ibis", "jay", "kite", "lion", "mole",
    "newt", "owl", "pig", "ram", "seal", "toad", "wolf",
  ]
  private static let digits = (0...9).map { "\($0)" }

  static func latent(level: Int, using random: inout RandomStream) -> Latent {
    let operation = random.pick(Operation.allCases)
    let pool = random.pick([words, digits, Vocabulary.letters])
    let length = [3...4, 4...5, 5...7, 8...9][level - 1]
    let count = random.integer(in: length)
    var elements = random.sample(pool, count: count)
    if operation == .dedupe {
      for _ in 0..<(1 + count / 4) {
        elements[random.index(below: count)] = elements[random.index(below: count)]
      }
    }
    return Latent(operation: operation, elements: elements)
  }

  static func wording(of latent: Latent, using random: inout RandomStream) -> Wording {
    let separator = random.pick([" ", ", "])
    let list = latent.elements.joined(separator: separator)
    let result = latent.operation(latent.elements)
    let others = Operation.allCases.filter { $0 != latent.operation }.map { $0(latent.elements) }
    var wrong = random.shuffled(others + swaps(of: result) + [latent.elements])
    wrong += [result.dropLast(), result + result.prefix(1), result + result, result + ["x"]]
      .map { Array($0) }
    return Wording(
      body: body(latent.operation, list, &random), answer: result.joined(separator: separator),
      distractors: wrong.filter { !$0.isEmpty }.map { $0.joined(separator: separator) })
  }

  /// The list with each pair of neighbours swapped.
  private static func swaps(of list: [String]) -> [[String]] {
    list.indices.dropLast().map { index in
      var swapped = list
      swapped.swapAt(index, index + 1)
      return swapped
    }
  }

  private static func body(
    _ operation: Operation, _ list: String, _ random: inout RandomStream
  ) -> String {
    switch operation {
    case .dedupe:
      random.pick([
        "Remove repeats from \(list).", "Write \(list) without repeats.",
        "What are the different ones of \(list)?", "Keep the first of each in \(list).",
      ])
    case .reverse:
      random.pick([
        "Reverse \(list).", "Write \(list) backwards.", "What is \(list) from last to first?",
        "Turn \(list) around.",
      ])
    case .rotate:
      random.pick([
        "Move the first of \(list) to the end.", "Write \(list) with the first one last.",
        "What is \(list) after one turn to the left?", "Rotate \(list) by one.",
      ])
    case .sort:
      random.pick([
        "Sort \(list).", "Write \(list) in order.", "What is \(list) from least to most?",
        "Put \(list) in rising order.",
      ])
    }
  }
}
