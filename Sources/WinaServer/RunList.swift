import Foundation
import WinaExecution

/// The answer of `/api/runs`.
struct RunList: Encodable {
  let runs: [RunSummary]

  init(_ runs: [RunSummary]) { self.runs = runs }

  /// The list as one line of JSON; a summary holds nothing that JSON cannot.
  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    } catch {
      preconditionFailure("summaries of runs are not JSON: \(error)")
    }
  }
}
