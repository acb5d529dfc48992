import Foundation
import Testing
import WinaModel
import WinaTestSupport

/// Every vector made with the reference library, for each of the shared tokenizers.
@Suite(.enabled(if: SharedData.isPresent, "needs ../shared/data, which is absent"))
struct TokenizerVectorTests {
  private struct Vector: Decodable {
    var id: Int
    var text: String
    var ids: [Int32]
    var idsSpecial: [Int32]
    var decoded: String
    var decodedSkip: String

    enum CodingKeys: String, CodingKey {
      case id, text, ids, decoded
      case idsSpecial = "ids_special"
      case decodedSkip = "decoded_skip"
    }
  }

  @Test(arguments: ["gpt2", "llama-2", "llama-3.1", "phi-3", "qwen2.5", "stories-tok512"])
  func everyVectorIsReproduced(name: String) throws {
    let folder = SharedData.path("tokenizers/\(name)")
    let tokenizer = try Tokenizer.load(path: folder)
    let lines = try Data(contentsOf: URL(fileURLWithPath: folder + "/vectors.jsonl"))
    let decoder = JSONDecoder()
    var count = 0
    for line in lines.split(separator: UInt8(ascii: "\n")) {
      let vector = try decoder.decode(Vector.self, from: line)
      count += 1
      #expect(
        tokenizer.encode(vector.text, addSpecialTokens: false) == vector.ids, "ids of \(vector.id)")
      #expect(
        tokenizer.encode(vector.text, addSpecialTokens: true) == vector.idsSpecial,
        "ids_special of \(vector.id)")
      let decoded = tokenizer.decode(vector.ids, skipSpecialTokens: false)
      #expect(Array(decoded.utf8) == Array(vector.decoded.utf8), "decoded of \(vector.id)")
      let skipped = tokenizer.decode(vector.idsSpecial, skipSpecialTokens: true)
      #expect(Array(skipped.utf8) == Array(vector.decodedSkip.utf8), "decoded_skip of \(vector.id)")
    }
    #expect(count == 300)
  }

  @Test(arguments: [("textmix-3m", 4096), ("stories260K", 512)])
  func tokenizersOfTheModelsRoundTrip(model: String, size: Int) throws {
    let tokenizer = try Tokenizer.load(path: SharedData.path("models/\(model)/tokenizer.json"))
    #expect(tokenizer.vocabularySize == size)
    #expect(tokenizer.largestID == size - 1)
    let text = "Once upon a time, 12 + 30 = 42; naïve 日本 🙂\n\tdef f(x): return x"
    let ids = tokenizer.encode(text, addSpecialTokens: false)
    #expect(tokenizer.decode(ids, skipSpecialTokens: false) == text)
    #expect(tokenizer.encode(text, addSpecialTokens: true).suffix(ids.count) == ids[...])
  }
}
