import Testing
import WinaExecution
import WinaPipeline
import WinaServer
import WinaTestSupport

/// The routes, without sockets.
struct RunSiteTests {
  private let run = SampleWorkspace.done

  @Test func runsAreListedNewestFirst() throws {
    let answer = try SampleWorkspace.full().get("/api/runs")
    #expect(answer.status == 200)
    #expect(answer.headers["Content-Type"] == "application/json; charset=utf-8")
    try expectGolden(
      answer.text.replacing("},{\"counts", with: "},\n{\"counts"), "WinaServer/runs.json")
  }

  @Test func aWorkspaceWithoutRunsHasAnEmptyList() throws {
    let workspace = try SampleWorkspace()
    #expect(workspace.get("/api/runs").text == "{\"runs\":[]}\n")
    #expect(workspace.get("/").text.contains("No run has been made"))
  }

  @Test(arguments: [
    ("", RunFile.result, "application/json; charset=utf-8"),
    ("/results", .results, "application/json; charset=utf-8"),
    ("/report", .reportText, "text/markdown; charset=utf-8"),
    ("/report.json", .report, "application/json; charset=utf-8"),
    ("/events", .journal, "application/x-ndjson; charset=utf-8"),
  ])
  func aDocumentIsTheFileOfTheRun(path: String, file: RunFile, type: String) throws {
    let workspace = try SampleWorkspace.full()
    let answer = workspace.get("/api/runs/\(run)\(path)")
    let id = try #require(RunID(run))
    let history = RunHistory(workspace: workspace.directory.path)
    #expect(answer.status == 200)
    #expect(answer.headers["Content-Type"] == type)
    #expect(try answer.body == history.contents(of: file, in: id))
    #expect(!answer.body.isEmpty)
  }

  @Test(arguments: [
    ("/nothing", 404, "unknown-path"), ("", 404, "unknown-path"), ("//", 404, "unknown-path"),
    ("api/runs", 404, "unknown-path"), ("http://127.0.0.1/", 404, "unknown-path"),
    ("/api/runs/", 400, "malformed-run"), ("/runs", 404, "unknown-path"),
    ("/api/runs/20261124-021530-4f2a9c/log", 404, "unknown-path"),
    ("/api/runs/20261124-021530-4f2a9c/report/x", 404, "unknown-path"),
    ("/api/runs/20261124-021530-ffffff", 404, "unknown-run"),
    ("/api/runs/20261124-021530-ffffff/events", 404, "unknown-run"),
    ("/runs/20261124-021530-ffffff", 404, "unknown-run"),
    ("/api/runs/last", 400, "malformed-run"), ("/runs/<script>", 400, "malformed-run"),
    ("/api/runs/20261125-081500-777777", 404, "no-result"),
    ("/api/runs/20261125-081500-777777/results", 404, "no-report"),
    ("/api/runs/20261124-031530-00ab12/report", 404, "no-report"),
    ("/api/runs/20261124-031530-00ab12/report.json", 404, "no-report"),
  ])
  func whatIsNotThereIsSaidInJSON(path: String, status: Int, code: String) throws {
    let answer = try SampleWorkspace.full().get(path)
    #expect(answer.status == status)
    #expect(answer.headers["Content-Type"] == "application/json; charset=utf-8")
    #expect(try answer.error("code") == code)
    #expect(try answer.error("message") != "" && answer.error("hint") != "")
  }

  @Test func theTextOfAnErrorIsTheFactAndWhatToDo() throws {
    let answer = try SampleWorkspace.full().get("/api/runs/x")
    #expect(
      answer.text == """
        {"error":{"code":"malformed-run","hint":"identifiers look like 20261124-021530-4f2a9c; \
        /api/runs lists them","message":"'x' is not the identifier of a run"}}

        """)
  }

  @Test(arguments: [
    "..", "../..", "..%2f..%2fsecret", "%2e%2e", "20261124-021530-4f2a9c%2f..", ".", "%00",
    "20261124-021530-4f2a9\u{301}", "２0261124-021530-4f2a9c", "20261124-021530-4f2a9c ",
  ])
  func noPathLeavesTheFolderOfTheRuns(id: String) throws {
    let workspace = try SampleWorkspace.full()
    try workspace.directory.write("secret", to: "result.json")
    try workspace.directory.write("secret", to: "runs/result.json")
    for path in ["/api/runs/\(id)", "/api/runs/\(id)/results", "/runs/\(id)"] {
      let answer = workspace.get(path)
      #expect([400, 404].contains(answer.status), "\(path)")
      #expect(!answer.text.contains("\"secret\""))
    }
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
  func theServerOnlyReads(method: String) throws {
    let workspace = try SampleWorkspace.full()
    for path in ["/", "/api/runs", "/runs/\(run)", "/api/runs/\(run)/events"] {
      let answer = workspace.get(path, method: method)
      #expect(answer.status == 405)
      #expect(answer.headers["Allow"] == "GET, HEAD")
      #expect(try answer.error("code") == "method-not-allowed")
    }
    #expect(workspace.get("/nothing", method: method).status == 404)
  }

  @Test(arguments: ["/", "/api/runs", "/api/runs/20261124-021530-4f2a9c/report", "/nothing"])
  func headTellsWhatGetWouldSend(path: String) throws {
    let workspace = try SampleWorkspace.full()
    let (got, told) = (workspace.get(path), workspace.get(path, method: "HEAD"))
    #expect(told.body.isEmpty && !got.body.isEmpty)
    #expect(told.status == got.status && told.headers == got.headers)
    #expect(told.headers["Content-Length"] == String(got.body.count))
  }

  @Test func everyAnswerForbidsWhatItDoesNotNeed() throws {
    let workspace = try SampleWorkspace.full()
    for path in ["/", "/runs/\(run)", "/api/runs", "/api/runs/\(run)/report", "/nothing"] {
      let headers = workspace.get(path).headers
      #expect(headers["X-Content-Type-Options"] == "nosniff")
      #expect(headers["Content-Security-Policy"]?.hasPrefix("default-src 'none'; ") == true)
      #expect(headers["Content-Security-Policy"]?.contains("unsafe") == false)
      #expect(headers["Cross-Origin-Resource-Policy"] == "same-origin")
    }
  }

  @Test func aTornLastLineOfTheJournalIsLeftOut() throws {
    let workspace = try SampleWorkspace()
    let whole = SampleWorkspace.events(ended: false)
    for torn in [#"{"type":"task-sta"#, "\0\0\0\n", #"{"type":"#, ""] {
      try workspace.write(whole + torn, .journal, run)
      let answer = workspace.get("/api/runs/\(run)/events")
      #expect(answer.status == 200)
      #expect(answer.text == whole)
      #expect(workspace.get("/api/runs").text.contains(#""status":"running""#))
    }
  }

  @Test(arguments: [RunFile.result, .results, .report, .journal])
  func aDamagedFileIsNamedAndHidesNoOtherRun(file: RunFile) throws {
    let workspace = try SampleWorkspace.full()
    try workspace.write("{\"half\":\n{}\n", file, run)
    let path: [RunFile: String] = [
      .result: "", .results: "/results", .report: "/report.json", .journal: "/events",
    ]
    let answer = workspace.get("/api/runs/\(run)\(path[file] ?? "")")
    #expect(answer.status == 500)
    #expect(try answer.error("code") == "damaged-file")
    let file = "\(workspace.directory.path)/runs/\(run)/\(file.rawValue)"
    #expect(try answer.error("message")?.contains("'\(file)'") == true)
    let list = workspace.get("/api/runs")
    #expect(list.status == 200 && workspace.get("/").status == 200)
    #expect(list.text.contains(SampleWorkspace.failed))
    #expect(list.text.contains("damaged") == (path[.result] == "" && file.hasSuffix("result.json")))
  }
}
