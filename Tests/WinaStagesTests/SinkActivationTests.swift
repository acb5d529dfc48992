import Testing
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaTensor

/// The dense prefix is kept apart from everything that is calibrated.
struct SinkActivationTests {
  @Test func sinkHoldsThePrefixAndNothingElseDoes() throws {
    let lab = try StageLab()
    let shard = try lab.shards(StageLab.records(6), sizes: [6])[0]
    let capture = try lab.load(shard.capture, as: CaptureArtifact.self)
    let sink = capture.sink
    let tokens = try lab.load(shard.tokens, as: TokenizedShard.self)
    #expect(sink.tokens == 6 * StageLab.densePrefix)
    let model = try lab.language
    var sums = [Double](repeating: 0, count: ActivationStream.allCases.count)
    var largest = [Float](repeating: 0, count: sums.count)
    for sample in tokens.samples {
      _ = try model.forward(
        Array(sample.goldSequence.tokens.dropLast()), ForwardRequest(logitRows: .none),
        workspace: ForwardWorkspace()
      ) { point, block in
        guard case .stream(let stream, 1) = point else { return }
        let place = ActivationStream.allCases.firstIndex(of: stream) ?? 0
        for value in block.values.prefix(StageLab.densePrefix * block.columns) {
          sums[place] += Double(abs(value))
          largest[place] = max(largest[place], abs(value))
        }
      }
    }
    for place in sums.indices {
      #expect(abs(sink.sums[1][place] - sums[place]) < 1e-9 * sums[place])
      #expect(sink.largest[1][place] == largest[place])
    }
    // Gated tokens are all but the prefix and the routing tokens of these documents.
    let rows = tokens.samples.map { $0.goldSequence.tokens.count - 1 }
    #expect(capture.shard.gatedTokens.map(Int.init) == rows.map { $0 - StageLab.routeTokens })
    #expect(
      capture.shard.routeTokens.map(Int.init)
        == rows.map { _ in StageLab.routeTokens - StageLab.densePrefix })
    let again = try CaptureArtifact(decoding: capture.encoded())
    #expect(again.sink == sink)
  }
}
