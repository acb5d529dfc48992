import Dispatch
import FlyingFox
import FlyingSocks
import Foundation
import Glibc
import WinaExecution

/// Serves the runs of a workspace over HTTP, read-only.
///
/// This file is the one place that knows FlyingFox, and the one place with asynchronous code: what is
/// asked is answered by ``RunSite``, on a thread that may wait for a disk.
public struct RunServer: Sendable {
  private let site: RunSite
  private let host: ListeningHost
  private let port: UInt16
  private static let bufferSize = 1 << 16
  /// Longer than any answer or start takes: neither is given up on a machine that is merely busy.
  private static let patience = 600.0

  /// Makes a server, which does not listen yet.
  ///
  /// - Parameters:
  ///   - workspace: The `.wina` folder, which may be absent.
  ///   - host: The address to listen on.
  ///   - port: The port, or 0 for any that is free.
  public init(workspace: String, host: ListeningHost = .loopback, port: UInt16) {
    site = RunSite(workspace: workspace, host: host)
    self.host = host
    self.port = port
  }

  /// Serves until the task that calls it is cancelled.
  ///
  /// - Parameter listening: Called once with the URL of the server, when it can be asked.
  /// - Throws: ``ServerError`` when the address cannot be listened on.
  public func run(
    listening: @escaping @Sendable (String) -> Void
  ) async throws(ServerError) {
    do {
      let server = HTTPServer(config: try configuration(), handler: handler())
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        group.addTask {
          try await server.waitUntilListening(timeout: RunServer.patience)
          listening(url(port: RunServer.port(of: await server.listeningAddress) ?? port))
        }
        for try await _ in group {}
      }
    } catch {
      if Task.isCancelled { return }
      if case SocketError.failed(_, EADDRINUSE, _) = error { throw .portInUse(port, host) }
      if case SocketError.failed(_, _, let reason) = error {
        throw .cannotListen(port, host, reason)
      }
      throw .cannotListen(port, host, "\(error)")
    }
  }

  private func configuration() throws -> HTTPServer.Configuration {
    let text = host.text(inURL: false)
    let address: any SocketAddress =
      if host.isIPv6 {
        try sockaddr_in6.inet6(ip6: text, port: port)
      } else {
        try sockaddr_in.inet(ip4: text, port: port)
      }
    return HTTPServer.Configuration(
      address: address, timeout: RunServer.patience, logger: .disabled)
  }

  private func handler() -> ClosureHTTPHandler {
    let queue = DispatchQueue(label: "wina.server", attributes: .concurrent)
    return ClosureHTTPHandler { [site] request in
      let question = ServerRequest(
        method: request.method.rawValue, path: request.target.path(percentEncoded: true),
        host: request.headers[.host])
      let answer = await withCheckedContinuation { continuation in
        queue.async { continuation.resume(returning: site.response(to: question)) }
      }
      return RunServer.response(answer)
    }
  }

  private static func response(_ answer: ServerResponse) -> HTTPResponse {
    var headers = HTTPHeaders()
    for (name, value) in answer.headers { headers.setValues([value], for: HTTPHeader(name)) }
    return HTTPResponse(
      statusCode: HTTPStatusCode(answer.status, phrase: phrase(answer.status)), headers: headers,
      body: HTTPBodySequence(data: Data(answer.body), suggestedBufferSize: bufferSize))
  }

  private static func phrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 421: "Misdirected Request"
    default: "Internal Server Error"
    }
  }

  private func url(port: UInt16) -> String { "http://\(host.text(inURL: true)):\(port)/" }

  private static func port(of address: Socket.Address?) -> UInt16? {
    switch address {
    case .ip4(_, let port), .ip6(_, let port): port
    case .unix, nil: nil
    }
  }
}
