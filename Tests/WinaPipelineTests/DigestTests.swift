import Testing
import WinaPipeline

@Suite("Digests") struct DigestTests {
  @Test(
    "SHA-256 gives the published digests",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ])
  func givesThePublished(_ text: String, _ hex: String) {
    #expect(SHA256.digest(of: text).hex == hex)
    #expect(SHA256.digest(of: Array(text.utf8)).hex == hex)
    var hasher = SHA256()
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: 61) {
      hasher.update(bytes[start..<min(start + 61, bytes.count)])
    }
    #expect(hasher.finalize().hex == hex)
  }

  @Test("a digest reads back from its bytes and its digits") func readsBack() throws {
    for text in ["", "a", "b", "c"] {
      let digest = SHA256.digest(of: text)
      #expect(ContentDigest(hex: digest.hex) == digest)
      #expect(ContentDigest(bytes: digest.bytes) == digest)
      #expect(digest.bytes.count == 32)
      #expect(digest.short == String(digest.hex.prefix(12)))
      let json = try JSONValue(encoding: digest)
      #expect(json == .string(digest.hex))
      #expect(try json.decoded(as: ContentDigest.self) == digest)
    }
  }

  @Test("what is no digest is refused") func isRefused() {
    let hex = SHA256.digest(of: "").hex
    #expect(ContentDigest(hex: hex.uppercased()) == nil)
    #expect(ContentDigest(hex: hex.dropLast()) == nil)
    #expect(ContentDigest(hex: hex + "0") == nil)
    #expect(ContentDigest(hex: "g" + hex.dropFirst()) == nil)
    #expect(ContentDigest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
    #expect(throws: DecodingError.self) {
      try JSONValue.string("zz").decoded(as: ContentDigest.self)
    }
  }

  @Test("digests are ordered like their digits") func areOrdered() {
    let digests = (0..<50).map { SHA256.digest(of: "\($0)") }
    #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
  }
}
