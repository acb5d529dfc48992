/// What the routes need to know of a request.
public struct ServerRequest: Sendable, Hashable {
  /// The method, in capitals.
  public var method: String
  /// The path as it was sent: percent-encoded, dot segments and all, without the query.
  public var path: String
  /// The value of the `Host` header.
  public var host: String?

  /// Makes a request.
  public init(method: String = "GET", path: String, host: String?) {
    self.method = method
    self.path = path
    self.host = host
  }
}
