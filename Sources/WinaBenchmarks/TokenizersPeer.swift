import Foundation

/// Hugging Face `tokenizers` in a Python process that takes a sample whenever it is asked to.
final class TokenizersPeer {
  /// The environment variable that names the Python interpreter.
  static let variable = "WINA_PEER_PYTHON"

  private struct Sample: Decodable {
    var seconds: Double
    var tokens: Int
  }

  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private var pending: [UInt8] = []

  /// Starts a process, or returns nil where no interpreter is named.
  init?(tokenizer: String, text: String) throws {
    guard let python = ProcessInfo.processInfo.environment[Self.variable] else { return nil }
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Peers/tokenizers_bench.py").path
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [script, tokenizer, text, "--serve"]
    process.standardInput = requests
    process.standardOutput = answers
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  deinit {
    // The process ends where its input does.
    requests.fileHandleForWriting.closeFile()
    process.waitUntilExit()
  }

  /// Encodes the text once and returns the seconds; it must give that many tokens.
  func sample(tokens: Int) throws -> Double {
    try requests.fileHandleForWriting.write(contentsOf: Data("sample\n".utf8))
    let sample = try JSONDecoder().decode(Sample.self, from: try line())
    guard sample.tokens == tokens else {
      throw BenchmarkError(description: "tokenize: the peer finds \(sample.tokens) tokens")
    }
    return sample.seconds
  }

  private func line() throws -> Data {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        defer { pending.removeFirst(end + 1) }
        return Data(pending[..<end])
      }
      let data = answers.fileHandleForReading.availableData
      if data.isEmpty {
        throw BenchmarkError(description: "tokenize: the Python process ended; has it tokenizers?")
      }
      pending.append(contentsOf: data)
    }
  }
}
