import ArgumentParser
import Foundation
import WinaDiagnostics
import WinaPipeline
import WinaPlan
import WinaReport
import WinaStages

/// `wina schema`: the JSON Schema of the spec language.
struct SchemaCommand: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of the spec language, for editors.")

  func perform() throws {
    StandardOutput.write(SpecSchema(StageCatalog.registry).text + "\n")
  }
}

/// `wina stages`: the kinds of stage, or one of them with its parameters.
struct StagesCommand: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "stages", abstract: "List the kinds of stage, or one with its parameters.")

  @Argument(help: "A kind of stage.")
  var kind: String?

  func perform() throws {
    let registry = StageCatalog.registry
    guard let kind else {
      var table = TextTable([.init("kind"), .init("produces"), .init("what")])
      for stage in registry.stages {
        table.append([stage.kind, stage.outputFormat, stage.summary])
      }
      StandardOutput.write(table.lines().joined(separator: "\n") + "\n")
      return
    }
    guard let stage = registry[kind] else {
      let near = SpellingSuggestion.nearest(to: kind, among: registry.kinds)
      throw SpecError([
        Diagnostic(
          id: "plan.unknown-kind", "there is no kind of stage '\(kind)'",
          help: (near.map { "did you mean '\($0)'? " } ?? "")
            + "known kinds: \(registry.kinds.joined(separator: ", "))")
      ])
    }
    StandardOutput.write("\(stage.kind), version \(stage.version): \(stage.summary)\n\n")
    var table = TextTable([.init("key"), .init("takes"), .init("default"), .init("what")])
    for port in stage.namedPorts {
      let presence = port.arity == .optional ? "none" : "the only one"
      table.append([port.name, "stage (\(port.format))", presence, "Input."])
    }
    for parameter in stage.parameters {
      let fallback = parameter.isRequired ? "required" : parameter.defaultValue?.canonicalText
      table.append([
        parameter.name, parameter.kind.summary, fallback ?? "none", parameter.help,
      ])
    }
    StandardOutput.write(table.lines().joined(separator: "\n") + "\n")
  }
}

extension Parameter.Kind {
  /// What values a parameter takes, in a few words.
  fileprivate var summary: String {
    switch self {
    case .bool: "true or false"
    case .integer(let range):
      range.upperBound == .max
        ? "integer from \(range.lowerBound)"
        : "integer \(range.lowerBound)…\(range.upperBound)"
    case .number(let low, let high): low <= -1e300 ? "number" : "number in [\(low), \(high))"
    case .string: "text"
    case .choice(let words): words.joined(separator: " | ")
    case .list(let element): "list of \(element.summary)"
    case .map(let element): "map to \(element.summary)"
    case .record(let members): "{\(members.map(\.name).joined(separator: ", "))}"
    case .stage: "stage"
    case .any: "anything"
    }
  }
}

/// `wina init`: a commented spec to start from.
struct InitCommand: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write a commented spec to start from.")

  @Argument(help: "The template: documents, choices or octet.")
  var template = "documents"

  @Option(help: "Where to write it (default: standard output).")
  var output: String?

  func perform() throws {
    guard let text = SpecTemplates.named(template) else {
      throw SpecError([
        Diagnostic(
          id: "run.unknown-template", "there is no template '\(template)'",
          help: "templates: \(SpecTemplates.names.joined(separator: ", "))")
      ])
    }
    guard let output else {
      StandardOutput.write(text)
      return
    }
    guard !FileManager.default.fileExists(atPath: output) else {
      throw SpecError([
        Diagnostic(
          id: "run.file-exists", "'\(output)' exists and is not overwritten",
          help: "give another --output")
      ])
    }
    try Data(text.utf8).write(to: URL(fileURLWithPath: output))
  }
}
