import Testing
import WinaPipeline
import WinaStages

struct ParameterTests {
  /// The least that a stage's parameters must say.
  private static let required: [String: [String: JSONValue]] = [
    "profile": ["sparsity": 0.5], "command": ["run": "true > {out}"],
    "cluster": ["k": 3],
  ]
  /// What other stages set, and no spec.
  private static let internals: [String: Set<String>] = [
    "capture": ["centring", "exact", "active", "features"], "histogram": ["centring", "scores"],
  ]

  @Test(arguments: StageCatalog.registry.kinds)
  func parametersAreExactlyTheKeysThatDecode(_ kind: String) throws {
    let stage = try #require(StageCatalog.registry[kind])
    let recorder = KeyRecorder(Self.required[kind] ?? [:])
    _ = try stage.prepare(recorder)
    let keys = recorder.keys.subtracting(Self.internals[kind] ?? [])
    #expect(keys == Set(stage.parameters.map(\.name)))
    for parameter in stage.parameters { #expect(!parameter.help.isEmpty) }
  }

  @Test(arguments: StageCatalog.registry.kinds)
  func documentedDefaultsAreTheDecodedOnes(_ kind: String) throws {
    let stage = try #require(StageCatalog.registry[kind])
    let given = Self.required[kind] ?? [:]
    let prepared = try stage.prepare(KeyRecorder(given))
    #expect(prepared.problems == [])
    for parameter in stage.parameters where given[parameter.name] == nil {
      let decoded = prepared.params[parameter.name]
      if parameter.isRequired {
        #expect(decoded == nil)
      } else {
        #expect(
          decoded?.canonicalText == parameter.defaultValue?.canonicalText, "\(parameter.name)")
      }
    }
  }

  @Test(arguments: StageCatalog.registry.kinds)
  func requiredParametersAreMissedByName(_ kind: String) throws {
    let stage = try #require(StageCatalog.registry[kind])
    for parameter in stage.parameters where parameter.isRequired {
      #expect(throws: (any Error).self) { try stage.prepare(KeyRecorder([:])) }
    }
  }

  private func problems(
    _ kind: String, _ params: [String: JSONValue]
  ) throws -> [ParameterProblem] {
    try #require(StageCatalog.registry[kind]).prepare(KeyRecorder(params)).problems
  }

  @Test func aSparsityInPercentIsSuggestedAsAFraction() throws {
    let problem = try #require(problems("profile", ["sparsity": 65]).first)
    #expect(problem.path == ["sparsity"])
    #expect(problem.message == "sparsity 65 is not in [0, 1)")
    #expect(problem.help?.contains("did you mean 0.65?") == true)
    #expect(try problems("profile", ["sparsity": 1]).count == 1)
    #expect(try problems("profile", ["sparsity": -0.1]).count == 1)
    #expect(try problems("profile", ["sparsity": 0]).isEmpty)
  }

  @Test func whatCATSCannotDoIsSaid() throws {
    let centred: [String: JSONValue] = ["score": "cats", "sparsity": 0.2, "centring": "global"]
    #expect(try problems("profile", centred).map(\.path) == [["centring"]])
    let ranked: [String: JSONValue] = ["score": "cats", "sparsity": 0.2, "gate": "topk"]
    #expect(try problems("profile", ranked).map(\.path) == [["gate"]])
    #expect(try problems("cluster", ["k": 2, "score": "cats"]).map(\.path) == [["score"]])
  }

  @Test func numbersOutOfRangeAreNamed() throws {
    #expect(try problems("tokenize", ["max_tokens": 1]).map(\.path) == [["max_tokens"]])
    #expect(try problems("tokenize", ["dense_prefix": -1]).map(\.path) == [["dense_prefix"]])
    #expect(try problems("capture", ["scores": []]).map(\.path) == [["scores"]])
    #expect(try problems("cluster", [:]).first?.message == "algorithm 'kmeans' needs 'k'")
    #expect(try problems("cluster", ["k": 0]).map(\.path) == [["k"]])
    #expect(try problems("cluster", ["k": 2, "pca": -1]).map(\.path) == [["pca"]])
    #expect(try problems("classifier", ["l2": -1]).map(\.path) == [["l2"]])
    #expect(try problems("compare", ["bootstrap": 3]).map(\.path) == [["bootstrap"]])
    let repeated: JSONValue = ["stage": "shuffled", "repeat": 0]
    #expect(
      try problems("compare", ["controls": repeated]).map(\.path) == [["controls", "repeat"]])
    #expect(try problems("compare", ["seeds": repeated]).map(\.path) == [["seeds", "repeat"]])
    let halved = try problems("cluster", ["algorithm": "label", "halves": true])
    #expect(halved.map(\.message) == ["'halves' is only for algorithms that compare features"])
    let contrast: JSONValue = ["metric": "kl", "contrast": "routed-uniform"]
    #expect(
      try problems("compare", ["primary": contrast]).map(\.path) == [["primary", "contrast"]])
    #expect(try problems("command", ["run": "true"]).map(\.path) == [["run"]])
    #expect(
      try problems("command", ["run": "true > {out}", "inputs": ["a"]]).map(\.path) == [["inputs"]])
  }
}
