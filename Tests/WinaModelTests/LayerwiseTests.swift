import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// A model of which one layer at a time is in memory.
struct LayerwiseTests {
  @Test func activationsAndNormsAreThoseOfTheWholeModel() throws {
    let tiny = TinyModel(layers: 3, hidden: 32, heads: 4, headSize: 8, feedForward: 70, seed: 11)
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    let model = try LanguageModel.load(directory: directory.path)
    let layerwise = try LayerwiseModel(directory: directory.path)
    #expect(layerwise.configuration == model.configuration)
    let norms = try layerwise.columnNorms()
    var generator = SeededGenerator(seed: 12)
    let sequences = [5, 90, 1, 96, 96, 96, 96, 96, 40].map { length in
      (0..<length).map { _ in Int32.random(in: 0..<50, using: &generator) }
    }
    var seen: [[TapPoint: [Float]]] = Array(repeating: [:], count: sequences.count)
    var layers: [Int] = []
    try layerwise.forward(
      sequences, workspace: ForwardWorkspace(), beforeLayer: { layers.append($0) }
    ) { index, point, block in
      #expect(seen[index][point] == nil && block.firstPosition == 0)
      seen[index][point] = block.values
    }
    #expect(layers == [0, 1, 2])
    for (tokens, found) in zip(sequences, seen) {
      var expected: [TapPoint: [Float]] = [:]
      _ = try model.forward(
        tokens, ForwardRequest(logitRows: .none), workspace: ForwardWorkspace()
      ) { expected[$0] = $1.values }
      #expect(found == expected && found.count == 15)
    }
    for projection in Projection.allCases {
      #expect(norms[1][projection] == model.columnNorms(layer: 1, projection: projection))
    }
    #expect(throws: ModelError.self) {
      try layerwise.forward([[50]], workspace: ForwardWorkspace()) { _, _, _ in }
    }
    #expect(try LanguageModel.weightBytes(directory: directory.path) == 4 * tiny.parameters)
  }
}
