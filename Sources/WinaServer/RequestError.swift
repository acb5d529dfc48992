import WinaExecution
import WinaPipeline

/// Why a request has no other answer, in the words of the answer.
struct RequestError: Error, Hashable {
  /// The status code.
  var status: Int
  /// What programs tell errors apart by.
  var code: String
  /// The fact.
  var message: String
  /// What to do about it.
  var hint: String
  /// The methods that would have been allowed.
  var allow: String?

  static func unknownPath(_ path: String) -> RequestError {
    RequestError(
      status: 404, code: "unknown-path", message: "there is nothing at '\(path)'",
      hint: "start at / or at /api/runs")
  }

  static func malformedRun(_ text: String) -> RequestError {
    RequestError(
      status: 400, code: "malformed-run", message: "'\(text)' is not the identifier of a run",
      hint: "identifiers look like 20261124-021530-4f2a9c; /api/runs lists them")
  }

  static func unknownRun(_ run: RunID) -> RequestError {
    RequestError(
      status: 404, code: "unknown-run", message: "there is no run '\(run)'",
      hint: "/api/runs lists the runs")
  }

  static func noResult(_ run: RunID) -> RequestError {
    RequestError(
      status: 404, code: "no-result", message: "run '\(run)' has no result",
      hint: "it may still be running: /api/runs/\(run)/events has what it did so far")
  }

  static func noReport(_ run: RunID) -> RequestError {
    RequestError(
      status: 404, code: "no-report", message: "run '\(run)' has no report",
      hint: "only a run that ended well and evaluated something leaves one")
  }

  static func method(_ method: String) -> RequestError {
    RequestError(
      status: 405, code: "method-not-allowed", message: "\(method) is not possible here",
      hint: "the server only reads: use GET or HEAD", allow: "GET, HEAD")
  }

  static func host(_ host: String?, expected: ListeningHost) -> RequestError {
    RequestError(
      status: 421, code: "misdirected",
      message: host.map { "this server is not '\($0)'" } ?? "the request names no host",
      hint: "use http://\(expected.text(inURL: true)) or http://localhost, with the server's port")
  }

  /// Tells of a run's file that cannot be used.
  static func file(_ error: ExecutionError) -> RequestError {
    RequestError(
      status: 500, code: error.code == .damagedRun ? "damaged-file" : "unreadable-file",
      message: error.message, hint: error.hint)
  }

  /// The answer: `{"error": {"code", "hint", "message"}}`.
  var response: ServerResponse {
    let error: [String: JSONValue] = [
      "code": .string(code), "message": .string(message), "hint": .string(hint),
    ]
    let text = JSONValue.object(["error": .object(error)]).canonicalText + "\n"
    var response = ServerResponse(status: status, type: .json, body: Array(text.utf8))
    if let allow { response.headers["Allow"] = allow }
    return response
  }
}
