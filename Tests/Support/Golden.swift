import Foundation
import Testing

/// Compares text with `Tests/Goldens/<name>`; rewrites the file when `WINA_UPDATE_GOLDENS=1`.
///
/// - Parameters:
///   - actual: The text that the code under test produced.
///   - name: The path of the golden below `Tests/Goldens`.
///   - sourceLocation: Where a difference is reported.
public func expectGolden(
  _ actual: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let path = SharedData.packageRoot + "/Tests/Goldens/" + name
  let environment = ProcessInfo.processInfo.environment
  if environment["WINA_UPDATE_GOLDENS"] == "1", environment["CI"] == nil {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(actual.utf8).write(to: url)
    return
  }
  guard let data = FileManager.default.contents(atPath: path) else {
    Issue.record(
      "golden '\(name)' is missing; run with WINA_UPDATE_GOLDENS=1 to write it:\n\(actual)",
      sourceLocation: sourceLocation)
    return
  }
  let expected = String(decoding: data, as: UTF8.self)
  if actual != expected {
    Issue.record(
      "'\(name)' differs:\n\(lineDifference(expected, actual))", sourceLocation: sourceLocation)
  }
}

/// Returns the first lines that differ, marked with `-` for expected and `+` for actual.
private func lineDifference(_ expected: String, _ actual: String) -> String {
  let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
  let new = actual.split(separator: "\n", omittingEmptySubsequences: false)
  var lines: [String] = []
  for change in new.difference(from: old) {
    switch change {
    case .remove(let offset, let element, _): lines.append("\(offset + 1): -\(element)")
    case .insert(let offset, let element, _): lines.append("\(offset + 1): +\(element)")
    }
  }
  return lines.prefix(40).joined(separator: "\n")
}
