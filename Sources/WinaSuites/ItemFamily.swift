import WinaStatistics

/// What an item is about, apart from how it is worded.
protocol LatentState: Sendable {
  /// A text that is equal for states that ask for the same computation on the same things.
  var canonical: String { get }
}

/// A kind of task: how its states are drawn and how a state is put into words.
protocol ItemFamily: Sendable {
  associatedtype Latent: LatentState

  /// The family's name, which becomes the label of its items.
  static var name: String { get }

  /// The difficulties of the items that models are evaluated on.
  static var evaluationLevels: ClosedRange<Int> { get }

  /// Draws a state of a difficulty.
  ///
  /// Levels 1 to 3 are trained on. Level 4, where a family has it, is longer, deeper or of rarer
  /// words than anything in the training stream.
  static func latent(level: Int, using random: inout RandomStream) -> Latent

  /// Puts a state into one of many wordings.
  static func wording(of latent: Latent, using random: inout RandomStream) -> Wording
}

/// A state in words.
struct Wording {
  /// The question, without the frame around it.
  var body: String
  /// The right answer.
  var answer: String
  /// Wrong answers, of which the first three are used; repeated and right ones are left out.
  var distractors: [String]
}

/// What stands around a question.
///
/// All families use the same frames, so that a prompt's first and last words do not tell its family.
enum Frame {
  private static let frames: [(before: String, after: String)] = [
    ("", " =>"),
    ("", "\nAnswer:"),
    ("Q: ", " A:"),
    ("Question: ", " Answer:"),
    ("Task: ", " Reply:"),
    ("Next one. ", " Result:"),
    ("Here is another: ", " It is:"),
  ]

  static func around(_ body: String, using random: inout RandomStream) -> String {
    let frame = random.pick(frames)
    return frame.before + body + frame.after
  }
}

extension ItemFamily {
  static var evaluationLevels: ClosedRange<Int> { 1...3 }

  /// What ends every answer: without it an answer could begin another one, and so never be less
  /// likely than that.
  private static var stop: String { "." }

  /// How many draws may miss a split before the family counts as exhausted there.
  private static var patience: Int { 20_000 }

  /// Draws an item of a split.
  ///
  /// - Parameters:
  ///   - excluded: States that are taken.
  ///   - random: The item's own stream.
  /// - Returns: The item without an identifier, or `nil` if no free state was found.
  /// - Complexity: O(1) draws for training, about 32 for another split.
  static func item(
    in split: SuiteSplit, excluding excluded: Set<String>, using random: inout RandomStream
  ) -> SuiteItem? {
    for _ in 0..<patience {
      let level = random.integer(in: split == .training ? 1...3 : evaluationLevels)
      let latent = latent(level: level, using: &random)
      let state = name + "|" + latent.canonical
      guard SuiteSplit(state: state) == split, !excluded.contains(state) else { continue }
      let wording = wording(of: latent, using: &random)
      var choices = wrongAnswers(wording)
      let gold = random.index(below: choices.count + 1)
      choices.insert(wording.answer, at: gold)
      choices = choices.map { $0 + stop }
      return SuiteItem(
        id: "", split: split, level: level, state: state,
        query: Frame.around(wording.body, using: &random), choices: choices, gold: gold)
    }
    return nil
  }

  private static func wrongAnswers(_ wording: Wording) -> [String] {
    var wrong: [String] = []
    for answer in wording.distractors
    where answer != wording.answer && !wrong.contains(answer) && wrong.count < 3 {
      wrong.append(answer)
    }
    precondition(wrong.count == 3, "too few wrong answers in '\(name)': \(wording)")
    return wrong
  }
}
