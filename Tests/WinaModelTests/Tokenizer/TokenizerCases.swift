import Foundation
import WinaTestSupport

/// The tokenizers of `Tests/Fixtures/tokenizers` and what the reference makes of texts with them.
struct TokenizerCases {
  /// One text, or ids to decode.
  struct Case: Decodable {
    var text: String
    var ids: [Int32]
    var special: [Int32]
    /// The ids that were decoded.
    var input: [Int32]
    var decoded: String
    var skipped: String
  }

  private struct Setting: Decodable {
    var base: String
    var setting: String
    var cases: [Case]
  }

  /// The base and the setting, such as `byte-level.plain`.
  let name: String
  /// The whole tokenizer file.
  let file: MutableJSON
  let cases: [Case]

  static let folder = SharedData.packageRoot + "/Tests/Fixtures/tokenizers"

  /// Reads all settings.
  static func all() throws -> [TokenizerCases] {
    var bases: [String: MutableJSON] = [:]
    for name in ["byte-level", "sentencepiece"] {
      var base = try MutableJSON(parsing: data("\(name).json"))
      var model = base["model"] ?? .object([])
      model["vocab"] = model["vocab"].map(vocabulary)
      base["model"] = model
      bases[name] = base
    }
    return try data("cases.jsonl").split(separator: UInt8(ascii: "\n")).map { line in
      let setting = try JSONDecoder().decode(Setting.self, from: line)
      let keys = try MutableJSON(parsing: line)
      var file = bases[setting.base] ?? .object([])
      for (key, value) in keys["keys"]?.members ?? [] { file[key] = value }
      var model = file["model"] ?? .object([])
      for (key, value) in keys["model"]?.members ?? [] { model[key] = value }
      file["model"] = model
      return TokenizerCases(
        name: "\(setting.base).\(setting.setting)", file: file, cases: setting.cases)
    }
  }

  /// The object of tokens and ids that an array of tokens in the order of their ids stands for.
  private static func vocabulary(_ tokens: MutableJSON) -> MutableJSON {
    guard case .array(let elements) = tokens else { return tokens }
    return .object(
      elements.enumerated().map { id, token in
        guard case .text(let text) = token else { return ("", .leaf("\(id)")) }
        return (text, .leaf("\(id)"))
      })
  }

  private static func data(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
  }
}

extension MutableJSON {
  /// The members of an object, none for anything else.
  var members: [(key: String, value: MutableJSON)] {
    if case .object(let members) = self { members } else { [] }
  }
}
