import ArgumentParser
import WinaModel
import WinaPipeline

/// `wina tokenize`: what a tokenizer makes of texts.
struct ModelTokenize: ModelCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Encode and decode texts with a model's tokenizer.",
    discussion: """
      Reads lines of {"text": …} and writes for each a line {"ids": […], "ids_special": […], \
      "decoded": …}: the tokens alone, the tokens with those that the tokenizer adds by itself, \
      and the text that the tokens alone decode to.
      """)

  @Argument(help: "A model's directory or name, or a tokenizer.json.")
  var model: String

  @Option(help: "A file of {\"text\": …} lines, also .zst, or - for standard input.")
  var jsonl: String

  func perform() throws {
    let path = try ModelLookup.process.requireModel(model)
    let tokenizer = try Tokenizer.load(path: path)
    var output = ""
    for line in try ModelInput.lines(jsonl) {
      output += encode(try text(of: line), with: tokenizer) + "\n"
      if output.utf8.count > 1 << 16 {
        StandardOutput.write(output)
        output = ""
      }
    }
    StandardOutput.write(output)
  }

  private func text(of line: ModelInput.Line) throws -> String {
    let place = "\(jsonl):\(line.number)"
    let value = try line.json(at: place, hint: "every line is {\"text\": …}")
    guard case .string(let text) = value["text"] else {
      throw ModelInputError(message: "\(place) has no text", hint: "every line is {\"text\": …}")
    }
    return text
  }

  private func encode(_ text: String, with tokenizer: Tokenizer) -> String {
    let ids = tokenizer.encode(text, addSpecialTokens: false)
    let special = tokenizer.encode(text, addSpecialTokens: true)
    let decoded = JSONValue.string(tokenizer.decode(ids, skipSpecialTokens: false)).canonicalText
    return "{\"ids\":\(list(ids)),\"ids_special\":\(list(special)),\"decoded\":\(decoded)}"
  }

  private func list(_ ids: [Int32]) -> String {
    "[" + ids.map(String.init).joined(separator: ",") + "]"
  }
}
