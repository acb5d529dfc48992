/// Why a server cannot listen.
public struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure that callers tell apart.
  public enum Code: String, Hashable, Sendable {
    /// Another program listens on the port.
    case portInUse
    /// The address or the port cannot be had.
    case cannotListen
  }

  /// The kind of failure.
  public var code: Code
  /// The fact.
  public var message: String
  /// What to do about it.
  public var hint: String

  public var description: String { "\(message) (\(hint))" }

  static func portInUse(_ port: UInt16, _ host: ListeningHost) -> ServerError {
    ServerError(
      code: .portInUse, message: "port \(port) of \(host.text(inURL: false)) is in use",
      hint: "choose another port, or 0 for any that is free")
  }

  static func cannotListen(_ port: UInt16, _ host: ListeningHost, _ reason: String) -> ServerError {
    ServerError(
      code: .cannotListen,
      message: "cannot listen on port \(port) of \(host.text(inURL: false)): \(reason)",
      hint: "choose an address of this machine, and a port that you may use")
  }
}
