import Foundation
import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// Weights that are degenerate, and transforms that do not fit.
struct TransformErrorTests {
  private let tiny = TinyModel(layers: 2, seed: 41)

  /// The tiny model with some weights changed.
  private func model(
    _ change: (String, inout [Float]) -> Void
  ) throws -> LanguageModel {
    let directory = try TemporaryDirectory()
    try tiny.write(to: directory.path)
    let weights = tiny.weights
    try SafetensorsWriter.write(
      tiny.shapes.map { name, shape in
        var values = weights[name] ?? []
        change(name, &values)
        return (name, Tensor(values, shape: shape))
      }, to: directory.path + "/model.safetensors")
    return try LanguageModel.load(directory: directory.path)
  }

  private func transform(_ model: LanguageModel) throws -> ColumnOrthogonalTransform {
    try ColumnOrthogonalTransform(
      hidden: 24, layers: (0..<2).map { try model.rotations(layer: $0) })
  }

  private func logits(_ model: LanguageModel) throws -> [Float] {
    try model.forward([5, 9, 2, 31, 7], ForwardRequest(), workspace: ForwardWorkspace()).logits
  }

  @Test(arguments: ["k_proj", "gate_proj"])
  func weightsOfZerosRotateNothing(name: String) throws {
    let model = try model { tensor, values in
      if tensor == "model.layers.1.\(name == "k_proj" ? "self_attn" : "mlp").\(name).weight" {
        values = [Float](repeating: 0, count: values.count)
      }
    }
    let found = try transform(model)
    let layer = found.layers[1]
    let rotation = name == "k_proj" ? layer.attention : layer.mlp
    #expect(rotation.rank == 0 && rotation.values.allSatisfy { $0 == 0 })
    #expect(rotation.matrix == ColumnOrthogonalTransform.Rotation.identity(24).matrix)
    let rotated = try model.transformed(by: found, name: "toy")
    #expect(difference(try logits(rotated), try logits(model)) < 1e-4)
    let projection = try #require(Projection(rawValue: name))
    #expect(rotated.columnNorms(layer: 1, projection: projection).allSatisfy { $0 == 0 })
  }

  @Test func repeatedRowsLowerTheRank() throws {
    let model = try model { tensor, values in
      guard tensor == "model.layers.0.self_attn.k_proj.weight" else { return }
      // 12 rows of which 5 are distinct.
      for row in 5..<12 {
        for column in 0..<24 { values[row * 24 + column] = values[(row % 5) * 24 + column] }
      }
    }
    let found = try transform(model)
    #expect(found.layers[0].attention.rank == 5 && found.layers[1].attention.rank == 12)
    let rotated = try model.transformed(by: found, name: "toy")
    #expect(rotated.columnNorms(layer: 0, projection: .kProj).filter { $0 > 0 }.count == 5)
    #expect(difference(try logits(rotated), try logits(model)) < 1e-4)
  }

  @Test func weightsThatOverflowAreNamed() throws {
    let model = try model { tensor, values in
      if tensor == "model.layers.1.input_layernorm.weight" { values[3] = 1e30 }
      if tensor == "model.layers.1.self_attn.v_proj.weight" { values[3] = 1e30 }
    }
    let error = #expect(throws: ModelError.self) {
      try model.transformed(by: transform(model), name: "toy")
    }
    #expect(error?.message.contains("'model.layers.1.self_attn.v_proj.weight'") == true)
  }

  @Test func weightsThatAreNoNumbersAreNamedBeforeAnythingIsRotated() throws {
    let error = #expect(throws: ModelError.self) {
      try model { tensor, values in
        if tensor == "model.layers.1.mlp.gate_proj.weight" { values[7] = .nan }
      }
    }
    #expect(error?.message.contains("'model.layers.1.mlp.gate_proj.weight'") == true)
  }

  @Test func transformsOfOtherModelsAndTwiceAreErrors() throws {
    let model = try model { _, _ in }
    let found = try transform(model)
    let rotated = try model.transformed(by: found, name: "toy")
    let twice = #expect(throws: ModelError.self) { try rotated.transformed(by: found, name: "two") }
    #expect(twice?.message == "the model was transformed already")
    let other = try ColumnOrthogonalTransform(hidden: 24, layers: [found.layers[0]])
    let error = #expect(throws: ModelError.self) { try model.transformed(by: other, name: "toy") }
    #expect(
      error?.message
        == "the transform is for 1 layers of width 24, the model has 2 of 24")
    #expect(throws: ModelError.self) { try ColumnOrthogonalTransform(hidden: 24, layers: []) }
    #expect(throws: ModelError.self) {
      try ColumnOrthogonalTransform(hidden: 23, layers: found.layers)
    }
  }
}
