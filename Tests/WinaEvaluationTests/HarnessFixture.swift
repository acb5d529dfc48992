import Foundation
import Testing
import WinaEvaluation
import WinaModel
import WinaTestSupport

/// What `Tests/Fixtures/harness/generate.py` got from lm-evaluation-harness 0.4.13.
enum HarnessFixture {
  static let folder = SharedData.packageRoot + "/Tests/Fixtures/harness/"

  /// The numbers of one task on one model of the shared data.
  struct Task: Decodable, Sendable {
    struct Item: Decodable, Sendable {
      var index: Int
      var log_likelihoods: [Double]
    }
    var limit: Int
    var items: [Item]
    var results: [String: Number]
  }

  /// A number, or `N/A`.
  enum Number: Decodable, Sendable {
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    var value: Double? { if case .number(let value) = self { value } else { nil } }
  }

  struct Texts: Decodable, Sendable {
    struct Page: Decodable, Sendable {
      var page: String
      var text: String
      var words: Int
    }
    struct Dirty: Decodable, Sendable {
      var text: String
      var clean: String
    }
    struct Bootstrap: Decodable, Sendable {
      var values: [Double]
      var error: Double
    }
    struct Pooled: Decodable, Sendable {
      var errors: [Double]
      var sizes: [Int]
      var error: Double
    }
    struct Answer: Decodable, Sendable {
      var answer: String
      var target: String
      var filter: String
      var found: String
      var match: Double
    }
    var pages: [Page]
    var hellaswag: [Dirty]
    var bootstrap: Bootstrap
    var windows: [String: [[[Int32]]]]
    var pooled: Pooled
    var brier: Double
    var answers: [Answer]
  }

  static func read<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
    let data = try #require(FileManager.default.contents(atPath: folder + name))
    return try JSONDecoder().decode(type, from: data)
  }

  static func records(_ path: String) throws -> [TaskEvaluation.Record] {
    let data = try #require(FileManager.default.contents(atPath: path))
    return data.split(separator: 0x0A).enumerated().map { index, line in
      TaskEvaluation.Record(
        bytes: Array(line), origin: RecordOrigin(file: path, line: index + 1))
    }
  }

  /// The bundled model.
  static func octet() throws -> TaskEvaluation {
    try evaluation(SharedData.packageRoot + "/models/octet")
  }

  static func evaluation(_ directory: String) throws -> TaskEvaluation {
    let model = try LanguageModel.load(directory: directory)
    return TaskEvaluation(
      evaluator: Evaluator(model: model),
      encoder: SampleEncoder(
        tokenizer: try Tokenizer.load(path: directory), configuration: model.configuration))
  }

  /// The task of `tasks/toys.yaml`.
  static let toys = BenchmarkTask.custom(
    TaskDefinition(
      name: "toys", prompt: "Question: {question}\nAnswer:", choices: .field("options"),
      gold: "{answer}", labels: .templates(["A", "B", "C"]),
      metrics: TaskDefinition.metrics(of: .multipleChoice)))
}
