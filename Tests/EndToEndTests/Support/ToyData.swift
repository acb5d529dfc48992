import WinaTestSupport

/// Four kinds of random text that differ in their letters, and a multiple-choice task.
enum ToyData {
  /// A label with the letters of its documents.
  struct Kind: Sendable {
    var label: String
    var letters: [Character]
    var seed: UInt64
  }

  static let kinds = [
    Kind(label: "abc", letters: Array("abcdefgh "), seed: 201),
    Kind(label: "cap", letters: Array("ABCDEFGHIJ "), seed: 202),
    Kind(label: "mix", letters: Array("xyzthXY+-* "), seed: 203),
    Kind(label: "num", letters: Array("0123456789 "), seed: 204),
  ]

  /// Returns the lines of a document set: the first are the same for every count.
  static func lines(_ kind: Kind, count: Int) -> [String] {
    var generator = SeededGenerator(seed: kind.seed)
    return (0..<count).map { _ in
      let length = Int.random(in: 48...60, using: &generator)
      return "{\"text\": \"\(word(kind.letters, length, &generator))\"}\n"
    }
  }

  /// Returns the lines of a task in the layout of `arc_easy`.
  static func questions(count: Int) -> [String] {
    var generator = SeededGenerator(seed: 105)
    return (0..<count).map { index in
      let question = word(Array("abcdefgh "), 24, &generator)
      let choices = (0..<4).map { _ in "\"\(word(Array("abcdefgh"), 5, &generator))\"" }
      let answer = ["A", "B", "C", "D"].randomElement(using: &generator) ?? "A"
      return """
        {"id": "q\(index)", "question": "\(question)?", "choices": {"text": \
        [\(choices.joined(separator: ", "))], "label": ["A", "B", "C", "D"]}, \
        "answerKey": "\(answer)"}

        """
    }
  }

  private static func word(
    _ letters: [Character], _ length: Int, _ generator: inout SeededGenerator
  ) -> String {
    String((0..<length).map { _ in letters.randomElement(using: &generator) ?? "a" })
  }
}
