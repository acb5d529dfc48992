import Testing
import WinaEvaluation

@Suite("Tasks by templates") struct TaskDefinitionTests {
  private static let origin = RecordOrigin(file: "data/x.jsonl", line: 3)

  private func item(
    _ definition: TaskDefinition, _ record: OrderedJSON
  ) throws -> EvaluationItem {
    try BenchmarkTask.custom(definition).parse(
      record: Array(record.dumped().utf8), origin: Self.origin)
  }

  private func choices(
    _ definition: TaskDefinition, _ record: OrderedJSON
  ) throws -> MultipleChoiceItem {
    guard case .choices(let item) = try item(definition, record) else {
      throw EvaluationError(code: .wrongField, message: "not multiple choice", hint: "")
    }
    return item
  }

  @Test("fields, braces and changes")
  func templates() throws {
    let definition = TaskDefinition(
      name: "t", description: "About {topic|spaces}: ", prompt: "{{{q|strip}}} {a.b[1]} {n}",
      choices: .templates(["{x|capitalize}", "{x|lower}"]), gold: "{g}",
      subject: "text {n}", delimiter: "=")
    let item = try choices(
      definition,
      [
        "topic": "big_dogs", "q": "  why ", "a": ["b": ["no", "yes"]], "n": .double(0.5),
        "x": "heLLo", "g": 1,
      ])
    #expect(item.prompt == "About big dogs: {why} yes 0.5")
    #expect(item.requests.map(\.continuation) == ["=Hello", "=hello"])
    #expect(item.choices == ["Hello", "hello"] && item.gold == 1)
    #expect(item.subject == "text 0.5")
  }

  @Test(
    "gold is a position, a boolean, a label or a text",
    arguments: [
      (OrderedJSON.int(1), TaskDefinition.Texts?.none, 1), ("1", nil, 1), (true, nil, 1),
      ("b", nil, 1), ("Y", .templates(["X", "Y"]), 1), (2, .templates(["1", "2"]), 1),
      ("X", .field("names"), 0),
    ])
  func gold(value: OrderedJSON, labels: TaskDefinition.Texts?, expected: Int) throws {
    let definition = TaskDefinition(
      name: "t", prompt: "p", choices: .field("c"), gold: "{g}", labels: labels)
    let item = try choices(definition, ["c": ["a", "b"], "g": value, "names": ["X", "Y"]])
    #expect(item.gold == expected)
  }

  @Test("what a record lacks is named with task, file, line and field")
  func errors() {
    let definition = TaskDefinition(
      name: "t", prompt: "{q}", choices: .field("c.text"), gold: "{g}")
    let cases: [(OrderedJSON, String)] = [
      (["c": ["text": ["a", "b"]], "g": 0], "'q'"), (["q": "x", "g": 0], "'c.text'"),
      (["q": "x", "c": ["text": "a"], "g": 0], "list"),
      (["q": "x", "c": ["text": ["a"]], "g": 0], "at least 2"),
      (["q": "x", "c": ["text": ["a", "b"]], "g": 2], "not one of the 2"),
      (["q": "x", "c": ["text": ["a", "b"]], "g": "z"], "'z'"),
      (["q": nil, "c": ["text": ["a", "b"]], "g": 0], "'q'"),
    ]
    for (record, part) in cases {
      let error = #expect(throws: EvaluationError.self) { try item(definition, record) }
      #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
      #expect(error?.message.hasPrefix("t: data/x.jsonl:3") == true)
    }
  }

  @Test("continuations and whole texts")
  func others() throws {
    let continuation = TaskDefinition(
      name: "t", output: .loglikelihood, prompt: "{a}", target: "{b}", delimiter: "")
    #expect(
      try item(continuation, ["a": "x", "b": " y"])
        == .continuation(
          ContinuationItem(
            label: "t", request: LikelihoodRequest(context: "x", continuation: " y"))))
    let rolling = TaskDefinition(name: "t", output: .rolling, target: "{body}")
    #expect(
      try item(rolling, ["body": "a b"])
        == .rolling(RollingItem(label: "t", text: "a b", original: "a b")))
  }

  @Test(
    "faulty templates say where",
    arguments: [
      ("a {b", 2), ("a }b", 2), ("{a|shout}", 0), ("{a..b}", 0), ("{}", 0), ("{a[x]}", 0),
    ]
  )
  func faults(text: String, offset: Int) {
    let problem = #expect(throws: FieldTemplate.Problem.self) { try FieldTemplate(text) }
    #expect(problem?.offset == offset)
  }

  @Test("MMLU is divided by subject, in the harness's order and groups")
  func selection() throws {
    #expect(MMLU.subjects.values.reduce(0) { $0 + $1.count } == 57)
    func record(_ subject: String) -> TaskEvaluation.Record {
      let text = OrderedJSON.object([.init("subject", .string(subject))]).dumped()
      return TaskEvaluation.Record(bytes: Array(text.utf8), origin: Self.origin)
    }
    let records = ["marketing", "anatomy", "marketing", "virology"].map(record)
    let all = try TaskSelection(named: "mmlu").divided(records)
    #expect(all.map(\.task.name) == ["mmlu_anatomy", "mmlu_marketing", "mmlu_virology"])
    #expect(all.map(\.records.count) == [1, 2, 1])
    let other = try TaskSelection(named: "mmlu_other").divided(records)
    #expect(other.map(\.task.alias) == ["marketing", "virology"])
    let one = try TaskSelection(named: "mmlu_anatomy").divided(records)
    #expect(one.map(\.task.name) == ["mmlu_anatomy"])
    let error = #expect(throws: EvaluationError.self) { try TaskSelection(named: "mmlu_magic") }
    #expect(error?.code == .unknownTask)
  }

  @Test("without its description an MMLU prompt does not name the subject")
  func description() throws {
    let record =
      #"{"question": " q ", "subject": "big_dogs", "choices": ["a","b","c","d"], "answer": "C"}"#
    let task = try BenchmarkTask.named("mmlu")
    func prompt(_ task: BenchmarkTask) throws -> String {
      guard
        case .choices(let item) = try task.parse(
          record: Array(record.utf8), origin: Self.origin)
      else { return "" }
      #expect(item.gold == 2)
      return item.prompt
    }
    #expect(try prompt(task).contains("about big dogs."))
    #expect(try prompt(task.withoutDescription) == "q\nA. a\nB. b\nC. c\nD. d\nAnswer:")
    #expect(try BenchmarkTask.named("piqa").withoutDescription == BenchmarkTask.named("piqa"))
  }
}
