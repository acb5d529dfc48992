import Foundation

extension BenchmarkTask {
  private static let withoutDescriptionMark = " without description"

  /// How records are read, as a text that ``init(reading:)`` makes the task of again.
  ///
  /// The name of a task of the catalog; the definition of another as JSON. Two tasks that read
  /// records alike have the same text, so it may stand in keys.
  public var reading: String {
    guard case .custom(let definition) = template else {
      return template == .mmlu(withoutDescription: true) ? name + Self.withoutDescriptionMark : name
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A definition is texts and one number: it always has a JSON form.
    return (try? encoder.encode(definition)).map { String(decoding: $0, as: UTF8.self) } ?? name
  }

  /// Makes a task of what ``reading`` gave, or of a name of the catalog.
  ///
  /// - Throws: ``EvaluationError`` if there is no such task.
  public init(reading text: String) throws(EvaluationError) {
    if text.hasSuffix(Self.withoutDescriptionMark) {
      let name = String(text.dropLast(Self.withoutDescriptionMark.count))
      self = try BenchmarkTask.named(name).withoutDescription
      return
    }
    guard text.hasPrefix("{") else {
      self = try BenchmarkTask.named(text)
      return
    }
    do {
      self = .custom(try JSONDecoder().decode(TaskDefinition.self, from: Data(text.utf8)))
    } catch {
      throw .malformedTemplate("a task", "\(error)")
    }
  }
}
