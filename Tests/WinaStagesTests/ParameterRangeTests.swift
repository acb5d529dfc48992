import Testing
import WinaPipeline
import WinaStages

/// What the description of a parameter says of its values holds for every stage.
struct ParameterRangeTests {
  private func problems(_ parameter: Parameter, _ value: JSONValue) -> [ParameterProblem] {
    parameter.rangeProblems(in: .object([parameter.name: value, "other": -1]))
  }

  @Test func everyNumberOfEveryStageIsBounded() {
    var checked = 0
    for stage in StageCatalog.registry.stages {
      for parameter in stage.parameters {
        let wrap: (JSONValue) -> JSONValue
        let kind: Parameter.Kind
        if case .list(let element) = parameter.kind {
          (kind, wrap) = (element, { .array([$0]) })
        } else {
          (kind, wrap) = (parameter.kind, { $0 })
        }
        let name = "\(stage.kind).\(parameter.name)"
        switch kind {
        case .integer(let range):
          #expect(problems(parameter, wrap(.int(range.lowerBound))).isEmpty, "\(name)")
          #expect(problems(parameter, wrap(.int(range.lowerBound - 1))).count == 1, "\(name)")
          if range.upperBound < .max {
            #expect(problems(parameter, wrap(.int(range.upperBound + 1))).count == 1, "\(name)")
          }
          checked += 1
        case .number(let from, let below):
          #expect(problems(parameter, wrap(.double(from))).isEmpty, "\(name)")
          #expect(problems(parameter, wrap(.double(from - 0.5))).count == 1, "\(name)")
          #expect(problems(parameter, wrap(.double(below))).count == 1, "\(name)")
          checked += 1
        default: break
        }
      }
    }
    #expect(checked > 40)
  }

  @Test func problemsNameThePlaceInside() {
    let parameter = Parameter(
      "arms", .map(.record([Parameter("top", .list(.integer(1...9)), "")])), "")
    let found = parameter.rangeProblems(
      in: ["arms": ["b": ["top": [3, 12]], "a": ["top": [0], "more": -4], "c": "text"]])
    #expect(found.map(\.path) == [["arms", "a", "top", "0"], ["arms", "b", "top", "1"]])
    #expect(found[0].message == "'top' is 0, out of range")
    #expect(found[0].help == "write an integer from 1 to 9")
    let seed = Parameter("seed", .integer(0...Int.max), "")
    #expect(seed.rangeProblems(in: ["seed": -1]).first?.help == "write an integer from 0")
    #expect(seed.rangeProblems(in: ["seed": "x"]).isEmpty && seed.rangeProblems(in: [:]).isEmpty)
  }
}
