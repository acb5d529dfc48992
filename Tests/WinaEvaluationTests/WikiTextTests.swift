import Testing
import WinaEvaluation

@Suite("WikiText and windows") struct WikiTextTests {
  @Test("pages are detokenised, and words counted, as in the harness")
  func detokenized() throws {
    let task = try BenchmarkTask.named("wikitext")
    for page in try HarnessFixture.read("texts.json", as: HarnessFixture.Texts.self).pages {
      #expect(WikiText.detokenized(page.page) == page.text)
      let record = OrderedJSON.object([.init("page", .string(page.page))]).dumped()
      guard
        case .rolling(let item) = try task.parse(
          record: Array(record.utf8), origin: RecordOrigin(file: "x", line: 1))
      else {
        Issue.record("not a rolling item")
        return
      }
      #expect(item.text == page.text && item.words == page.words)
      #expect(item.bytes == page.page.utf8.count)
    }
  }

  @Test("HellaSwag's texts are cleaned as in the harness")
  func hellaswag() throws {
    let task = try BenchmarkTask.named("hellaswag")
    for text in try HarnessFixture.read("texts.json", as: HarnessFixture.Texts.self).hellaswag {
      let record: OrderedJSON = [
        "activity_label": "", "ctx_a": "", "ctx_b": "", "label": "0",
        "endings": [.string(text.text), "b"],
      ]
      guard
        case .choices(let item) = try task.parse(
          record: Array(record.dumped().utf8), origin: RecordOrigin(file: "x", line: 1))
      else {
        Issue.record("not multiple choice")
        return
      }
      #expect(item.choices[0] == text.clean)
    }
  }

  @Test("a file is divided at headings of the first level")
  func pages() {
    let text = " \n = A = \n \n a \n = = B = = \n b \n = C = \n c\n"
    let pages = WikiText.pages(text)
    #expect(pages == [" = A = \n \n a \n = = B = = \n b ", " = C = \n c\n"])
    #expect(WikiText.pages("").isEmpty && WikiText.pages(" \n ").isEmpty)
    #expect(WikiText.pages("no heading") == ["no heading"])
  }

  /// Tokens 0, 1, 2, … spelt as letters; the beginning is token 1.
  private func encoder(context: Int) -> SampleEncoder {
    let codec = TextCodec(
      encode: { text, _ in text.unicodeScalars.map { Int32($0.value) - 97 + 100 } },
      bytes: { _ in [0x61] }, specialText: { _ in nil })
    return SampleEncoder(codec: codec, beginning: 1, end: nil, context: context)
  }

  private func item(_ count: Int) -> RollingItem {
    let text = String(
      String.UnicodeScalarView((0..<count).compactMap { Unicode.Scalar(97 + UInt32($0)) }))
    return RollingItem(label: "t", text: text, original: text)
  }

  @Test("rolling windows are the harness's, the last one with all the context that fits")
  func rolling() throws {
    let fixture = try HarnessFixture.read("texts.json", as: HarnessFixture.Texts.self).windows
    #expect(fixture.count == 5)
    for (name, windows) in fixture {
      let sizes = name.split(separator: ",").compactMap { Int($0) }
      let samples = try encoder(context: sizes[1]).windows(item(sizes[0]), .rolling)
      #expect(samples.count == windows.count)
      for (sample, window) in zip(samples, windows) {
        let sequence = sample.sequences[0]
        #expect(sequence.tokens == window[0] + window[1], "\(name)")
        #expect(Array(sequence.tokens[sequence.scoredStart...]) == window[1], "\(name)")
      }
    }
  }

  @Test("overlapping windows score their last tokens, each once")
  func overlapping() throws {
    let encoder = encoder(context: 10)
    let samples = try encoder.windows(item(21), .overlapping(context: 6, stride: 4))
    #expect(samples.map(\.sequences[0].tokens.first) == [100, 104, 108])
    #expect(samples.allSatisfy { $0.sequences[0].tokens.count == 10 })
    #expect(samples.allSatisfy { $0.sequences[0].scoredStart == 6 })
    let error = #expect(throws: EvaluationError.self) {
      try encoder.windows(item(21), .overlapping(context: 8, stride: 4))
    }
    #expect(error?.message.contains("12 tokens") == true)
    let short = #expect(throws: EvaluationError.self) {
      try encoder.windows(item(9), .overlapping(context: 6, stride: 4))
    }
    #expect(short?.code == .emptySample)
    #expect(throws: EvaluationError.self) { try encoder.windows(item(0), .rolling) }
  }
}
