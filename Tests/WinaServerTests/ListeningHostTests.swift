import Testing
import WinaServer

/// Which names a server answers to: what keeps other people's pages from reading it.
struct ListeningHostTests {
  private func status(_ header: String?, at address: String) throws -> Int {
    let host = try #require(ListeningHost(address))
    return try SampleWorkspace(host: host).get("/api/runs", host: header).status
  }

  @Test(arguments: [
    "127.0.0.1", "127.0.0.1:8642", "localhost", "LocalHost:9000", "[::1]:8642", "[::1]",
  ])
  func theLoopbackNamesAreAdmitted(header: String) throws {
    #expect(try status(header, at: "127.0.0.1") == 200)
    #expect(try status(header, at: "192.168.1.5") == 200)
    #expect(try status(header, at: "0.0.0.0") == 200)
  }

  @Test(arguments: [
    nil, "", "evil.example", "evil.example:8642", "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example#127.0.0.1", "127.0.0.1@evil.example", "127.0.0.1:80:80", "127.0.0.1:x",
    "localhost.", "[::1", "[::1]x", "[evil]", "[evil.example]:1", "127.0.0.1, evil.example", "0",
  ])
  func otherNamesAreNot(header: String?) throws {
    for address in ["127.0.0.1", "192.168.1.5", "0.0.0.0", "::"] {
      #expect(try status(header, at: address) == 421)
    }
  }

  @Test func theBoundAddressIsAdmittedAndOnAllAddressesAny() throws {
    #expect(try status("192.168.1.5:8642", at: "192.168.1.5") == 200)
    #expect(try status("192.168.1.6:8642", at: "192.168.1.5") == 421)
    #expect(try status("192.168.1.6:8642", at: "0.0.0.0") == 200)
    #expect(try status("[fe80::1]:8642", at: "::") == 200)
    #expect(try status("192.168.1.256", at: "0.0.0.0") == 421)
  }

  @Test func anAddressIsReadAndAnyOtherNameIsNot() {
    #expect(ListeningHost("localhost") == .loopback)
    #expect(ListeningHost("::1")?.isLoopback == true)
    #expect(ListeningHost("127.0.0.2")?.isLoopback == true)
    #expect(ListeningHost("0.0.0.0")?.isLoopback == false)
    for text in ["", "example.org", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.+4"] {
      #expect(ListeningHost(text) == nil, "\(text)")
    }
  }
}
