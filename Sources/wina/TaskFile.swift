import Foundation
import WinaDiagnostics
import WinaEvaluation
import WinaSpec

/// A YAML file of tasks that are described by templates: a mapping from names to definitions.
///
/// ```yaml
/// capitals:
///   file: capitals.jsonl
///   prompt: "The capital of {country} is"
///   choices: cities
///   gold: answer
///   metrics: [acc, acc_norm]
/// ```
struct TaskFile {
  /// The definitions, in the order of the file.
  let definitions: [TaskDefinition]

  /// The keys of a definition as they are written.
  private struct Written: Decodable {
    let output: Located<TaskDefinition.Output>?
    let file: YAMLNode?
    let description: Located<String>?
    let prompt: Located<String>?
    let choices: YAMLNode?
    let gold: Located<String>?
    let labels: YAMLNode?
    let target: Located<String>?
    let subject: Located<String>?
    let delimiter: String?
    let metrics: [Located<String>]?
    let version: Double?
  }

  /// Reads a file.
  ///
  /// - Throws: `SpecError` with everything that is wrong, and ``ModelInputError`` if there is no file.
  init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ModelInputError(
        message: "there is no file of tasks '\(path)'", hint: "give the path of a YAML file")
    }
    try self.init(SourceFile(path: path, bytes: Array(data)))
  }

  /// Reads a text.
  ///
  /// - Throws: `SpecError` with everything that is wrong.
  init(_ source: SourceFile) throws(SpecError) {
    let (node, found) = YAMLParser.parse(source)
    var diagnostics = DiagnosticSet()
    diagnostics.insert(contentsOf: found)
    try diagnostics.throwIfErrors()
    guard let node, let entries = node.mapping?.entries, !entries.isEmpty else {
      throw SpecError([
        Diagnostic(
          id: "tasks.empty", "the file defines no task", at: node?.range,
          help: "write a mapping from names to definitions")
      ])
    }
    var definitions: [TaskDefinition] = []
    for entry in entries {
      if let definition = TaskFile.definition(entry.key, entry.value, &diagnostics) {
        definitions.append(definition)
      }
    }
    try diagnostics.throwIfErrors()
    self.definitions = definitions
  }

  private static func definition(
    _ name: Located<String>, _ node: YAMLNode, _ diagnostics: inout DiagnosticSet
  ) -> TaskDefinition? {
    let decoded = SpecDecoder().decode(
      Written.self, from: node, at: name.range, unknownKeys: .ignored)
    diagnostics.insert(contentsOf: decoded.diagnostics)
    diagnostics.insert(contentsOf: SpecDecoder.unknownKeys(in: node, known: decoded.keys))
    if BenchmarkTask.catalog.contains(where: { $0.name == name.value }) {
      diagnostics.insert(
        Diagnostic(
          id: "tasks.name", "'\(name.value)' is a built-in task", at: name.range,
          help: "give the task another name"))
    }
    guard let written = decoded.value else { return nil }
    var reader = TaskFileReader(owner: name.range)
    let output = written.output?.value ?? .multipleChoice
    var definition = TaskDefinition(
      name: name.value, output: output, files: reader.files(written.file),
      description: reader.template(written.description) ?? "",
      prompt: reader.template(written.prompt) ?? "", choices: reader.texts(written.choices),
      gold: reader.value(written.gold), labels: reader.texts(written.labels),
      target: reader.template(written.target), subject: reader.template(written.subject),
      delimiter: written.delimiter ?? " ",
      metrics: reader.metrics(written.metrics, output), version: written.version ?? 1)
    switch output {
    case .multipleChoice:
      reader.require("prompt", written.prompt != nil)
      reader.require("choices", written.choices != nil)
      reader.require("gold", written.gold != nil)
      reader.refuse("target", written.target?.range, for: output)
    case .loglikelihood, .rolling:
      reader.require("target", written.target != nil)
      if output == .loglikelihood { reader.require("prompt", written.prompt != nil) }
      reader.refuse("choices", written.choices?.range, for: output)
      reader.refuse("gold", written.gold?.range, for: output)
      reader.refuse("labels", written.labels?.range, for: output)
      reader.refuse("subject", written.subject?.range, for: output)
    }
    if definition.files.isEmpty {
      definition.files = ["\(name.value).jsonl", "\(name.value).jsonl.zst"]
    }
    diagnostics.insert(contentsOf: reader.diagnostics)
    return definition
  }
}

/// Reads the values of one definition and notes what is wrong with them.
private struct TaskFileReader {
  let owner: SourceRange?
  private(set) var diagnostics: [Diagnostic] = []

  init(owner: SourceRange?) { self.owner = owner }

  mutating func require(_ key: String, _ isPresent: Bool) {
    guard !isPresent else { return }
    diagnostics.append(
      Diagnostic(
        id: "tasks.missing-key", "the task has no '\(key)'", at: owner, help: "add '\(key)'"))
  }

  mutating func refuse(
    _ key: String, _ range: SourceRange?, for output: TaskDefinition.Output
  ) {
    guard let range else { return }
    diagnostics.append(
      Diagnostic(
        id: "tasks.unused-key", "a task of output '\(output.rawValue)' has no '\(key)'", at: range,
        help: "remove '\(key)', or change 'output'"))
  }

  mutating func template(_ text: Located<String>?) -> String? {
    guard let text else { return nil }
    check(text.value, at: text.range)
    return text.value
  }

  /// A template, or the bare path of a field.
  mutating func value(_ text: Located<String>?) -> String? {
    guard let text else { return nil }
    guard !text.value.contains("{") else { return template(text) }
    return path(text.value, at: text.range).map { "{\($0)}" }
  }

  /// The path of a field that holds a list, or a list of templates.
  mutating func texts(_ node: YAMLNode?) -> TaskDefinition.Texts? {
    guard let node else { return nil }
    if let text = node.string {
      return path(text, at: node.range).map { .field($0) }
    }
    let elements = (node.sequence ?? []).map(\.string)
    guard !elements.isEmpty, elements.allSatisfy({ $0 != nil }) else {
      diagnostics.append(
        Diagnostic(
          id: "tasks.texts", "expected the path of a field or a list of templates", at: node.range,
          help: "write a field such as 'choices.text', or a list such as [\"{sol1}\", \"{sol2}\"]"))
      return nil
    }
    for element in node.sequence ?? [] { check(element.string ?? "", at: element.range) }
    return .templates(elements.compactMap(\.self))
  }

  mutating func files(_ node: YAMLNode?) -> [String] {
    guard let node else { return [] }
    let files = node.string.map { [$0] } ?? (node.sequence ?? []).compactMap(\.string)
    if files.isEmpty
      || files.contains(where: { !$0.hasSuffix(".jsonl") && !$0.hasSuffix(".jsonl.zst") })
    {
      diagnostics.append(
        Diagnostic(
          id: "tasks.file", "expected a .jsonl or .jsonl.zst file, or a list of them",
          at: node.range, help: "write a path relative to the data path"))
    }
    return files
  }

  mutating func metrics(
    _ metrics: [Located<String>]?, _ output: TaskDefinition.Output
  ) -> [HarnessMetric] {
    let known = TaskDefinition.metrics(of: output)
    guard let metrics, !metrics.isEmpty else {
      return output == .rolling ? known : Array(known.prefix(2))
    }
    let names = known.map(\.rawValue)
    for metric in metrics where !names.contains(metric.value) {
      let nearest = SpellingSuggestion.nearest(to: metric.value, among: names)
      diagnostics.append(
        Diagnostic(
          id: "tasks.metric",
          "'\(metric.value)' is no metric of output '\(output.rawValue)'", at: metric.range,
          help: (nearest.map { "did you mean '\($0)'? " } ?? "") + "there are: "
            + names.joined(separator: ", ")))
    }
    return metrics.compactMap { HarnessMetric(rawValue: $0.value) }
  }

  private mutating func check(_ text: String, at range: SourceRange?) {
    do {
      _ = try FieldTemplate(text)
    } catch {
      diagnostics.append(
        Diagnostic(
          id: "tasks.template", error.message, at: range,
          help: "write fields in braces, as in 'Question: {question}', and '{{' for a brace"))
    }
  }

  private mutating func path(_ text: String, at range: SourceRange?) -> String? {
    if let path = FieldPath(text) { return path.description }
    diagnostics.append(
      Diagnostic(
        id: "tasks.field", "'\(text)' is not the path of a field", at: range,
        help: "write names separated by dots, such as choices.text, and [0] for an element"))
    return nil
  }
}
