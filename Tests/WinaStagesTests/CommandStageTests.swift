import Testing
import WinaPipeline
import WinaStages

struct CommandStageTests {
  private let lab: StageLab

  init() throws { lab = try StageLab() }

  private func artifact(_ text: String) -> BoundInput {
    .artifact(lab.context.store(ArtifactPayload(metadata: .string(text))))
  }

  private func file(_ input: String, _ name: String, sharded: Bool = false) -> JSONValue {
    ["input": .string(input), "name": .string(name), "format": "x", "isSharded": .bool(sharded)]
  }

  private func run(
    _ command: String, files: [JSONValue] = [], artifacts: [BoundInput] = [],
    env: JSONValue = [:]
  ) throws -> String {
    let made = try lab.run(
      "command",
      ["run": .string(command), "env": env, "files": .array(files), "codeCount": 0],
      ["artifacts": artifacts])
    return String(decoding: try lab.load(made, as: CommandOutput.self).bytes, as: UTF8.self)
  }

  @Test func whatTheProgramWritesIsKept() throws {
    #expect(try run("printf '%s' \"$NAME\" > {out}", env: ["NAME": "it's"]) == "it's")
  }

  @Test func shardedAndWholeInputsMayBeMixed() throws {
    let text = try run(
      "for f in {in.scores}/*; do cat $f; printf ' '; done > {out}; cat {in.pooled} >> {out}",
      files: [
        file("scores", "a", sharded: true), file("pooled", "pooled"),
        file("scores", "b", sharded: true),
      ],
      artifacts: [
        artifact("a0"), artifact("a1"), artifact("whole"), artifact("b0"), artifact("b1"),
      ])
    #expect(text == #""a0" "a1" "b0" "b1" "whole""#)
  }

  @Test func oneShardIsAPlainFile() throws {
    let text = try run(
      "cat {in.scores} > {out}", files: [file("scores", "scores", sharded: true)],
      artifacts: [artifact("one")])
    #expect(text == "\"one\"")
  }

  @Test func artifactsThatDoNotDivideAreRefused() {
    #expect(throws: ArtifactError.self) {
      try run(
        "true > {out}", files: [file("a", "a", sharded: true), file("b", "b", sharded: true)],
        artifacts: [artifact("1"), artifact("2"), artifact("3")])
    }
    #expect(throws: ArtifactError.self) {
      try run("true > {out}", files: [file("a", "a")], artifacts: [])
    }
  }

  @Test func aProgramThatFailsShowsWhatItWrote() throws {
    let failure = #expect(throws: CommandFailure.self) {
      try run("echo trouble; exit 3")
    }
    #expect(failure?.message == "the command ended with status 3")
    #expect(failure?.description.contains("trouble") == true)
    let silent = #expect(throws: CommandFailure.self) { try run("true") }
    #expect(silent?.message == "the command did not write {out}")
  }
}
