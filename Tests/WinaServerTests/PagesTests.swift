import Testing
import WinaExecution
import WinaPipeline
import WinaServer
import WinaTestSupport

struct PagesTests {
  private func golden(_ workspace: SampleWorkspace, _ path: String, _ name: String) throws {
    let answer = workspace.get(path)
    #expect(answer.status == 200)
    #expect(answer.headers["Content-Type"] == "text/html; charset=utf-8")
    let page = answer.text.replacing(workspace.directory.path, with: "/w/.wina")
    // The styles are the same on all pages.
    try expectGolden(page.replacing(/<style>.*<\/style>/.dotMatchesNewlines(), with: ""), name)
  }

  @Test func theFirstPageListsTheRuns() throws {
    try golden(SampleWorkspace.full(), "/", "WinaServer/home.html")
  }

  @Test func aRunIsShownWithItsReportAndTasks() throws {
    try golden(
      SampleWorkspace.full(), "/runs/\(SampleWorkspace.done)", "WinaServer/done.html")
  }

  @Test func aRunThatGoesOnIsShownSoFarAndAgain() throws {
    try golden(
      SampleWorkspace.full(), "/runs/\(SampleWorkspace.running)", "WinaServer/running.html")
  }

  @Test func aFailedRunShowsWhy() throws {
    let page = try SampleWorkspace.full().get("/runs/\(SampleWorkspace.failed)").text
    #expect(page.contains("disk &amp; &lt;fire&gt;"))
    #expect(!page.contains("http-equiv") && !page.contains("/report\""))
  }

  @Test func nothingThatARunSaysBecomesMarkup() throws {
    let workspace = try SampleWorkspace()
    let evil = "a'<script>alert(1)</script>&amp;\\\" onload=x \\u202e\\u0007"
    let run = SampleWorkspace.done
    try workspace.write(
      SampleWorkspace.result(
        run, spec: evil, tasks: [SampleWorkspace.task(evil, "ran", reason: evil)]), .result, run)
    for path in ["/", "/runs/\(run)"] {
      let page = workspace.get(path).text
      #expect(!page.contains("<script") && !page.contains("\" onload"))
      #expect(page.contains("a&#39;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;&quot; onload=x"))
      #expect(!page.unicodeScalars.contains("\u{202E}") && !page.contains("\u{7}"))
    }
  }

  @Test func aPageLoadsNothingAndItsStylesAreTheOnesAllowed() throws {
    let answer = try SampleWorkspace.full().get("/runs/\(SampleWorkspace.done)")
    for word in ["http:", "https:", "src=", "@import", "url(", "<script", "style="] {
      #expect(!answer.text.contains(word), "\(word)")
    }
    let styles = try #require(
      answer.text.firstMatch(of: /<style>(.*)<\/style>/.dotMatchesNewlines())?.output.1)
    let digest = Base64.text(SHA256.digest(of: String(styles)).bytes)
    let policy = answer.headers["Content-Security-Policy"]
    #expect(policy?.contains("style-src 'sha256-\(digest)'") == true)
  }
}

/// Base 64 as RFC 4648 has it, written again so that the page's own is not its judge.
private enum Base64 {
  static func text(_ bytes: [UInt8]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    return stride(from: 0, to: bytes.count, by: 3).map { start in
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      return String(
        (0..<4).map { $0 > group.count ? "=" : letters[bits >> (18 - 6 * $0) & 63] })
    }.joined()
  }
}
