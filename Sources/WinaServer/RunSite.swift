import WinaExecution
import WinaPipeline
import WinaReport

/// Answers requests about the runs of a workspace, from what their folders hold at that moment.
///
/// It knows no sockets and changes nothing; a call blocks its thread while files are read.
public struct RunSite: Sendable {
  private let history: RunHistory
  private let pages: Pages
  private let host: ListeningHost

  /// Makes a site.
  ///
  /// - Parameters:
  ///   - workspace: The `.wina` folder, which may be absent.
  ///   - host: The address under which it is asked.
  public init(workspace: String, host: ListeningHost) {
    history = RunHistory(workspace: workspace)
    pages = Pages(workspace: workspace)
    self.host = host
  }

  /// Returns the answer to a request, whatever it is.
  public func response(to request: ServerRequest) -> ServerResponse {
    let response: ServerResponse
    do throws(RequestError) {
      response = try answer(request)
    } catch {
      response = error.response
    }
    return request.method == "HEAD" ? response.withoutBody : response
  }

  private func answer(_ request: ServerRequest) throws(RequestError) -> ServerResponse {
    guard host.admits(request.host) else { throw .host(request.host, expected: host) }
    let route = try Route(path: request.path)
    guard ["GET", "HEAD"].contains(request.method) else { throw .method(request.method) }
    switch route {
    case .home:
      return page(pages.home(try read(try history.summaries())))
    case .page(let run):
      try check(run)
      return page(try runPage(run))
    case .runs:
      let runs = try read(try history.summaries())
      return ServerResponse(type: .json, body: Array((RunList(runs).text + "\n").utf8))
    case .document(let document, let run):
      try check(run)
      return try answer(document, run)
    }
  }

  private func answer(_ document: Route.Document, _ run: RunID) throws(RequestError)
    -> ServerResponse
  {
    switch document {
    case .result:
      guard try read(try history.result(of: run)) != nil else {
        throw .noResult(run)
      }
      return ServerResponse(type: .json, body: try contents(.result, run) ?? [])
    case .results:
      guard let bytes = try contents(.results, run) else { throw .noReport(run) }
      guard (try? JSONValue(parsing: bytes)) != nil else {
        throw damaged(.results, run, "it is not JSON")
      }
      return ServerResponse(type: .json, body: bytes)
    case .reportText:
      guard let bytes = try contents(.reportText, run) else { throw .noReport(run) }
      return ServerResponse(type: .markdown, body: bytes)
    case .report:
      guard try report(of: run) != nil else { throw .noReport(run) }
      return ServerResponse(type: .json, body: try contents(.report, run) ?? [])
    case .events:
      let recorded = try read(try history.events(of: run))
      return ServerResponse(type: .lines, body: Array(recorded.lines))
    }
  }

  private func runPage(_ run: RunID) throws(RequestError) -> HTML {
    let content: Pages.Run
    if let result = try read(try history.result(of: run)) {
      content = Pages.Run(run, result)
    } else {
      let progress = RunProgress(try read(try history.events(of: run)).events)
      content = Pages.Run(history.summary(of: run), progress)
    }
    return pages.run(content, report: try report(of: run).map { ReportText($0) })
  }

  private func page(_ html: HTML) -> ServerResponse {
    ServerResponse(type: .html, body: Array(html.text.utf8), styles: Pages.stylesDigest)
  }

  private func check(_ run: RunID) throws(RequestError) {
    let isKnown = try read(try history.contains(run))
    guard isKnown else { throw .unknownRun(run) }
  }

  private func report(of run: RunID) throws(RequestError) -> ComparisonReport? {
    guard let bytes = try contents(.report, run) else { return nil }
    do {
      return try StoredReport.decode(bytes)
    } catch {
      throw damaged(.report, run, "it does not hold a report")
    }
  }

  private func contents(_ file: RunFile, _ run: RunID) throws(RequestError) -> [UInt8]? {
    try read(try history.contents(of: file, in: run))
  }

  private func damaged(_ file: RunFile, _ run: RunID, _ problem: String) -> RequestError {
    .file(.damagedRun(history.path(of: file, in: run), problem))
  }

  /// Turns what the history throws into an answer.
  private func read<Value>(
    _ body: @autoclosure () throws(ExecutionError) -> Value
  ) throws(RequestError) -> Value {
    do throws(ExecutionError) {
      return try body()
    } catch {
      throw .file(error)
    }
  }
}
