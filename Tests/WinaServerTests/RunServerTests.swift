import Foundation
import FoundationNetworking
import Glibc
import Testing
import WinaExecution
import WinaServer
import WinaTestSupport

/// The server over real sockets.
///
/// Server, client and all other tests share two threads on a small machine, so patience is long.
@Suite(.timeLimit(.minutes(10)))
struct RunServerTests {
  /// Runs a body against a server, with the server's URL, and ends the server.
  private func serving(
    _ workspace: SampleWorkspace, host: ListeningHost = .loopback,
    _ body: (String) async throws -> Void
  ) async throws {
    let server = RunServer(workspace: workspace.directory.path, host: host, port: 0)
    let (urls, listening) = AsyncStream.makeStream(of: String.self)
    let task = Task {
      defer { listening.finish() }
      try await server.run { listening.yield($0) }
    }
    var iterator = urls.makeAsyncIterator()
    if let url = await iterator.next() { try await body(url) }
    task.cancel()
    try await task.value
  }

  private func fetch(_ url: String, method: String = "GET") async throws -> (Int, Data) {
    var request = URLRequest(url: try #require(URL(string: url)))
    request.httpMethod = method
    request.timeoutInterval = 600
    let (data, response) = try await URLSession.shared.data(for: request)
    return (try #require(response as? HTTPURLResponse).statusCode, data)
  }

  @Test func whatTheSiteAnswersIsWhatIsSent() async throws {
    let workspace = try SampleWorkspace.full()
    try await serving(workspace) { url in
      #expect(url.hasPrefix("http://127.0.0.1:") && url.hasSuffix("/") && !url.hasSuffix(":0/"))
      for path in ["", "api/runs", "runs/\(SampleWorkspace.done)", "nothing", "api/runs/..%2f"] {
        let expected = workspace.get("/" + path)
        let (status, data) = try await fetch(url + path)
        #expect(status == expected.status)
        #expect(Array(data) == expected.body)
      }
      let (status, data) = try await fetch(url, method: "HEAD")
      #expect(status == 200 && data.isEmpty)
      #expect(try await fetch(url + "api/runs", method: "POST").0 == 405)
    }
  }

  @Test func aLargeDocumentArrivesWholeAndManyAtOnce() async throws {
    let workspace = try SampleWorkspace.full()
    let tasks = (0..<4000).map { SampleWorkspace.task("capture#test/\($0)", "hit") }
    let run = SampleWorkspace.done
    let text = SampleWorkspace.result(run, tasks: tasks)
    try workspace.write(text, .result, run)
    try await serving(workspace) { url in
      try await withThrowingTaskGroup(of: (Int, Data).self) { group in
        for _ in 0..<8 { group.addTask { try await fetch(url + "api/runs/\(run)") } }
        for try await (status, data) in group {
          #expect(status == 200 && Array(data) == Array(text.utf8))
        }
      }
    }
  }

  @Test func whatIsTypedByHandIsAnsweredOrTheConnectionEnds() async throws {
    let workspace = try SampleWorkspace.full()
    try await serving(workspace) { url in
      let client = try #require(RawClient(url))
      let paths = ["/api/runs/../../result.json", "/api/runs/%2e%2e/x", "/../../etc/passwd", "*"]
      for path in paths {
        let answer = await client.send(
          "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 40"), "\(path)")
      }
      let rebound = await client.send(
        "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
      #expect(rebound.hasPrefix("HTTP/1.1 421 Misdirected Request\r\n"))
      #expect(!rebound.contains(SampleWorkspace.done))
      let old = await client.send("GET / HTTP/1.0\r\n\r\n")
      #expect(old.hasPrefix("HTTP/1.1 421 "))
      for text in ["\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"] {
        _ = await client.send(text)
      }
      // It has survived them.
      #expect(try await fetch(url + "api/runs").0 == 200)
    }
  }

  @Test func aClientThatStaysConnectedKeepsNoServerFromEnding() async throws {
    var descriptor: Int32 = -1
    try await serving(SampleWorkspace.full()) { url in
      descriptor =
        RawClient(url)?.open("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") ?? -1
      #expect(descriptor >= 0)
    }
    close(descriptor)
  }

  @Test func aServerListensOnIPv6() async throws {
    let host = try #require(ListeningHost("::1"))
    do {
      try await serving(try SampleWorkspace.full(), host: host) { url in
        let client = try #require(RawClient(url))
        #expect(url.hasPrefix("http://[::1]:"))
        let host = url.dropFirst(7).dropLast()
        let answer = await client.send(
          "GET /api/runs HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
      }
    } catch {
      // A machine without IPv6 has no such address.
      #expect((error as? ServerError)?.code == .cannotListen)
    }
  }

  @Test func aPortInUseIsNamed() async throws {
    let workspace = try SampleWorkspace.full()
    try await serving(workspace) { url in
      let port = try #require(URL(string: url)?.port.flatMap(UInt16.init))
      let second = RunServer(workspace: workspace.directory.path, port: port)
      let error = await #expect(throws: ServerError.self) { try await second.run { _ in } }
      #expect(error?.code == .portInUse)
      #expect(
        error?.description
          == "port \(port) of 127.0.0.1 is in use (choose another port, or 0 for any that is free)")
    }
  }

  @Test func anAddressOfAnotherMachineCannotBeHad() async throws {
    let host = try #require(ListeningHost("192.0.2.1"))
    let server = RunServer(workspace: "/nowhere", host: host, port: 0)
    let error = await #expect(throws: ServerError.self) { try await server.run { _ in } }
    #expect(error?.code == .cannotListen)
    #expect(error?.message.hasPrefix("cannot listen on port 0 of 192.0.2.1: ") == true)
  }
}
