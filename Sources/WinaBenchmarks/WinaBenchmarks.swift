import ArgumentParser
import Foundation
import WinaPipeline

/// Measures what the project claims about its speed.
@main
struct WinaBenchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "WinaBenchmarks",
    abstract: "Measures what the project claims about its speed.",
    discussion: """
      Every case runs interleaved with a baseline: the least that could do the same work on this \
      machine. Times are medians after a warm-up; the ratio is the case's time over the \
      baseline's, so below one is faster. Results are asserted once before they are timed. A \
      number means little on a machine that does something else at the same time.
      """)

  @Option(help: "Run only the benchmarks whose name contains this.")
  var filter = ""

  @Option(help: "Samples of each case, at least 7.")
  var samples = 7

  @Flag(help: "Print one JSON array instead of a table.")
  var json = false

  @Option(help: "A Python interpreter that has the libraries to compare with.")
  var peerPython: String?

  private static var all: [any Benchmark.Type] {
    [
      PlanningBenchmark.self, PrefillBenchmark.self, TensorStoreBenchmark.self,
      TokenizeBenchmark.self,
    ]
  }

  func validate() throws {
    guard !chosen.isEmpty else {
      let names = WinaBenchmarks.all.map { $0.name }.joined(separator: ", ")
      throw ValidationError("no benchmark is named like '\(filter)'; there are: \(names)")
    }
  }

  func run() throws {
    if let peerPython { setenv(TokenizersPeer.variable, peerPython, 1) }
    var measurements: [Measurement] = []
    for benchmark in chosen {
      for item in try benchmark.cases() {
        measurements.append(try Measurement(of: item, in: benchmark.name, samples: samples))
      }
    }
    if json {
      print(JSONValue.array(measurements.map(\.json)).canonicalText)
    } else {
      printTable([Measurement.headings] + measurements.map(\.cells))
    }
  }

  private var chosen: [any Benchmark.Type] {
    WinaBenchmarks.all.filter { filter.isEmpty || $0.name.contains(filter) }
  }

  private func printTable(_ rows: [[String]]) {
    let widths = Measurement.headings.indices.map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    for row in rows {
      let cells = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
      print(cells.joined(separator: "  "))
    }
  }
}
