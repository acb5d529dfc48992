import Foundation
import Testing
import WinaModel
import WinaTestSupport

/// Texts that are bad for tokenizers: a megabyte takes about four times as long as a quarter of one.
@Suite(.serialized)  // Times are compared.
struct LongTextTests {
  private static let settings = [
    "byte-level.pattern-llama3", "byte-level.pattern-o200k", "byte-level.odd-3",
    "byte-level.normalizer-nfc", "byte-level.normalizer-nfkc", "byte-level.tokens",
    "sentencepiece.plain",
  ]

  private static let texts: [(name: String, unit: String)] = [
    ("one letter", "a"), ("spaces", " "), ("emoji", "🙂"), ("newlines", "\n"),
    ("marks", "\u{301}\u{323}"),
    ("no spaces", "the9quick-brown_fox日本"), ("apostrophes", "'"), ("mixed", " x\n'"),
    ("Hangul letters", "\u{1100}\u{1161}\u{11A8}"), ("added tokens", "<tok> "),
  ]

  /// The time that this thread computes, which other work of the machine does not lengthen.
  private func seconds(_ tokenizer: Tokenizer, _ text: String) -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let start = now()
    #expect(!tokenizer.encode(text, addSpecialTokens: false).isEmpty)
    return now() - start
  }

  @Test(arguments: settings)
  func timeGrowsLikeTheText(setting: String) throws {
    let found = try TokenizerCases.all().first { $0.name == setting }
    let tokenizer = try TokenizerFixture.load(json: try #require(found).file.text)
    for (name, unit) in Self.texts {
      let count = (1 << 18) / unit.utf8.count
      let part = String(repeating: unit, count: count)
      let text = part + part + part + part
      var times = (part: Double.infinity, whole: Double.infinity)
      // Another try where the machine did something else in between.
      for _ in 0..<4 where times.whole > 7 * times.part || times.whole == .infinity {
        times.part = min(times.part, seconds(tokenizer, part))
        times.whole = min(times.whole, seconds(tokenizer, text))
      }
      // Caches may make four parts take more than four times as long; a square would make it sixteen.
      #expect(times.whole < 9 * times.part + 0.05, "\(name): \(times)")
    }
  }
}
