/// How far a run is, as a value: events in, lines out.
///
/// The state knows no clock and no terminal: every event and every rendering brings its time, in
/// seconds of any monotonic clock.
package struct ProgressState: Sendable {
  private struct RunningTask: Sendable {
    var name: String
    var started: Double
    var done = 0
    var total = 0

    var fraction: Double { total > 0 ? min(Double(done) / Double(total), 1) : 0 }
  }

  private let title: String
  private var total = 0
  private var toRun = 0
  private var started: Double?
  private var finished = 0
  private var failed = 0
  private var running: [RunningTask] = []

  /// Makes the state of a run that has not begun.
  package init(title: String) { self.title = title }

  /// Takes an event in.
  package mutating func apply(_ event: ProgressEvent, at time: Double) {
    switch event {
    case .started(let total, let toRun, _):
      (self.total, self.toRun, started) = (total, toRun, time)
    case .taskStarted(let name):
      running.append(RunningTask(name: name, started: time))
    case .taskProgress(let name, let done, let total):
      guard let index = running.firstIndex(where: { $0.name == name }) else { return }
      (running[index].done, running[index].total) = (done, total)
    case .taskFinished(let name, _, _):
      finished += 1
      running.removeAll { $0.name == name }
    case .taskFailed(let name, _, _):
      failed += 1
      running.removeAll { $0.name == name }
    case .warning, .finished: break
    }
  }

  /// Returns the live display: a bar for the run and a line for each running task.
  ///
  /// - Parameters:
  ///   - width: The columns of the terminal; no line is wider.
  ///   - time: The present.
  ///   - maximumTasks: How many running tasks are shown at most.
  package func render(width: Int, at time: Double, maximumTasks: Int = 8) -> [String] {
    guard let started, toRun > 0 else { return [] }
    let ended = min(finished + failed, toRun)
    let elapsed = max(time - started, 0)
    let work = min(Double(ended) + running.reduce(0) { $0 + $1.fraction }, Double(toRun))
    var facts = "\(ended)/\(toRun) tasks"
    if failed > 0 { facts += ", \(failed) failed" }
    if elapsed > 0, ended > 0 { facts += ", \(rate(Double(ended) / elapsed)) tasks/s" }
    facts += ", \(ProgressState.duration(elapsed))"
    if work > 0, work < Double(toRun), elapsed >= 1 {
      let left = elapsed * (Double(toRun) - work) / work
      facts += ", \(ProgressState.duration(left)) left"
    }
    var lines = [line(title, work / Double(toRun), facts, width)]
    for task in running.prefix(maximumTasks) {
      let seconds = max(time - task.started, 0)
      var facts = task.total > 0 ? "\(task.done)/\(task.total)" : ""
      if task.done > 0, seconds >= 1 { facts += ", \(rate(Double(task.done) / seconds))/s" }
      facts += facts.isEmpty ? ProgressState.duration(seconds) : ""
      lines.append(line("  " + task.name, task.total > 0 ? task.fraction : nil, facts, width))
    }
    if running.count > maximumTasks {
      lines.append("  and \(running.count - maximumTasks) more")
    }
    return lines
  }

  /// Returns what a pipe or a log gets to read of an event: one line, or none.
  ///
  /// - Parameter isQuiet: Whether only warnings and failures are wanted.
  package func plainLines(_ event: ProgressEvent, isQuiet: Bool) -> [String] {
    switch event {
    case .started(let total, let toRun, let jobs):
      let cached = total - toRun
      return isQuiet
        ? [] : ["\(title): \(total) tasks, \(cached) cached, \(toRun) to run, \(jobs) at a time"]
    case .taskFinished(let name, let status, let seconds):
      let place = "[\(finished + failed)/\(toRun)]"
      return isQuiet ? [] : ["\(place) \(name) \(status) \(ProgressState.seconds(seconds))"]
    case .taskFailed(let name, let message, let hint):
      return ["error: \(name): \(message)"] + (hint.isEmpty ? [] : ["  \(hint)"])
    case .warning(let text): return ["warning: \(text)"]
    case .taskStarted, .taskProgress, .finished: return []
    }
  }

  /// Returns a duration as `0:07`, `12:30` or `1:02:03`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 360_000 else { return "-" }
    let whole = Int(seconds.rounded())
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let tail = "\(two(whole % 60))"
    if whole < 3600 { return "\(whole / 60):\(tail)" }
    return "\(whole / 3600):\(two(whole / 60 % 60)):\(tail)"
  }

  /// Returns a measured time as `0.12 s`, or as a duration from a minute on.
  package static func seconds(_ seconds: Double) -> String {
    if seconds >= 60 { return duration(seconds) }
    let hundredths = Int((seconds * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
  }

  private func rate(_ value: Double) -> String {
    if value >= 10 { return String(Int(value.rounded())) }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// Returns a name, a bar and facts, cut to the width.
  private func line(_ name: String, _ fraction: Double?, _ facts: String, _ width: Int) -> String {
    let room = max(width - 1, 10)
    let barWidth = room >= 60 ? 20 : room >= 40 ? 10 : 0
    let bar = fraction.map { ProgressState.bar($0, barWidth) } ?? ""
    let tail = (bar.isEmpty ? "" : " " + bar) + " " + facts
    let nameRoom = max(room - tail.count, 8)
    let full = ProgressState.shortened(name, to: nameRoom) + tail
    return String(full.prefix(room))
  }

  private static func bar(_ fraction: Double, _ width: Int) -> String {
    guard width > 2 else { return "" }
    let filled = Int((fraction * Double(width)).rounded(.down))
    return "[" + String(repeating: "=", count: filled)
      + String(repeating: " ", count: width - filled) + "]"
  }

  /// Returns a name that fits, losing its middle, since both ends of a task's name matter.
  private static func shortened(_ name: String, to room: Int) -> String {
    guard name.count > room else { return name }
    let head = (room - 2) / 2
    return name.prefix(head) + ".." + name.suffix(room - 2 - head)
  }
}
