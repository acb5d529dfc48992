import ArgumentParser
import WinaModel
import WinaTensor

/// `wina forward`: the numbers of a forward pass, for comparison with other implementations.
struct ModelForward: ModelCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward", abstract: "Write the logits, hidden states and projection inputs.",
    discussion: """
      The output is a safetensors file: input_ids [B,T], logits [B,T,V], hidden.0 … hidden.L \
      [B,T,D] (the embedding, then every layer, the last after the final norm) and with --taps \
      act.<linear> [B,T,inputs]. Fed token by token there are no hidden states.
      """)

  @Argument(help: "A model's directory or name.")
  var model: String

  @Option(help: "The text to feed, with the tokens that the tokenizer adds by itself.")
  var text: String?

  @Option(help: "A safetensors file whose tensor input_ids [B,T] to feed.")
  var ids: String?

  @Option(help: "The safetensors file to write.")
  var output: String

  @Flag(help: "Also write the input of every projection.")
  var taps = false

  @Flag(help: "Feed one token at a time through the key-value cache.")
  var incremental = false

  @OptionGroup var gating: ModelProfileOptions

  func validate() throws {
    guard (text == nil) != (ids == nil) else {
      throw ValidationError("give either --text or --ids")
    }
  }

  func perform() throws {
    let path = try ModelLookup.process.requireModel(model)
    let language = try gating.model(LanguageModel.load(directory: path))
    let sequences = try sequences(path)
    var record = ModelForwardRecord(
      language, gates: try gating.gates(for: language), densePrefix: gating.densePrefix,
      sequences: sequences)
    for sequence in sequences {
      if incremental {
        try record.feedOneByOne(sequence, taps: taps)
      } else {
        try record.feed(sequence, taps: taps)
      }
    }
    try SafetensorsWriter.write(record.tensors(), to: output)
    StandardError.write("wrote \(output)\n")
  }

  private func sequences(_ path: String) throws -> [[Int32]] {
    if let text {
      let tokens = try Tokenizer.load(path: path).encode(text, addSpecialTokens: true)
      guard !tokens.isEmpty else {
        throw ModelInputError(message: "the text has no tokens", hint: "give some --text")
      }
      return [tokens]
    }
    guard let ids else { return [] }
    return try ModelTokenIDs.read(SafetensorsFile(path: ids).tensor("input_ids"), from: ids)
  }
}
