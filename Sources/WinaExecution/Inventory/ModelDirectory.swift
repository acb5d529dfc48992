import WinaPipeline
import WinaStore

/// The files of a model directory in Hugging Face layout, as the leaves that stand for them.
struct ModelDirectory {
  let model: Leaf
  let modelFiles: [KnownFile]
  let tokenizer: Leaf?
  let tokenizerFiles: [KnownFile]

  private static let weightIndex = "model.safetensors.index.json"

  /// Looks at a directory.
  ///
  /// The configuration belongs to the tokenizer as well: it names the special tokens.
  init(_ path: String, digests: StatCache) throws(ExecutionError) {
    guard FileStamp.isDirectory(path) else {
      throw .missing(path, what: "the model directory")
    }
    let entries: [String]
    do {
      entries = try PosixFileSystem().entries(path)
    } catch {
      throw .unreadable(path, error.message)
    }
    let weights = entries.filter { $0.hasSuffix(".safetensors") || $0 == Self.weightIndex }
    guard weights.contains(where: { $0.hasSuffix(".safetensors") }) else {
      throw ExecutionError(
        .missingFile, "the model directory '\(path)' holds no .safetensors file",
        hint: "give a directory in Hugging Face layout", path: path)
    }
    func files(_ names: [String], required: Set<String>) throws(ExecutionError) -> [KnownFile] {
      var files: [KnownFile] = []
      for name in names.sorted() {
        if let file = try digests.file(path + "/" + name) {
          files.append(file)
        } else if required.contains(name) {
          throw .missing(path + "/" + name, what: "the model's file")
        }
      }
      return files
    }
    modelFiles = try files(["config.json"] + weights, required: ["config.json"])
    model = Self.leaf(ModelFiles.format, modelFiles, path)
    if entries.contains("tokenizer.json") {
      tokenizerFiles = try files(
        ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "config.json"],
        required: ["tokenizer.json"])
      tokenizer = Self.leaf(TokenizerFiles.format, tokenizerFiles, path)
    } else {
      tokenizerFiles = []
      tokenizer = nil
    }
  }

  /// Makes the leaf of some files: its digest covers their names and contents.
  private static func leaf(_ format: String, _ files: [KnownFile], _ path: String) -> Leaf {
    var hasher = SHA256()
    hasher.update("wina/files/v1:\(format);")
    for file in files {
      let name = file.path.dropFirst(path.count + 1)
      hasher.update("\(name.utf8.count):\(name);")
      hasher.update(file.digest.bytes)
    }
    return Leaf(format: format, digest: hasher.finalize(), location: path)
  }
}
