import Foundation

/// What benchmarks of rows share: the file that a peer in Python reads, and what stands in for the peer
/// where there is none.
enum RowsPeer {
  /// The interpreter, where one is named.
  static var python: String? {
    ProcessInfo.processInfo.environment[TokenizersPeer.variable]
  }

  static func script(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Peers/" + name).path
  }

  /// Writes values as the peer reads them: the lowest byte first.
  static func write(_ rows: [Double], to path: String) throws {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(rows.count * 8)
    for value in rows {
      let bits = value.bitPattern
      for shift in stride(from: 0, to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
      }
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// Reads every value once and returns the seconds.
  static func addUp(_ rows: [Double]) throws -> Double {
    var sum = 0.0
    let elapsed = seconds { for value in rows { sum += value } }
    guard sum.isFinite else { throw BenchmarkError(description: "rows are not numbers") }
    return elapsed
  }
}
