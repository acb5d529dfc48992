import Dispatch
import Foundation
import Glibc

/// A connection that sends bytes as they are, where a proper client would mend them.
struct RawClient: Sendable {
  private let host: String
  private let port: String

  /// Takes the address from a URL.
  init?(_ url: String) {
    guard let parts = URLComponents(string: url), let host = parts.host, let port = parts.port
    else { return nil }
    self.host = host.trimmingCharacters(in: ["[", "]"])
    self.port = String(port)
  }

  /// Sends, and returns everything that comes until the server ends the connection.
  ///
  /// It waits on a thread of its own: the server needs those that asynchronous code shares.
  func send(_ text: String) async -> String {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        let descriptor = open(text)
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
          let count = recv(descriptor, &buffer, buffer.count, 0)
          guard count > 0 else { break }
          answer += buffer[..<count]
        }
        close(descriptor)
        continuation.resume(returning: String(decoding: answer, as: UTF8.self))
      }
    }
  }

  /// Connects and sends; returns the socket, which the caller closes, or -1.
  func open(_ text: String) -> Int32 {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, port, &hints, &found) == 0, let address = found?.pointee else {
      return -1
    }
    defer { freeaddrinfo(found) }
    let descriptor = socket(address.ai_family, address.ai_socktype, 0)
    // An answer that never comes must fail a test, not hang it.
    var patience = timeval(tv_sec: 600, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
    let bytes = Array(text.utf8)
    guard connect(descriptor, address.ai_addr, address.ai_addrlen) == 0,
      Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    else {
      close(descriptor)
      return -1
    }
    return descriptor
  }
}
