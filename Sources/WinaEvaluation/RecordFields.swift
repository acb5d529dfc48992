import Foundation

/// The fields of one record, read by name with errors that say which task, file, line and key.
struct RecordFields {
  private let container: KeyedDecodingContainer<FieldName>
  private let task: String
  private let origin: RecordOrigin
  /// The whole record, for the place of an error in its syntax.
  private let bytes: [UInt8]
  private let prefix: String

  fileprivate init(
    _ container: KeyedDecodingContainer<FieldName>, task: String, origin: RecordOrigin,
    bytes: [UInt8], prefix: String = ""
  ) {
    self.container = container
    self.task = task
    self.origin = origin
    self.bytes = bytes
    self.prefix = prefix
  }

  /// Decodes one JSON object and hands its fields to `build`.
  static func read<Value>(
    _ bytes: [UInt8], task: String, origin: RecordOrigin,
    build: @escaping (RecordFields) throws(EvaluationError) -> Value
  ) throws(EvaluationError) -> Value {
    do {
      return try JSONDecoder().decode(
        BuiltRecord<Value>.self, from: Data(bytes),
        configuration: BuiltRecord<Value>.Recipe(
          task: task, origin: origin, bytes: bytes, build: build)
      ).value
    } catch let error as EvaluationError {
      throw error
    } catch let DecodingError.dataCorrupted(context) {
      throw .malformed(task, origin, OrderedJSON.problem(in: bytes) ?? context.debugDescription)
    } catch DecodingError.typeMismatch {
      throw .malformed(task, origin, "it is not a JSON object")
    } catch {
      throw .malformed(task, origin, "\(error)")
    }
  }

  /// Whether the record has the key, with a value other than `null`.
  func has(_ key: String) -> Bool {
    let name = FieldName(key)
    guard container.contains(name) else { return false }
    return (try? container.decodeNil(forKey: name)) == false
  }

  func string(_ key: String) throws(EvaluationError) -> String {
    try value(key, "must be a string")
  }

  func strings(_ key: String) throws(EvaluationError) -> [String] {
    try value(key, "must be a list of strings")
  }

  func bool(_ key: String) throws(EvaluationError) -> Bool {
    try value(key, "must be true or false")
  }

  /// Reads an integer, also where the data set writes it as a string.
  func integer(_ key: String) throws(EvaluationError) -> Int {
    try require(key)
    let name = FieldName(key)
    if let number = try? container.decode(Int.self, forKey: name) { return number }
    if let text = try? container.decode(String.self, forKey: name),
      let number = Int(PythonText.strip(text))
    {
      return number
    }
    throw wrong(key, "must be an integer")
  }

  /// Reads a nested object.
  func object(_ key: String) throws(EvaluationError) -> RecordFields {
    try require(key)
    do {
      let nested = try container.nestedContainer(
        keyedBy: FieldName.self, forKey: FieldName(key))
      return RecordFields(
        nested, task: task, origin: origin, bytes: bytes, prefix: prefix + key + ".")
    } catch {
      throw wrong(key, "must be an object")
    }
  }

  /// The error that a field has a value the task cannot use.
  func wrong(_ key: String, _ problem: String) -> EvaluationError {
    .wrongField(task, origin, key: prefix + key, problem: problem)
  }

  private func require(_ key: String) throws(EvaluationError) {
    if !container.contains(FieldName(key)) {
      throw .missingField(task, origin, key: prefix + key)
    }
  }

  private func value<Value: Decodable>(
    _ key: String, _ problem: String
  ) throws(EvaluationError) -> Value {
    try require(key)
    do {
      return try container.decode(Value.self, forKey: FieldName(key))
    } catch {
      // The decoder looks into strings and numbers when they are asked for, and not before.
      if let place = OrderedJSON.problem(in: bytes) { throw .malformed(task, origin, place) }
      throw wrong(key, problem)
    }
  }
}

/// The name of a field, whatever it is.
private struct FieldName: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String) { stringValue = name }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// A value built from a record while its decoder is alive.
private struct BuiltRecord<Value>: DecodableWithConfiguration {
  struct Recipe {
    let task: String
    let origin: RecordOrigin
    let bytes: [UInt8]
    let build: (RecordFields) throws(EvaluationError) -> Value
  }

  let value: Value

  init(from decoder: any Decoder, configuration: Recipe) throws {
    let container = try decoder.container(keyedBy: FieldName.self)
    value = try configuration.build(
      RecordFields(
        container, task: configuration.task, origin: configuration.origin,
        bytes: configuration.bytes))
  }
}
