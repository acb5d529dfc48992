import Foundation
import FoundationNetworking
import Glibc
import Testing

/// `wina serve`, started as users start it.
struct ServeTests {
  private struct Listening: Decodable {
    var type: String
    var url: String
  }

  private struct Server {
    let process: WinaProcess
    let url: String
  }

  private func serve(_ workspace: ToyWorkspace, _ arguments: String...) throws -> Server {
    let process = try workspace.start(["serve", "--json"] + arguments)
    process.wait { $0.output.contains("\n") }
    let line = process.output
    let listening = try JSONDecoder().decode(Listening.self, from: Data(line.utf8))
    #expect(listening.type == "listening")
    return Server(process: process, url: listening.url)
  }

  private func fetch(_ url: String) async throws -> (status: Int, text: String) {
    var request = URLRequest(url: try #require(URL(string: url)))
    request.timeoutInterval = 600
    let (data, response) = try await URLSession.shared.data(for: request)
    return (
      try #require(response as? HTTPURLResponse).statusCode, String(decoding: data, as: UTF8.self)
    )
  }

  @Test func theRunsOfAWorkspaceAreServedUntilControlC() async throws {
    let warm = try ToyWorkspace.warmSmall()
    let workspace = try warm.workspace.copy()
    let server = try serve(workspace, "--port", "0")
    let run = warm.report.run
    #expect(try await fetch(server.url + "api/runs").text.contains("\"run\":\"\(run)\""))
    let shown = try workspace.wina("show", run, "--json").output
    #expect(try await fetch(server.url + "api/runs/\(run)").text == shown)
    for path in ["results", "report", "report.json", "events"] {
      let answer = try await fetch(server.url + "api/runs/\(run)/\(path)")
      #expect(answer.status == 200 && !answer.text.isEmpty)
    }
    #expect(try await fetch(server.url).text.contains("<a href=\"/runs/\(run)\">"))
    let page = try await fetch(server.url + "runs/\(run)").text
    #expect(page.contains("Verdict: ") && page.contains("<td>compare</td>"))

    // A run that is made meanwhile is there.
    let next = try workspace.run().run
    #expect(try await fetch(server.url + "api/runs").text.contains(next))

    server.process.send(SIGINT)
    let outcome = server.process.wait()
    #expect(outcome.status == 130)
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output.split(separator: "\n").count == 1)
  }

  @Test func theURLIsToldToPeopleAndAFolderOrSpecNamesTheWorkspace() throws {
    let workspace = try ToyWorkspace.warmSmall().workspace.copy()
    for place in [workspace.path, workspace.file("toy.yaml")] {
      let process = try workspace.start(["serve", place, "--port", "0"])
      process.wait { $0.errors.contains("\n") }
      process.send(SIGINT)
      let outcome = process.wait()
      #expect(outcome.status == 130)
      #expect(outcome.output.isEmpty)
      #expect(
        outcome.errors.wholeMatch(
          of: /listening on http:\/\/127\.0\.0\.1:[0-9]+\/ \(Ctrl-C ends it\)\n/) != nil,
        "\(outcome.errors)")
    }
    let missing = try workspace.wina("serve", "nothing.yaml")
    #expect(missing.status == 2)
    #expect(missing.errors.contains("there is no spec or folder 'nothing.yaml'"))
  }

  @Test func aPortInUseAndAWrongAddressAreErrors() throws {
    let workspace = try ToyWorkspace.warmSmall().workspace.copy()
    let server = try serve(workspace, "--port", "0")
    let port = try #require(URL(string: server.url)?.port)
    let second = try workspace.wina("serve", "--port", "\(port)")
    #expect(second.status == 3)
    #expect(
      second.errors
        == "error: port \(port) of 127.0.0.1 is in use (choose another port, or 0 for any that is free)\n"
    )
    #expect(try workspace.wina("serve", "--port", "70000").status == 64)
    #expect(try workspace.wina("serve", "--host", "example.org").status == 64)
    server.process.send(SIGINT)
    #expect(server.process.wait().status == 130)
  }

  @Test func aRunIsRunningWhileItRunsAndUnfinishedOnceKilled() async throws {
    let workspace = try ToyWorkspace.warmSmall().workspace.copy()
    // The answers below may take minutes while other tests hold the threads, so the task lasts as
    // long as this workspace, and at most ten minutes.
    try workspace.write("", to: "going")
    let waiting =
      "n=0; while test -e '\(workspace.file("going"))' -a $n -lt 3000; do sleep 0.2; n=$((n+1)); done"
    let slow =
      "  slow: {kind: command, inputs: [pooled], run: \"test -f {in.pooled}; \(waiting); date > {out}\"}"
    try workspace.write(ToySpec.small.replacing("  evaluate:\n", with: slow + "\n  evaluate:\n"))
    let server = try serve(workspace, "--port", "0")
    let run = try workspace.start(["run", "toy.yaml", "--json", "--only", "slow"])
    run.wait { $0.output.contains("\"task\":\"slow\"") }
    // What the run says and what it records are two writes.
    var listing = ""
    for _ in 0..<500 where !listing.contains("\"status\":\"running\"") {
      listing = try await fetch(server.url + "api/runs").text
    }
    #expect(listing.contains("\"status\":\"running\""))
    #expect(try await fetch(server.url).text.contains("http-equiv=\"refresh\""))
    run.send(SIGKILL)
    #expect(run.wait().status == -SIGKILL)
    #expect(try await fetch(server.url + "api/runs").text.contains("\"status\":\"unfinished\""))
    #expect(try workspace.wina("runs").output.contains("unfinished"))
    server.process.send(SIGINT)
    #expect(server.process.wait().status == 130)
  }
}
