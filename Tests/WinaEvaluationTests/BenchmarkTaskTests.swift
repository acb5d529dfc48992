import Testing
import WinaEvaluation

@Suite("Benchmark tasks") struct BenchmarkTaskTests {
  private static let origin = RecordOrigin(file: "data/x.jsonl", line: 7)

  private func parse(_ task: String, _ record: String) throws -> EvaluationItem {
    try BenchmarkTask.named(task).parse(record: Array(record.utf8), origin: Self.origin)
  }

  private func choices(_ task: String, _ record: String) throws -> MultipleChoiceItem {
    guard case .choices(let item) = try parse(task, record) else {
      throw EvaluationError(code: .wrongField, message: "not multiple choice", hint: "")
    }
    return item
  }

  @Test(
    "ARC asks a question and offers lettered choices", arguments: ["arc_easy", "arc_challenge"])
  func arc(task: String) throws {
    let item = try choices(
      task,
      #"{"id": "a", "question": "What is 2?", "choices": {"text": ["one", "a pair"], "label": ["1", "2"]}, "answerKey": "2"}"#
    )
    #expect(item.prompt == "Question: What is 2?\nAnswer:")
    #expect(item.requests.map(\.context) == [item.prompt, item.prompt])
    #expect(item.requests.map(\.continuation) == [" one", " a pair"])
    #expect(item.choices == ["one", "a pair"])
    #expect(item.gold == 1)
    #expect(item.label == task)
  }

  @Test("a prepared ARC query gets the answer cue exactly once")
  func preparedARC() throws {
    let bare = #"{"query": "Question: Why?", "choices": ["x", "y"], "gold": 1}"#
    let cued = #"{"query": "Question: Why?\nAnswer:", "choices": ["x", "y"], "gold": 1}"#
    #expect(try choices("arc_easy", bare) == choices("arc_easy", cued))
    #expect(try choices("arc_easy", bare).prompt == "Question: Why?\nAnswer:")
  }

  @Test("a suite's records are choices, with their level as subject, or documents")
  func suite() throws {
    let task = BenchmarkTask.suite(label: "sums")
    func parse(_ record: String) throws -> EvaluationItem {
      try task.parse(record: Array(record.utf8), origin: Self.origin)
    }
    let record = #"{"query": "1 + 1 =>", "choices": ["2.", "3."], "gold": 1, "level": 2}"#
    guard case .choices(let item) = try parse(record) else {
      Issue.record("not multiple choice")
      return
    }
    #expect(item.label == "sums" && item.subject == "level 2" && item.gold == 1)
    #expect(item.prompt == "1 + 1 =>")
    #expect(item.requests.map(\.continuation) == [" 2.", " 3."])
    #expect(
      try parse(#"{"text": "abc"}"#) == .document(DocumentItem(label: "sums", text: "abc")))
    #expect(throws: EvaluationError.self) {
      try parse(#"{"text": "abc", "query": "1 + 1 =>", "choices": ["2.", "3."], "gold": 1}"#)
    }
    let error = #expect(throws: EvaluationError.self) {
      try parse(#"{"query": "1 + 1 =>", "gold": 1}"#)
    }
    #expect(error?.message.contains("choices") == true)
    #expect(error?.message.contains("data/x.jsonl:7") == true)
  }

  @Test("BoolQ's answer is a boolean or the number of the choice")
  func boolqLabels() throws {
    let rest = #""passage": "P.", "question": "is it so""#
    for (field, gold) in [("\"answer\": true", 1), ("\"label\": 0", 0), ("\"label\": 1", 1)] {
      let item = try choices("boolq", "{\(rest), \(field)}")
      #expect(item.prompt == "P.\nQuestion: is it so?\nAnswer:")
      #expect(item.choices == ["no", "yes"] && item.gold == gold)
    }
    #expect(throws: EvaluationError.self) { try choices("boolq", "{\(rest), \"label\": 2}") }
  }

  @Test("how records are read is a text that makes the task again")
  func readings() throws {
    for task in BenchmarkTask.catalog {
      #expect(task.reading == task.name)
      #expect(try BenchmarkTask(reading: task.reading) == task)
    }
    let stripped = try BenchmarkTask.named("mmlu").withoutDescription
    #expect(try BenchmarkTask(reading: stripped.reading) == stripped)
    #expect(stripped.reading != "mmlu")
    #expect(try BenchmarkTask(reading: HarnessFixture.toys.reading) == HarnessFixture.toys)
    #expect(HarnessFixture.toys.reading.hasPrefix("{"))
    for wrong in ["nope", "{}", "nope without description"] {
      #expect(throws: EvaluationError.self) { try BenchmarkTask(reading: wrong) }
    }
  }

  @Test("PIQA keeps the spaces its solutions end with")
  func piqa() throws {
    let item = try choices("piqa", #"{"goal": "dresser", "sol1": "pin ", "sol2": "b", "label": 0}"#)
    #expect(item.prompt == "Question: dresser\nAnswer:")
    #expect(item.requests.map(\.continuation) == [" pin ", " b"])
    #expect(item.gold == 0)
  }

  @Test("OpenBookQA is a stem, its answer key loses leading spaces")
  func openbookqa() throws {
    let item = try choices(
      "openbookqa",
      #"{"question_stem": "Gas can", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": " B"}"#
    )
    #expect(item.prompt == "Gas can")
    #expect(item.gold == 1)
  }

  @Test("BoolQ appends the question mark and answers no or yes")
  func boolq() throws {
    let item = try choices(
      "boolq", #"{"question": "is it so", "answer": true, "passage": "It is."}"#)
    #expect(item.prompt == "It is.\nQuestion: is it so?\nAnswer:")
    #expect(item.choices == ["no", "yes"])
    #expect(item.gold == 1)
  }

  @Test("HellaSwag cleans markup and capitalises as Python does")
  func hellaswag() throws {
    let item = try choices(
      "hellaswag",
      #"{"activity_label": "Cooking", "ctx_a": "A man [substeps] stirs.", "ctx_b": "then HE", "endings": [" eats [title] it. ", "a  b"], "label": "1"}"#
    )
    #expect(item.prompt == "Cooking: A man stirs. Then he")
    #expect(item.choices == ["eats. it.", "a b"])
    #expect(item.requests.map(\.continuation) == [" eats. it.", " a b"])
    #expect(item.gold == 1)
  }

  @Test("a HellaSwag query is used as it is")
  func preparedHellaswag() throws {
    let item = try choices(
      "hellaswag", #"{"ind": 3, "query": "Q: x", "choices": ["a", "b"], "gold": 0}"#)
    #expect(item.prompt == "Q: x")
  }

  @Test("MMLU describes the subject and offers letters")
  func mmlu() throws {
    let item = try choices(
      "mmlu",
      #"{"question": " What? ", "subject": "high_school_physics", "choices": ["p", "q", "r", "s"], "answer": 2}"#
    )
    #expect(
      item.prompt == """
        The following are multiple choice questions (with answers) about high school physics.

        What?
        A. p
        B. q
        C. r
        D. s
        Answer:
        """)
    #expect(item.requests.map(\.continuation) == [" A", " B", " C", " D"])
    #expect(item.gold == 2)
    #expect(item.subject == "high_school_physics")
  }

  @Test("WinoGrande scores the same ending after each option")
  func winogrande() throws {
    let item = try choices(
      "winogrande",
      #"{"sentence": "Ann beat Bo so _ won it. ", "option1": "Ann", "option2": "Bo", "answer": "2"}"#
    )
    #expect(
      item.requests == [
        LikelihoodRequest(context: "Ann beat Bo so Ann", continuation: " won it."),
        LikelihoodRequest(context: "Ann beat Bo so Bo", continuation: " won it."),
      ])
    #expect(item.prompt == "Ann beat Bo so ")
    #expect(item.gold == 1)
  }

  @Test("LAMBADA splits off the last word, whichever way the file writes it")
  func lambada() throws {
    let split = try parse("lambada_openai", #"{"context": "a b", "continuation": "c"}"#)
    let whole = try parse("lambada_openai", #"{"text": "a b c"}"#)
    #expect(split == whole)
    guard case .continuation(let item) = split else {
      Issue.record("LAMBADA is a continuation task")
      return
    }
    #expect(item.request == LikelihoodRequest(context: "a b", continuation: " c"))
  }

  @Test("documents are a text field or a whole file")
  func documents() throws {
    let task = BenchmarkTask.documents(label: "wiki")
    let record = try task.parse(
      record: Array(#"{"id": 1, "text": "héé\n"}"#.utf8), origin: Self.origin)
    #expect(record == .document(DocumentItem(label: "wiki", text: "héé\n")))
    #expect(try task.document(text: Array("héé\n".utf8), origin: Self.origin) == record)
    let broken = #expect(throws: EvaluationError.self) {
      try task.document(text: [0x61, 0xFF], origin: Self.origin)
    }
    #expect(
      broken?.message == "wiki: data/x.jsonl:7: the record is not valid: the text is not UTF-8")
  }

  @Test(
    "an error names task, file, line and key",
    arguments: [
      ("piqa", #"{"goal": "g", "sol1": "a", "label": 0}"#, "the record has no 'sol2'"),
      ("piqa", #"{"goal": 3, "sol1": "a", "sol2": "b", "label": 0}"#, "'goal' must be a string"),
      (
        "piqa", #"{"goal": "g", "sol1": "a", "sol2": "b", "label": 2}"#,
        "'label' is 2, which is not one of the 2 choices"
      ),
      (
        "piqa", #"{"goal": "g", "sol1": "a", "sol2": "b", "label": "x"}"#,
        "'label' must be an integer"
      ),
      (
        "arc_easy", #"{"question": "q", "choices": {"text": ["a", "b"]}, "answerKey": "A"}"#,
        "the record has no 'choices.label'"
      ),
      (
        "arc_easy", #"{"question": "q", "choices": ["a"], "answerKey": "A"}"#,
        "'choices' must be an object"
      ),
      (
        "arc_easy",
        #"{"question": "q", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "C"}"#,
        "'answerKey' is 'C', which is not among A, B"
      ),
      (
        "boolq", #"{"question": "q", "answer": 1, "passage": "p"}"#,
        "'answer' must be true or false"
      ),
      (
        "mmlu", #"{"question": "q", "subject": "s", "choices": ["a"], "answer": 0}"#,
        "'choices' must hold 4 choices, it holds 1"
      ),
      (
        "winogrande", #"{"sentence": "none", "option1": "a", "option2": "b", "answer": "1"}"#,
        "'sentence' must have a '_' for the blank"
      ),
      ("lambada_openai", #"{"context": "c"}"#, "the record has no 'continuation'"),
      (
        "hellaswag", #"{"query": "q", "choices": ["a"], "gold": 0}"#,
        "'choices' must hold at least 2 choices, it holds 1"
      ),
    ])
  func recordErrors(task: String, record: String, problem: String) {
    let error = #expect(throws: EvaluationError.self) { try parse(task, record) }
    #expect(error?.message == "\(task): data/x.jsonl:7: \(problem)")
    #expect(error?.hint.isEmpty == false)
  }

  @Test("text that is not a JSON object is malformed", arguments: ["", "[1]", "{\"a\": ", "nope"])
  func malformed(record: String) {
    let error = #expect(throws: EvaluationError.self) { try parse("piqa", record) }
    #expect(error?.code == .malformedRecord)
    #expect(error?.message.hasPrefix("piqa: data/x.jsonl:7: the record is not valid: ") == true)
  }

  @Test(
    "text that is no JSON is told with its column, in characters from 1",
    arguments: [
      ("", "there is no value at column 1"), ("nope", "there is no value at column 1"),
      ("{\"goal\": \"é\" \"sol1\": 1}", "there is no ',' or '}' at column 14"),
      ("{\"goal\": }", "there is no value at column 10"),
      ("{\"goal\": \"a\"", "there is no ',' or '}' at column 13"),
      ("{\"goal\": \"a", "a string does not end at column 12"),
      ("{\"goal\": \"\\x\"}", "there is no such escape at column 12"),
      ("[1]", "it is not a JSON object"),
    ])
  func placesOfSyntaxErrors(record: String, problem: String) {
    let error = #expect(throws: EvaluationError.self) { try parse("piqa", record) }
    #expect(error?.message == "piqa: data/x.jsonl:7: the record is not valid: \(problem)")
    #expect(error?.hint == "every line of the file must be one JSON object in UTF-8")
  }

  @Test("an unknown task lists the known ones")
  func unknownTask() {
    let error = #expect(throws: EvaluationError.self) { try BenchmarkTask.named("piqua") }
    #expect(error?.message == "there is no benchmark task 'piqua'")
    #expect(error?.hint.contains("piqa") == true)
  }

  @Test("files are looked for plain and compressed")
  func files() throws {
    let task = try BenchmarkTask.named("arc_easy")
    #expect(task.files.prefix(2) == ["arc_easy/validation.jsonl", "arc_easy/validation.jsonl.zst"])
    #expect(task.files.contains("arc_easy/test_foundry.jsonl.zst"))
    #expect(task.missingFileError.message == "task 'arc_easy' has no data file")
    #expect(
      try BenchmarkTask.named("winogrande_xl").files.first == "winogrande_xl/validation.jsonl")
  }
}
