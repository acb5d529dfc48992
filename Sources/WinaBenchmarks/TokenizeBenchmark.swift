import Foundation
import WinaModel
import WinaPipeline
import WinaStore

/// Encoding the lines of a text, against Hugging Face `tokenizers` or else against reading them.
enum TokenizeBenchmark: Benchmark {
  static let name = "tokenize"

  private static let data = "../shared/data"
  private static let text = data + "/benchmarks/wikitext2/test.txt.zst"

  static func cases() throws -> [BenchmarkCase] {
    guard FileManager.default.fileExists(atPath: text) else {
      FileHandle.standardError.write(Data("tokenize: skipped, there is no \(text)\n".utf8))
      return []
    }
    let stored = [UInt8](try Data(contentsOf: URL(fileURLWithPath: text)))
    let bytes = try ZstdFile.decompress(stored, name: text, limit: 1 << 30)
    let lines = String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    let folder = try BenchmarkFolder()
    let plain = folder.path + "/text"
    try Data(bytes).write(to: URL(fileURLWithPath: plain))
    return try ["gpt2", "llama-3.1", "qwen2.5", "llama-2", "phi-3"].flatMap { name in
      try cases(of: name, lines, size: bytes.count, folder, plain)
    }
  }

  private static func cases(
    of name: String, _ lines: [String], size: Int, _ folder: BenchmarkFolder, _ plain: String
  ) throws -> [BenchmarkCase] {
    let path = "\(data)/tokenizers/\(name)/tokenizer.json"
    let tokenizer = try Tokenizer.load(path: path)
    let ids = tokenizer.encodeBatch(lines, addSpecialTokens: false, threads: 1)
    let tokens = ids.reduce(0) { $0 + $1.count }
    // An added token beside a space takes it along, in the reference as well.
    for (line, ids) in zip(lines, ids)
    where !line.contains("<unk>") && tokenizer.decode(ids, skipSpecialTokens: false) != line {
      throw BenchmarkError(description: "tokenize: \(name) loses '\(line)'")
    }
    guard tokenizer.encodeBatch(lines, addSpecialTokens: false, threads: 2) == ids else {
      throw BenchmarkError(description: "tokenize: \(name) depends on the number of threads")
    }
    let peer = try TokenizersPeer(tokenizer: path, text: plain)
    return [1, 2].map { threads in
      BenchmarkCase(
        parameters: ["tokenizer": .string(name), "threads": .int(threads)],
        amount: Double(size) / 1e6, unit: "MB/s",
        run: {
          withExtendedLifetime(folder) {
            seconds {
              _ = tokenizer.encodeBatch(lines, addSpecialTokens: false, threads: threads)
            }
          }
        },
        baselineName: peer == nil ? "adding up the bytes" : "tokenizers, 1 thread",
        runBaseline: { try peer?.sample(tokens: tokens) ?? addUp(lines, size: size) },
        ratio: .speed)
    }
  }

  /// Reads every byte once and returns the seconds.
  private static func addUp(_ lines: [String], size: Int) throws -> Double {
    var sum = 0
    let elapsed = seconds {
      for line in lines {
        for byte in line.utf8 { sum &+= Int(byte) }
      }
    }
    guard sum >= size / 2 else { throw BenchmarkError(description: "tokenize: the text is empty") }
    return elapsed
  }
}
