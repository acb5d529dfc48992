/// How the records of a data set become prompts and choices.
enum TaskTemplate: Sendable, Hashable {
  case arc
  case boolq
  case hellaswag
  case lambada
  case mmlu(withoutDescription: Bool)
  case openbookqa
  case piqa
  case winogrande
  case wikitext
  case document
  case rolling
  case suite
  case samples
  case custom(TaskDefinition)

  /// Builds the item of one record.
  func item(
    label: String, _ fields: RecordFields
  ) throws(EvaluationError) -> EvaluationItem {
    switch self {
    case .suite where fields.has("text") && fields.has("query"):
      throw fields.wrong("text", "stands beside 'query'; a record is a document or a question")
    case .suite where !fields.has("text"):
      var question = try foundry(fields)
      if fields.has("level") { question.subject = "level \(try fields.integer("level"))" }
      return .choices(try question.item(label: label, fields))
    case .document, .suite:
      return .document(DocumentItem(label: label, text: try fields.string("text")))
    case .lambada:
      return .continuation(try lambada(label, fields))
    case .rolling:
      let text = try fields.string("text")
      return .rolling(RollingItem(label: label, text: text, original: text))
    case .wikitext:
      let page = try fields.string(fields.has("page") || !fields.has("text") ? "page" : "text")
      return .rolling(
        RollingItem(label: label, text: WikiText.detokenized(page), original: page))
    case .winogrande where !fields.has("query"):
      return .choices(try winogrande(label, fields))
    default:
      let question = try fields.has("query") ? foundry(fields) : question(fields)
      return .choices(try question.item(label: label, fields))
    }
  }

  private func question(_ fields: RecordFields) throws(EvaluationError) -> Question {
    switch self {
    case .arc: try lettered(fields, prompt: asked(fields.string("question")), trimming: false)
    case .openbookqa:
      try lettered(fields, prompt: fields.string("question_stem"), trimming: true)
    case .boolq:
      try boolq(fields)
    case .piqa:
      Question(
        prompt: asked(try fields.string("goal")),
        choices: [try fields.string("sol1"), try fields.string("sol2")],
        gold: try fields.integer("label"), goldKey: "label")
    case .hellaswag: try hellaswag(fields)
    case .mmlu(let withoutDescription):
      try mmlu(fields, withoutDescription: withoutDescription)
    case .lambada, .winogrande, .wikitext, .document, .rolling, .suite, .samples, .custom:
      throw fields.wrong("query", "is not part of this task")
    }
  }

  private func asked(_ question: String) -> String { "Question: \(question)\nAnswer:" }

  /// The layout of prepared prompts: `query`, `choices` and `gold`.
  private func foundry(_ fields: RecordFields) throws(EvaluationError) -> Question {
    var prompt = try fields.string("query")
    if self == .arc, !prompt.hasSuffix("Answer:") { prompt += "\nAnswer:" }
    return Question(
      prompt: prompt, choices: try fields.strings("choices"), gold: try fields.integer("gold"),
      goldKey: "gold")
  }

  /// Choices with letters, and the letter of the right one.
  private func lettered(
    _ fields: RecordFields, prompt: String, trimming: Bool
  ) throws(EvaluationError) -> Question {
    let choices = try fields.object("choices")
    let letters = try choices.strings("label")
    var answer = try fields.string("answerKey")
    if trimming { answer = PythonText.stripStart(answer) }
    guard let gold = letters.firstIndex(of: answer) else {
      throw fields.wrong(
        "answerKey", "is '\(answer)', which is not among \(letters.joined(separator: ", "))")
    }
    return Question(
      prompt: prompt, choices: try choices.strings("text"), gold: gold, goldKey: "answerKey")
  }

  private func hellaswag(_ fields: RecordFields) throws(EvaluationError) -> Question {
    let context =
      try fields.string("ctx_a") + " " + PythonText.capitalized(fields.string("ctx_b"))
    let prompt = try fields.string("activity_label") + ": " + context
    return Question(
      prompt: cleaned(prompt), choices: try fields.strings("endings").map(cleaned),
      gold: try fields.integer("label"), goldKey: "label")
  }

  /// The harness's clean-up of HellaSwag's WikiHow markup.
  private func cleaned(_ text: String) -> String {
    let titled = PythonText.replacing(PythonText.strip(text), " [title]", with: ". ")
    return PythonText.replacing(PythonText.removingBrackets(titled), "  ", with: " ")
  }

  /// The answer is a boolean, or the number of the choice as `label` (super_glue).
  private func boolq(_ fields: RecordFields) throws(EvaluationError) -> Question {
    let prompt =
      try fields.string("passage") + "\nQuestion: " + fields.string("question") + "?\nAnswer:"
    let isLabelled = !fields.has("answer") && fields.has("label")
    let gold =
      isLabelled ? try fields.integer("label") : try fields.bool("answer") ? 1 : 0
    return Question(
      prompt: prompt, choices: ["no", "yes"], gold: gold, goldKey: isLabelled ? "label" : "answer")
  }

  private func mmlu(
    _ fields: RecordFields, withoutDescription: Bool
  ) throws(EvaluationError) -> Question {
    let subject = try fields.string("subject")
    let options = try fields.strings("choices")
    let letters = ["A", "B", "C", "D"]
    guard options.count == letters.count else {
      throw fields.wrong("choices", "must hold 4 choices, it holds \(options.count)")
    }
    let spoken = PythonText.replacing(subject, "_", with: " ")
    var prompt =
      withoutDescription
      ? "" : "The following are multiple choice questions (with answers) about \(spoken).\n\n"
    prompt += PythonText.strip(try fields.string("question"))
    for (letter, option) in zip(letters, options) { prompt += "\n\(letter). \(option)" }
    return Question(
      prompt: prompt + "\nAnswer:", choices: letters, gold: try mmluGold(fields, letters),
      goldKey: "answer", subject: subject)
  }

  /// The position of the answer, also where it is given as a letter.
  private func mmluGold(
    _ fields: RecordFields, _ letters: [String]
  ) throws(EvaluationError) -> Int {
    if let letter = try? fields.string("answer"), let index = letters.firstIndex(of: letter) {
      return index
    }
    return try fields.integer("answer")
  }

  /// Partial evaluation: each option completes the context and the rest of the sentence is scored.
  private func winogrande(
    _ label: String, _ fields: RecordFields
  ) throws(EvaluationError) -> MultipleChoiceItem {
    let sentence = Array(try fields.string("sentence").unicodeScalars)
    guard let blank = sentence.firstIndex(of: "_") else {
      throw fields.wrong("sentence", "must have a '_' for the blank")
    }
    let head = text(sentence[..<blank])
    let tail = " " + PythonText.strip(text(sentence[(blank + 1)...]))
    let answer = try fields.integer("answer")
    guard (1...2).contains(answer) else {
      throw fields.wrong("answer", "must be 1 or 2, it is \(answer)")
    }
    let contexts = [head + (try fields.string("option1")), head + (try fields.string("option2"))]
    return MultipleChoiceItem(
      label: label, subject: nil, prompt: head,
      requests: contexts.map { LikelihoodRequest(context: $0, continuation: tail) },
      choices: contexts, gold: answer - 1)
  }

  private func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  private func lambada(
    _ label: String, _ fields: RecordFields
  ) throws(EvaluationError) -> ContinuationItem {
    if !fields.has("context"), fields.has("text") {
      let words = try fields.string("text").unicodeScalars.split(
        separator: " ", omittingEmptySubsequences: false)
      return ContinuationItem(
        label: label,
        request: LikelihoodRequest(
          context: words.dropLast().map { String($0) }.joined(separator: " "),
          continuation: " " + (words.last.map { String($0) } ?? "")))
    }
    return ContinuationItem(
      label: label,
      request: LikelihoodRequest(
        context: try fields.string("context"),
        continuation: " " + (try fields.string("continuation"))))
  }
}

/// A prompt with its choices, before it becomes requests.
private struct Question {
  var prompt: String
  var choices: [String]
  var gold: Int
  var goldKey: String
  var subject: String?

  func item(
    label: String, _ fields: RecordFields
  ) throws(EvaluationError) -> MultipleChoiceItem {
    guard choices.count >= 2 else {
      throw fields.wrong("choices", "must hold at least 2 choices, it holds \(choices.count)")
    }
    guard choices.indices.contains(gold) else {
      throw fields.wrong(goldKey, "is \(gold), which is not one of the \(choices.count) choices")
    }
    return MultipleChoiceItem(
      label: label, subject: subject, prompt: prompt,
      requests: choices.map { LikelihoodRequest(context: prompt, continuation: " " + $0) },
      choices: choices, gold: gold)
  }
}
