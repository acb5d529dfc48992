/// An answer, ready to be sent.
public struct ServerResponse: Sendable, Hashable {
  /// The status code.
  public var status: Int
  /// The headers by name.
  public var headers: [String: String]
  /// The content; empty in the answer to HEAD, whose `Content-Length` is that of GET.
  public var body: [UInt8]

  /// Makes an answer with the headers that all have.
  ///
  /// The runs change while they are looked at, so nothing is stored; no other site may frame,
  /// embed or guess at what is served; and a page may load nothing but the styles that it names.
  init(status: Int = 200, type: ContentType, body: [UInt8], styles: String? = nil) {
    self.status = status
    self.body = body
    headers = [
      "Content-Type": type.rawValue,
      "Content-Length": String(body.count),
      "Cache-Control": "no-store",
      "Content-Security-Policy": ServerResponse.policy(styles: styles),
      "X-Content-Type-Options": "nosniff",
      "Cross-Origin-Resource-Policy": "same-origin",
      "Referrer-Policy": "no-referrer",
    ]
  }

  /// The kinds of content that are served.
  enum ContentType: String {
    case json = "application/json; charset=utf-8"
    case lines = "application/x-ndjson; charset=utf-8"
    case markdown = "text/markdown; charset=utf-8"
    case html = "text/html; charset=utf-8"
  }

  private static func policy(styles: String?) -> String {
    let rest = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    guard let styles else { return "default-src 'none'; \(rest)" }
    return "default-src 'none'; style-src '\(styles)'; \(rest)"
  }

  /// The same without the content, as HEAD wants it.
  var withoutBody: ServerResponse {
    var response = self
    response.body = []
    return response
  }
}
