import Testing
import wina

struct ProgressStateTests {
  private func state(_ events: [(Double, ProgressEvent)]) -> ProgressState {
    var state = ProgressState(title: "first-light")
    for (time, event) in events { state.apply(event, at: time) }
    return state
  }

  private let middle: [(Double, ProgressEvent)] = [
    (10, .started(total: 12, toRun: 8, jobs: 2)),
    (10, .taskStarted(name: "capture#test/0")),
    (12, .taskFinished(name: "capture#test/0", status: "ran", seconds: 2)),
    (12, .taskStarted(name: "capture#test/1")),
    (12, .taskStarted(name: "pooled")),
    (14, .taskProgress(name: "capture#test/1", done: 16, total: 32)),
  ]

  @Test func theBarCountsFinishedTasksAndPartsOfRunningOnes() {
    #expect(
      state(middle).render(width: 100, at: 16) == [
        "first-light [===                 ] 1/8 tasks, 0.2 tasks/s, 0:06, 0:26 left",
        "  capture#test/1 [==========          ] 16/32, 4.0/s",
        "  pooled 0:04",
      ])
  }

  @Test func noLineIsWiderThanTheTerminal() {
    for width in 12...120 {
      for line in state(middle).render(width: width, at: 16) { #expect(line.count < width) }
    }
  }

  @Test func nothingIsShownBeforeTheStartOrWhenAllIsCached() {
    #expect(state([]).render(width: 80, at: 0).isEmpty)
    #expect(
      state([(0, .started(total: 9, toRun: 0, jobs: 2))]).render(width: 80, at: 1).isEmpty)
  }

  @Test func failuresAreCountedAndNamed() {
    let failure = ProgressEvent.taskFailed(name: "pooled", message: "disk full", hint: "free some")
    let state = state(middle + [(15, failure)])
    #expect(state.render(width: 100, at: 16)[0].contains("2/8 tasks, 1 failed"))
    #expect(
      state.plainLines(failure, isQuiet: true) == ["error: pooled: disk full", "  free some"])
  }

  @Test func aPipeGetsOneLineATask() {
    let done = ProgressEvent.taskFinished(name: "pooled", status: "cut-off", seconds: 0.25)
    let state = state(middle + [(15, done)])
    #expect(state.plainLines(done, isQuiet: false) == ["[2/8] pooled cut-off 0.25 s"])
    #expect(
      state.plainLines(.started(total: 12, toRun: 8, jobs: 2), isQuiet: false)
        == ["first-light: 12 tasks, 4 cached, 8 to run, 2 at a time"])
    #expect(state.plainLines(.taskStarted(name: "a"), isQuiet: false).isEmpty)
  }

  @Test func quietKeepsWarningsOnly() {
    let state = state(middle)
    let done = ProgressEvent.taskFinished(name: "pooled", status: "ran", seconds: 1)
    #expect(state.plainLines(done, isQuiet: true).isEmpty)
    #expect(state.plainLines(.warning("odd"), isQuiet: true) == ["warning: odd"])
  }

  @Test func longNamesLoseTheirMiddle() {
    let name = "evaluate.routed[k=8,s=0.65]#test/13 with much more text in between than fits/99"
    let state = state([
      (0, .started(total: 1, toRun: 1, jobs: 1)), (0, .taskStarted(name: name)),
    ])
    let line = state.render(width: 50, at: 3)[1]
    #expect(line.hasPrefix("  evaluate.routed"))
    #expect(line.hasSuffix("fits/99 0:03"))
  }

  @Test func manyRunningTasksAreSummed() {
    var events: [(Double, ProgressEvent)] = [(0, .started(total: 20, toRun: 20, jobs: 20))]
    for index in 0..<12 { events.append((0, .taskStarted(name: "t\(index)"))) }
    let lines = state(events).render(width: 80, at: 1)
    #expect(lines.count == 10)
    #expect(lines.last == "  and 4 more")
  }

  @Test(arguments: [(7.0, "0:07"), (750, "12:30"), (3723, "1:02:03"), (.infinity, "-")])
  func durationsReadAsClocks(seconds: Double, text: String) {
    #expect(ProgressState.duration(seconds) == text)
  }

  @Test func coloursFollowTheTerminalAndNoColor() {
    func usesColor(_ isTerminal: Bool, _ environment: [String: String]) -> Bool {
      TerminalCapabilities(isTerminal: isTerminal, columns: nil, environment: environment).usesColor
    }
    #expect(usesColor(true, [:]))
    #expect(usesColor(true, ["NO_COLOR": ""]))
    #expect(!usesColor(true, ["NO_COLOR": "1"]))
    #expect(!usesColor(true, ["TERM": "dumb"]))
    #expect(!usesColor(false, [:]))
    #expect(
      TerminalCapabilities(isTerminal: false, columns: nil, environment: ["COLUMNS": "66"]).width
        == 66)
  }
}
