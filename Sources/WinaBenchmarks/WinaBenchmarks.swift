import ArgumentParser
import Foundation
import WinaPipeline
import WinaTensor

/// Measures what the project claims about its speed.
@main
struct WinaBenchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "WinaBenchmarks",
    abstract: "Measures what the project claims about its speed.",
    discussion: """
      Every case runs interleaved with a baseline: the least that could do the same work on this \
      machine, or the best that others do. Times are medians after a warm-up, ratios are medians \
      of the ratios of neighbouring samples, of times (below one is faster) or of speeds (above \
      one is faster) as the last column says. Results are asserted once before they are timed. A \
      number means little on a machine that does something else at the same time.
      """)

  @Option(help: "Run only the benchmarks whose name contains this.")
  var filter = ""

  @Option(help: "Samples of each case, at least 7.")
  var samples = 7

  @Option(help: "The kernels to use: portable, avx2 or avx512 (default: the best there are).")
  var kernels: KernelLevel?

  @Option(help: "The folder that Peers/setup.sh made, to compare with PyTorch and llama.cpp.")
  var peers: String?

  @Option(help: "The folder of the peers' drivers.")
  var drivers = "Sources/WinaBenchmarks/Peers"

  @Flag(help: "Print one JSON array instead of a table.")
  var json = false

  @Option(help: "A Python interpreter that has the libraries to compare with.")
  var peerPython: String?

  private static var all: [any Benchmark.Type] {
    [
      ColumnSparseBenchmark.self, ComponentsBenchmark.self, DecodeBenchmark.self,
      GEMMBenchmark.self, KMeansBenchmark.self, PlanningBenchmark.self, PrefillBenchmark.self,
      RoutingBenchmark.self,
      TensorStoreBenchmark.self, TokenizeBenchmark.self,
    ]
  }

  func validate() throws {
    guard !chosen.isEmpty else {
      let names = WinaBenchmarks.all.map { $0.name }.joined(separator: ", ")
      throw ValidationError("no benchmark is named like '\(filter)'; there are: \(names)")
    }
  }

  func run() throws {
    if let kernels { Kernels.setLevel(kernels) }
    if let peers { Peers.share(try Peers(folder: peers, drivers: drivers)) }
    let python = peerPython ?? peers.map { $0 + "/venv/bin/python" }
    if let python { setenv(TokenizersPeer.variable, python, 1) }
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

extension KernelLevel: ExpressibleByArgument {
  public init?(argument: String) {
    guard let level = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = level
  }
}
