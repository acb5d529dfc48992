import Testing
import WinaPipeline

private struct Note: Artifact {
  static let format = "note/v1"
  init(decoding payload: ArtifactPayload) {}
  func encoded() -> ArtifactPayload { ArtifactPayload(metadata: .null) }
}

private struct EveryPort: StageInputs {
  var one: Ref<Note>
  var maybe: Ref<Note>?
  var many: [Ref<Note>]
  var model: LeafRef<ModelFiles>
  var files: [LeafRef<PlainFiles>]

  init(_ ports: inout PortReader) throws(ArtifactError) {
    one = try ports.read("one")
    maybe = try ports.read("maybe")
    many = try ports.read("many")
    model = try ports.read("model")
    files = try ports.read("files")
  }
}

@Suite("Ports") struct PortTests {
  private let first = SHA256.digest(of: "first")
  private let second = SHA256.digest(of: "second")
  private var leaf: Leaf {
    Leaf(format: ModelFiles.format, digest: first, location: "model")
  }

  @Test("ports are read off the type") func areReadOff() {
    #expect(
      PortReader.ports(of: EveryPort.self) == [
        Port(name: "one", format: "note/v1", arity: .one),
        Port(name: "maybe", format: "note/v1", arity: .optional),
        Port(name: "many", format: "note/v1", arity: .many),
        Port(name: "model", format: "leaf.model", arity: .one),
        Port(name: "files", format: "leaf.files", arity: .many),
      ])
    #expect(PortReader.ports(of: NoInputs.self).isEmpty)
    #expect(
      PortReader.ports(of: EveryPort.self).map(\.isLeaf) == [false, false, false, true, true])
  }

  @Test("ports are bound in order") func areBound() throws {
    var reader = PortReader(bindings: [
      "one": [.artifact(first)], "many": [.artifact(second), .artifact(first)],
      "model": [.leaf(leaf)],
    ])
    let inputs = try EveryPort(&reader)
    #expect(inputs.one.digest == first)
    #expect(inputs.maybe == nil)
    #expect(inputs.many.map(\.digest) == [second, first])
    #expect(inputs.model.leaf == leaf)
    #expect(inputs.files.isEmpty)
  }

  @Test("bindings of another kind or number are refused")
  func areRefused() {
    let sound: [String: [BoundInput]] = ["one": [.artifact(first)], "model": [.leaf(leaf)]]
    let faults: [(String, [BoundInput])] = [
      ("one", []), ("one", [.artifact(first), .artifact(second)]), ("one", [.leaf(leaf)]),
      ("model", [.artifact(first)]), ("model", []),
      ("maybe", [.artifact(first), .artifact(first)]), ("maybe", [.leaf(leaf)]),
      ("many", [.artifact(first), .leaf(leaf)]), ("files", [.artifact(first)]),
    ]
    for (port, inputs) in faults {
      var reader = PortReader(bindings: sound.merging([port: inputs]) { $1 })
      let error = #expect(throws: ArtifactError.self) { try EveryPort(&reader) }
      #expect(error?.message.contains("'\(port)'") == true)
    }
  }
}

@Suite("Artifact tensors") struct ArtifactTensorTests {
  @Test("bytes fit the shape and the type")
  func fit() throws {
    let types = ["U8": 1, "BOOL": 1, "I8": 1, "F16": 2, "BF16": 2, "F32": 4, "I32": 4, "F64": 8]
    for (type, width) in types {
      let bytes = [UInt8](repeating: 0, count: 6 * width)
      let tensor = try ArtifactTensor(name: "t", elementType: type, shape: [2, 3], bytes: bytes)
      #expect(tensor.bytes.count == 6 * width)
      #expect(throws: ArtifactError.self) {
        try ArtifactTensor(name: "t", elementType: type, shape: [2, 3], bytes: bytes + [0])
      }
    }
    #expect(
      try ArtifactTensor(name: "t", elementType: "F32", shape: [], bytes: [0, 0, 0, 0]).shape == [])
    #expect(
      try ArtifactTensor(name: "t", elementType: "F32", shape: [0, 7], bytes: []).shape == [0, 7])
  }

  @Test(
    "impossible shapes are refused before anything is allocated",
    arguments: [
      [Int.max, Int.max], [1 << 62, 4], [-1], [-1, -1], [2, -3], [0, -1], [Int.max, 2],
      [1 << 31, 1 << 31, 1 << 31], [Int.min],
    ])
  func areRefused(_ shape: [Int]) {
    let error = #expect(throws: ArtifactError.self) {
      try ArtifactTensor(name: "huge", elementType: "F32", shape: shape, bytes: [])
    }
    #expect(error?.message.contains("'huge'") == true)
  }

  @Test("unknown types and names say so") func sayso() throws {
    #expect(throws: ArtifactError.self) {
      try ArtifactTensor(name: "t", elementType: "F8", shape: [1], bytes: [0])
    }
    let tensor = try ArtifactTensor(name: "mean", elementType: "U8", shape: [1], bytes: [7])
    let payload = ArtifactPayload(metadata: .null, tensors: [tensor])
    #expect(try payload.tensor("mean") == tensor)
    let error = #expect(throws: ArtifactError.self) { try payload.tensor("median") }
    #expect(error?.message == "there is no tensor 'median'; there are: mean")
  }
}
