import Testing
import WinaTestSupport

/// Programs of the user's own as stages.
struct CommandStageTests {
  private let command = """
      count: {kind: command, inputs: [uniform], code: [count.sh], run: "sh {code.0} {in.uniform} {out}"}

    """

  private func workspace(_ stages: String, script: String = "wc -c < \"$1\" > \"$2\"\n") throws
    -> ToyWorkspace
  {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    try workspace.write(script, to: "count.sh")
    try workspace.write(ToySpec.full.replacing("  evaluate:\n", with: stages + "  evaluate:\n"))
    return workspace
  }

  @Test func aCommandRunsOncePerCellAndIsCached() throws {
    let workspace = try workspace(command)
    let first = try workspace.run()
    #expect(first.ran == ["count[s=0.25]", "count[s=0.5]"])
    #expect(try workspace.run().statuses == ["hit"])
    try workspace.write("# changed\nwc -c < \"$1\" > \"$2\"\n", to: "count.sh")
    #expect(try workspace.run().ran == ["count[s=0.25]", "count[s=0.5]"])
  }

  @Test func theOutputCanBeRead() throws {
    let stage = "  text: {kind: command, env: {WORD: hello}, run: \"echo $WORD $HOME > {out}\"}\n"
    let workspace = try workspace(
      stage + "  copy: {kind: command, inputs: [text], run: \"cat {in.text} > {out}\"}\n"
        + "  check: {kind: command, inputs: [copy], run: \"ls -l {in.copy} >&2; cat {in.copy} >&2; exit 4\"}\n"
    )
    let outcome = try workspace.wina("run", "toy.yaml", "--only", "check")
    #expect(outcome.status == 2 || outcome.status == 1)
    #expect(outcome.errors.contains("{out}"))
  }

  @Test func gatherRunsOnceOverAllCells() throws {
    let workspace = try workspace(
      "  names: {kind: command, inputs: [uniform], gather: true, run: \"ls {in.uniform} > {out}\"}\n"
    )
    #expect(try workspace.run().ran == ["names"])
    #expect(try workspace.run().statuses == ["hit"])
  }

  @Test func aFailingCommandShowsItsLogAndIsNotCached() throws {
    let workspace = try workspace(command, script: "echo something is wrong >&2\nexit 3\n")
    for _ in 0..<2 {
      let outcome = try workspace.wina("run", "toy.yaml")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("count[s=0.25]"))
      #expect(outcome.errors.contains("status 3"))
      #expect(outcome.errors.contains("something is wrong"))
    }
    let report = try RunReport(workspace.wina("run", "toy.yaml", "--json", "--keep-going"))
    #expect(report.names("failed") == ["count[s=0.25]", "count[s=0.5]"])
    try workspace.write("echo fine > \"$2\"\n", to: "count.sh")
    #expect(try workspace.run().ran == ["count[s=0.25]", "count[s=0.5]"])
  }

  @Test func aCommandThatWritesNothingFails() throws {
    let workspace = try workspace(command, script: "exit 0\n")
    let outcome = try workspace.wina("run", "toy.yaml")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("{out}"))
  }

  @Test func aMissingCodeFileIsAnErrorOfTheSpec() throws {
    let workspace = try workspace(command.replacing("[count.sh]", with: "[cuont.sh]"))
    let outcome = try workspace.wina("run", "toy.yaml")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("cuont.sh"))
  }
}
