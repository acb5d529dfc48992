import CLibCrypto

/// Computes SHA-256 with libcrypto, which uses the CPU's SHA instructions where it has them.
///
/// This file is the one wrapper of libcrypto: raw pointers stay inside it.
public struct SHA256: ~Copyable {
  private let context: OpaquePointer

  /// Starts a digest of no bytes.
  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto cannot start SHA-256")
    }
    self.context = context
  }

  deinit {
    EVP_MD_CTX_free(context)
  }

  /// Appends bytes.
  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update(raw: $0) }
  }

  /// Appends part of an array of bytes.
  public mutating func update(_ bytes: ArraySlice<UInt8>) {
    bytes.withUnsafeBytes { update(raw: $0) }
  }

  /// Appends the UTF-8 of a text.
  public mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(raw: UnsafeRawBufferPointer($0)) }
  }

  /// Appends raw memory, for callers that hold a mapped file.
  public mutating func update(raw: UnsafeRawBufferPointer) {
    guard let base = raw.baseAddress, raw.count > 0 else { return }
    let status = EVP_DigestUpdate(context, base, raw.count)
    precondition(status == 1, "libcrypto refused \(raw.count) bytes")
  }

  /// Returns the digest of everything appended.
  public consuming func finalize() -> ContentDigest {
    var bytes = [UInt8](repeating: 0, count: 32)
    let status = EVP_DigestFinal_ex(context, &bytes, nil)
    guard status == 1, let digest = ContentDigest(bytes: bytes) else {
      preconditionFailure("libcrypto cannot finish SHA-256")
    }
    return digest
  }

  /// Returns the digest of bytes held in memory.
  public static func digest(of bytes: [UInt8]) -> ContentDigest {
    var hasher = SHA256()
    hasher.update(bytes)
    return hasher.finalize()
  }

  /// Returns the digest of a text's UTF-8.
  public static func digest(of text: String) -> ContentDigest {
    var hasher = SHA256()
    hasher.update(text)
    return hasher.finalize()
  }
}
