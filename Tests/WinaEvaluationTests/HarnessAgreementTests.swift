import Testing
import WinaEvaluation
import WinaModel
import WinaTestSupport

/// Log-likelihoods of lm-evaluation-harness 0.4.13 (transformers, torch 2.13 on the CPU in f32) on
/// records written for this test, for the models of the shared data.
@Suite("Agreement with lm-evaluation-harness") struct HarnessAgreementTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let task: String
    let record: String
    /// stories260K, then textmix-3m.
    let expected: [[Double]]
    var testDescription: String { task }
  }

  static let models = ["stories260K", "textmix-3m"]

  static let cases = [
    Case(
      task: "arc_easy",
      record: #"""
        {"question": "Which of these can a small child carry to the garden?", "choices": {"text": ["a house", "a red ball", "the moon"], "label": ["A", "B", "C"]}, "answerKey": "B"}
        """#,
      expected: [[-11.97297, -14.51663, -15.83027], [-17.20524, -21.71137, -16.2327]]),
    Case(
      task: "arc_easy",
      record: #"""
        {"question": "Where does a fish live?", "choices": {"text": ["in the water", "in a tree", "under a bed", "in the naïve café"], "label": ["1", "2", "3", "4"]}, "answerKey": "1"}
        """#,
      expected: [
        [-12.60244, -12.75333, -21.34754, -89.73043],
        [-22.23082, -18.48693, -22.65338, -78.1665],
      ]),
    Case(
      task: "boolq",
      record: #"""
        {"passage": "Lily has a big dog. The dog likes to play in the park.", "question": "does the dog like to play", "answer": true}
        """#,
      expected: [[-9.18105, -8.35307], [-10.54454, -11.04439]]),
    Case(
      task: "hellaswag",
      record: #"""
        {"query": "Playing: A girl runs to the swing. She", "choices": ["sits down and laughs.", "is a green car.", "eats the whole park."], "gold": 0}
        """#,
      expected: [[-25.25104, -17.995, -22.89389], [-28.56333, -21.96904, -25.3864]]),
    Case(
      task: "lambada_openai",
      record: #"""
        {"context": "Tim had a ball. The ball was red. Tim loved his red", "continuation": "ball"}
        """#,
      expected: [[-0.30177], [-4.64094]]),
    Case(
      task: "mmlu",
      record: #"""
        {"question": "What is two plus two?", "subject": "elementary_mathematics", "choices": ["one", "four", "nine", "ten"], "answer": 1}
        """#,
      expected: [
        [-3.65488, -3.44274, -4.13374, -3.50532], [-1.39601, -1.17916, -1.48906, -1.54801],
      ]),
    Case(
      task: "openbookqa",
      record: #"""
        {"question_stem": "A bird uses its wings to", "choices": {"text": ["fly in the sky", "eat a stone"], "label": ["A", "B"]}, "answerKey": "A"}
        """#,
      expected: [[-6.52196, -17.67742], [-21.97284, -18.14668]]),
    Case(
      task: "piqa",
      record: #"""
        {"goal": "Keep a toy dry when it rains.", "sol1": "Put it in a box with a lid. ", "sol2": "Put it in the pond.", "label": 0}
        """#,
      expected: [[-35.00765, -18.59166], [-52.97083, -37.44899]]),
    Case(
      task: "winogrande",
      record: #"""
        {"sentence": "Tom gave the cake to Lily because _ was very hungry and sad.", "option1": "Tom", "option2": "Lily", "answer": "2"}
        """#,
      expected: [[-13.2464, -13.16653], [-34.64706, -36.17707]]),
  ]

  @Test(
    "log-likelihoods are the harness's",
    .enabled(if: SharedData.isPresent, "needs ../shared/data, which is absent"),
    arguments: cases, [0, 1])
  func logLikelihoods(item: Case, index: Int) throws {
    let directory = SharedData.path("models/" + Self.models[index])
    let model = try LanguageModel.load(directory: directory)
    let evaluation = TaskEvaluation(
      evaluator: Evaluator(model: model),
      encoder: SampleEncoder(
        tokenizer: try Tokenizer.load(path: directory), configuration: model.configuration))
    let record = TaskEvaluation.Record(
      bytes: Array(item.record.utf8), origin: RecordOrigin(file: "inline", line: 1))
    let report = try evaluation.run(BenchmarkTask.named(item.task), records: [record])
    let values = try #require(report.items.first).logLikelihoods
    #expect(values.count == item.expected[index].count)
    for (value, expected) in zip(values, item.expected[index]) {
      #expect(abs(value - expected) < 1e-3, "\(item.task) on \(Self.models[index])")
    }
  }

  @Test(
    "a document is scored under the policy, twice alike",
    .enabled(if: SharedData.isPresent, "needs ../shared/data, which is absent"),
    arguments: models)
  func documents(name: String) throws {
    let directory = SharedData.path("models/" + name)
    let model = try LanguageModel.load(directory: directory)
    let encoder = SampleEncoder(
      tokenizer: try Tokenizer.load(path: directory), configuration: model.configuration)
    let text =
      "Once upon a time there was a little boy named Ben. Ben loved to explore the world around "
      + "him. He saw many amazing things, like beautiful vases that were on display in a store."
    let sample = try encoder.encode(
      .document(DocumentItem(label: "story", text: text)), maxTokens: 64)
    #expect(sample.prompt.first == model.configuration.bosToken)
    let policy = EvaluationPolicy(routeTokens: 8)
    let evaluator = Evaluator(model: model, policy: policy)
    let workspace = ForwardWorkspace()
    let first = try evaluator.makeReference(sample, workspace: workspace)
    let second = try evaluator.score(sample, reference: first.reference, workspace: workspace)
    #expect(second.total.nll == first.score.total.nll)
    #expect(second.total.kl == 0)
    #expect(first.score.total.tokens == sample.prompt.count - 8)
    #expect(first.score.total.nll / Double(first.score.total.tokens) < 6)
    let covered = text.utf8.count - sample.tokenBytes.prefix(8).reduce(0) { $0 + Int($1) }
    #expect(first.score.total.bytes <= covered)
  }
}
