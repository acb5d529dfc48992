import Testing
import WinaEvaluation
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaTestSupport

/// What clustering and routing see of a question must not tell its answer.
struct RouteRangeTests {
  private func sample(_ contexts: [[Int32]], gold: Int) -> TokenizedSample {
    TokenizedSample(
      label: "a", kind: .choices, prompt: [],
      sequences: contexts.map {
        .init(tokens: $0 + [90, 91], scoredStart: $0.count)
      }, gold: gold, tokenBytes: [], tokenWords: [])
  }

  @Test func theSharedContextEndsWhereChoicesDiffer() {
    #expect(sample([[1, 2, 3]], gold: 0).sharedContext == 3)
    #expect(sample([[1, 2, 3], [1, 2, 3]], gold: 1).sharedContext == 3)
    // A longer choice cut the same context on the left.
    #expect(sample([[1, 2, 3], [2, 3]], gold: 1).sharedContext == 2)
    #expect(sample([[1, 2, 3], [2, 3]], gold: 0).sharedContext == 3)
    #expect(sample([[1, 2, 7, 8], [1, 2, 9]], gold: 0).sharedContext == 2)
    #expect(sample([[1, 2, 7, 8], [1, 2, 9]], gold: 1).sharedContext == 2)
    #expect(sample([[7], [8]], gold: 1).sharedContext == 0)
  }

  /// The same sentence with either answer: everything that routing sees is the same.
  @Test func theAnswerOfWinograndeIsNotSeen() throws {
    let lab = try StageLab()
    func routeMeans(answer: Int) throws -> [Float] {
      let text =
        #"{"sentence": "the cup fell off the desk as the _ was wet", "option1": "cup", "#
        + #""option2": "desk", "answer": "\#(answer)"}"#
      let bytes = Array(text.utf8)
      let tokens = try lab.tokenize([
        SampleRecord(
          digest: SHA256.digest(of: bytes), label: "winogrande", bytes: bytes, isPlainText: false,
          task: "winogrande", origin: "winogrande.jsonl:1")
      ])
      return try lab.load(lab.capture(tokens), as: CaptureArtifact.self).shard.routeMeans
    }
    let means = try routeMeans(answer: 1)
    #expect(means.contains { $0 > 0 })
    #expect(try routeMeans(answer: 2) == means)
  }
}
