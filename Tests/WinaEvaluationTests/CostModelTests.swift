import Testing
import WinaEvaluation

@Suite("Cost model") struct CostModelTests {
  /// A row of the paper's Table 5: giga-MACs per token at 25, 40, 50 and 65 % after the dense one.
  struct PaperRow: CustomTestStringConvertible, Sendable {
    let model: String
    let shape: ModelShape
    let gigaMACs: [Double]
    let rotatedReductions: [Double]
    var testDescription: String { model }
  }

  static let sparsities = [0, 0.25, 0.4, 0.5, 0.65]

  static let table = [
    PaperRow(
      model: "Qwen2.5-7B",
      shape: ModelShape(
        layers: 28, hidden: 3584, heads: 28, keyValueHeads: 4, headSize: 128, feedForward: 18944,
        vocabulary: 152_064),
      gigaMACs: [7.07, 5.44, 4.46, 3.81, 2.83], rotatedReductions: [12.9, 26.7, 36.0, 49.8]),
    PaperRow(
      model: "Llama-2-7B",
      shape: ModelShape(
        layers: 32, hidden: 4096, heads: 32, keyValueHeads: 32, headSize: 128, feedForward: 11008,
        vocabulary: 32000),
      gigaMACs: [6.61, 4.99, 4.02, 3.37, 2.40], rotatedReductions: [8.3, 23.0, 32.8, 47.5]),
    PaperRow(
      model: "Llama-3-8B",
      shape: ModelShape(
        layers: 32, hidden: 4096, heads: 32, keyValueHeads: 8, headSize: 128, feedForward: 14336,
        vocabulary: 128_256),
      gigaMACs: [7.50, 5.76, 4.71, 4.01, 2.97], rotatedReductions: [8.9, 22.9, 32.2, 46.1]),
    PaperRow(
      model: "Phi-4",
      shape: ModelShape(
        layers: 40, hidden: 5120, heads: 40, keyValueHeads: 10, headSize: 128, feedForward: 17920,
        vocabulary: 100_352),
      gigaMACs: [14.15, 10.74, 8.69, 7.33, 5.28], rotatedReductions: [9.3, 23.7, 33.4, 47.8]),
  ]

  @Test("the paper's table follows from the configurations alone (O1)", arguments: table)
  func paperTable(row: PaperRow) {
    let cost = CostModel(row.shape)
    for (sparsity, expected) in zip(Self.sparsities, row.gigaMACs) {
      let value = cost.paperMACs(sparsity: sparsity) / 1e9
      #expect(abs(value - expected) <= 0.01, "\(row.model) at \(sparsity): \(value)")
    }
  }

  @Test("counting the rotations gives back the smaller reductions", arguments: table)
  func rotations(row: PaperRow) {
    let cost = CostModel(row.shape)
    for (sparsity, expected) in zip(Self.sparsities.dropFirst(), row.rotatedReductions) {
      let full = cost.paperMACs(sparsity: sparsity, rotated: true)
      let reduction = 100 * (1 - full / cost.paperMACs(sparsity: 0))
      #expect(abs(reduction - expected) <= 0.1, "\(row.model) at \(sparsity): \(reduction)")
    }
  }

  @Test("a transformed model pays for its rotations in every row, in the full count alone")
  func executedRotations() {
    let (plain, cost) = (CostModel(Self.tiny), CostModel(Self.tiny, isTransformed: true))
    // Two layers: three turns of 8 × 8.
    #expect(cost.executedRotationMACs == 3 * 64)
    let before = plain.macs(
      used: [], gatedRows: 2, rows: 5, attendedKeys: 15, overhead: .none)
    let macs = cost.macs(used: [], gatedRows: 2, rows: 5, attendedKeys: 15, overhead: .none)
    #expect(before.rotation == 0 && macs.rotation == 5 * 192)
    #expect(macs.total == before.total + 960)
    #expect((macs + macs).rotation == 1920)
    #expect(cost.paperMACs(sparsity: 0.5) == plain.paperMACs(sparsity: 0.5))
  }

  static let tiny = ModelShape(
    layers: 2, hidden: 8, heads: 2, keyValueHeads: 1, headSize: 4, feedForward: 12, vocabulary: 20)

  @Test("keeping every coordinate costs what dense rows cost")
  func keepingAll() {
    let cost = CostModel(Self.tiny)
    let kept = (0..<2).flatMap { _ in Self.tiny.inputs.map { UInt64($0 * 5) } }
    let used = cost.usedWeights(kept: kept, hasNeuronGate: [false, false])
    #expect(cost.linearMACs(used: used, gatedRows: 5, rows: 7) == cost.linearMACs * 7)
    #expect(cost.sparsity(used: used, gatedRows: 5, over: 5) == 0)
  }

  @Test("sparsity is weighted by parameters and diluted by dense rows")
  func weightedSparsity() {
    let cost = CostModel(Self.tiny)
    // Only down_proj (12 → 8) drops half of its coordinates, in 4 of 8 rows.
    var layer = Self.tiny.inputs.map { UInt64(4 * $0) }
    layer[6] /= 2
    let used = cost.usedWeights(kept: layer + layer, hasNeuronGate: [false, false])
    // Per layer: q 64, k 32, v 32, o 64, gate 96, up 96, down 96 = 480 weights, 48 of them skipped.
    #expect(abs(cost.sparsity(used: used, gatedRows: 4, over: 4) - 0.1) < 1e-12)
    #expect(abs(cost.sparsity(used: used, gatedRows: 4, over: 8) - 0.05) < 1e-12)
  }

  @Test("a CATS gate skips outputs of up_proj and inputs of down_proj")
  func neuronGate() {
    let cost = CostModel(Self.tiny)
    // In both layers 3 of 12 neurons are kept in one row; only the second layer has a CATS gate.
    let dense = Self.tiny.inputs.map { UInt64($0) }
    let cats = dense.dropLast(2) + [3, 3]
    let used = cost.usedWeights(kept: dense + cats, hasNeuronGate: [false, true])
    #expect(Array(used[5...6]) == [96, 96])
    #expect(Array(used[12...13]) == [24, 24])
    let skipped = 2.0 * 72
    #expect(abs(cost.sparsity(used: used, gatedRows: 1, over: 1) - skipped / 960) < 1e-12)
  }

  @Test("the full count adds attention, head, gate and centring")
  func fullCount() {
    let cost = CostModel(Self.tiny)
    let rows = 3
    let macs = cost.macs(
      used: [], gatedRows: 2, rows: rows, attendedKeys: CostModel.attendedKeys(rows: rows),
      overhead: GateOverhead(gatePerRow: 40, centringPerRow: 72))
    #expect(macs.linear == 3 * 2 * 480)
    #expect(macs.attention == 2 * 2 * 8 * 6)
    #expect(macs.head == 3 * 8 * 20)
    #expect(macs.gate == 80)
    #expect(macs.centring == 144)
    #expect(macs.router == 0)
    #expect(macs.total == 2880 + 192 + 480 + 80 + 144)
  }
}
