/// An address of this machine that a server listens on, and the names under which it may be asked.
///
/// A browser on this machine sends whatever page it shows to where the name of that page's host
/// points. An attacker can let a name of his own point to 127.0.0.1 and so read what a server there
/// answers (DNS rebinding), unless the server looks at the `Host` header, which holds that name.
public struct ListeningHost: Sendable, Hashable {
  private let address: String

  /// The loopback address, which only this machine can reach.
  public static let loopback = ListeningHost(address: "127.0.0.1")

  private init(address: String) { self.address = address }

  /// Reads an IPv4 or IPv6 address, or `localhost`; any other name is `nil`.
  public init?(_ text: String) {
    if text == "localhost" {
      self = .loopback
    } else if ListeningHost.isIPv4(text) || ListeningHost.isIPv6(text) {
      address = text.lowercased()
    } else {
      return nil
    }
  }

  /// Whether other machines cannot reach it.
  public var isLoopback: Bool { address.hasPrefix("127.") || address == "::1" }

  var isIPv6: Bool { address.contains(":") }

  /// The address as text, in brackets where a URL needs them.
  func text(inURL: Bool) -> String { inURL && isIPv6 ? "[\(address)]" : address }

  /// Returns whether a request with this `Host` header is meant for the server.
  ///
  /// The port is not looked at: a tunnel may have another, and no attack depends on it. A server on
  /// all addresses is asked under any of them, but not under names, which is what rebinding needs.
  func admits(_ header: String?) -> Bool {
    guard let name = header.flatMap(ListeningHost.name) else { return false }
    if name == address || ["localhost", "127.0.0.1", "::1"].contains(name) { return true }
    let isWildcard = address == "0.0.0.0" || address == "::"
    return isWildcard && (ListeningHost.isIPv4(name) || ListeningHost.isIPv6(name))
  }

  /// Returns the lowercase host of a `Host` header without brackets and port; `nil` for other text.
  private static func name(in header: String) -> String? {
    var rest = header.lowercased()[...]
    let name: Substring
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      name = rest[rest.index(after: rest.startIndex)..<end]
      guard isIPv6(String(name)) else { return nil }
      rest = rest[rest.index(after: end)...]
    } else {
      name = rest.prefix { $0 != ":" }
      rest = rest[name.endIndex...]
    }
    let port = rest.dropFirst()
    guard rest.isEmpty || (rest.first == ":" && port.allSatisfy { "0123456789".contains($0) })
    else { return nil }
    return String(name)
  }

  private static func isIPv4(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (48...57).contains($0) }
          && UInt8(part) != nil
      }
  }

  /// Whether the text has the characters of an IPv6 address; the system judges the rest.
  private static func isIPv6(_ text: String) -> Bool {
    text.contains(":") && text.utf8.count <= 45
      && text.allSatisfy { "0123456789abcdefABCDEF:.".contains($0) }
  }
}
