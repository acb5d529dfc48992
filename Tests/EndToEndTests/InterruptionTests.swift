import Foundation
import Glibc
import Testing
import WinaTestSupport

/// Runs that end early, and runs at the same time.
struct InterruptionTests {
  /// Waits until a running program has written a text.
  private func wait(for text: String, from process: WinaProcess) -> Bool {
    process.wait { $0.output.contains(text) }
    return process.output.contains(text)
  }

  @Test(arguments: [1, 2, 3, 4])
  func aKilledRunIsCompletedByTheNext(seed: UInt64) throws {
    let warm = try ToyWorkspace.warmSmall()
    let workspace = try warm.workspace.copy(withCache: false)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2 {
      let process = try workspace.start(["run", "toy.yaml", "--json"])
      usleep(UInt32.random(in: 20_000...900_000, using: &generator))
      process.send(SIGKILL)
      _ = process.wait()
    }
    let report = try workspace.run()
    #expect(report.results == warm.report.results)
    // A kill between an action's record and its plan's leaves a task that is cut off, not run again.
    #expect(report.statuses.isSubset(of: ["ran", "hit", "cut-off"]))
    #expect(try workspace.wina("cache", "verify").status == 0)
    #expect(try workspace.run().statuses == ["hit"])
  }

  @Test func whatWasDoneBeforeAKillIsNotDoneAgain() throws {
    let warm = try ToyWorkspace.warmSmall()
    let workspace = try warm.workspace.copy(withCache: false)
    let process = try workspace.start(["run", "toy.yaml", "--json", "--jobs", "1"])
    #expect(wait(for: "\"task\":\"pooled\",\"time\"", from: process))
    process.send(SIGKILL)
    #expect(process.wait().status == -SIGKILL)
    let report = try workspace.run()
    #expect(report.results == warm.report.results)
    #expect(!report.ran.contains { $0.hasPrefix("capture#calibration") })
    #expect(report.ran.contains("compare"))
  }

  @Test func controlCOnceFinishesWhatRuns() throws {
    let warm = try ToyWorkspace.warmSmall()
    let workspace = try warm.workspace.copy(withCache: false)
    let process = try workspace.start(["run", "toy.yaml", "--json", "--jobs", "1"])
    #expect(wait(for: "\"type\":\"task-finished\"", from: process))
    process.send(SIGINT)
    let outcome = process.wait()
    #expect(outcome.status == 130)
    #expect(outcome.errors.contains("Ctrl-C again"))
    let interrupted = try RunReport(outcome)
    #expect(interrupted.statuses == ["ran", "skipped"])
    #expect(interrupted.names("skipped").count > interrupted.tasks.count / 2)
    #expect(try workspace.wina("runs").output.contains("interrupted"))
    let report = try workspace.run()
    #expect(report.results == warm.report.results)
    #expect(report.ran == interrupted.names("skipped"))
  }

  @Test func controlCTwiceKillsWhatRuns() throws {
    let warm = try ToyWorkspace.warmSmall()
    let workspace = try warm.workspace.copy(withCache: false)
    let slow =
      "  slow: {kind: command, inputs: [pooled], run: \"test -f {in.pooled}; sleep 50; date > {out}\"}"
    try workspace.write(ToySpec.small.replacing("  evaluate:\n", with: slow + "\n  evaluate:\n"))
    let process = try workspace.start(["run", "toy.yaml", "--json", "--only", "slow"])
    #expect(wait(for: "\"task\":\"slow\"", from: process))
    process.send(SIGINT)
    usleep(200_000)
    #expect(process.isRunning)
    process.send(SIGINT)
    let outcome = process.wait()
    #expect(outcome.status == 130)
    #expect(outcome.seconds < 40)
    try workspace.write(ToySpec.small)
    #expect(try workspace.run().results == warm.report.results)
  }

  @Test func twoProcessesShareTheWork() throws {
    let warm = try ToyWorkspace.warmSmall()
    let workspace = try warm.workspace.copy(withCache: false)
    let processes = try (0..<2).map { _ in try workspace.start(["run", "toy.yaml", "--json"]) }
    let reports = try processes.map { process in
      let outcome = process.wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try RunReport(outcome)
    }
    var runs: [String: Int] = [:]
    for task in reports.flatMap(\.tasks) where task.status == "ran" {
      runs[try #require(task.actionKey), default: 0] += 1
    }
    #expect(runs.values.allSatisfy { $0 == 1 })
    #expect(runs.count == warm.report.tasks.count)
    for report in reports { #expect(report.results == warm.report.results) }
    #expect(try workspace.wina("cache", "verify").status == 0)
  }
}
