/// A task described by templates instead of code: what a record's prompt, choices and answer are.
public struct TaskDefinition: Sendable, Hashable, Codable {
  /// What is asked of the model.
  public enum Output: String, Sendable, Hashable, Codable, CaseIterable {
    /// One log-likelihood per choice.
    case multipleChoice = "multiple_choice"
    /// The log-likelihood of one continuation.
    case loglikelihood
    /// The log-likelihood of a whole text, window by window.
    case rolling = "loglikelihood_rolling"
  }

  /// Several texts: a field that holds a list, or one template each.
  public enum Texts: Sendable, Hashable, Codable {
    case field(String)
    case templates([String])
  }

  /// The task's name.
  public var name: String
  /// What is asked of the model.
  public var output: Output
  /// Where its records may lie, relative to the data path, best first.
  public var files: [String]
  /// Text before the prompt, a template.
  public var description: String
  /// The prompt, a template.
  public var prompt: String
  /// What the choices are; for `multiple_choice` only.
  public var choices: Texts?
  /// The right choice: a template that gives its position from 0, its label or its text.
  public var gold: String?
  /// The labels of the choices, among which ``gold`` is looked up.
  public var labels: Texts?
  /// The text that is scored, a template; for all but `multiple_choice`.
  public var target: String?
  /// What items belong to that are drawn together, such as their passage: a template; for
  /// `multiple_choice` only.
  public var subject: String?
  /// What stands between prompt and choice or target.
  public var delimiter: String
  /// The metrics to report.
  public var metrics: [HarnessMetric]
  /// The version that results name.
  public var version: Double

  /// Makes a definition from its parts.
  public init(
    name: String, output: Output = .multipleChoice, files: [String] = [], description: String = "",
    prompt: String = "", choices: Texts? = nil, gold: String? = nil, labels: Texts? = nil,
    target: String? = nil, subject: String? = nil, delimiter: String = " ",
    metrics: [HarnessMetric] = [],
    version: Double = 1
  ) {
    self.name = name
    self.output = output
    self.files = files
    self.description = description
    self.prompt = prompt
    self.choices = choices
    self.gold = gold
    self.labels = labels
    self.target = target
    self.subject = subject
    self.delimiter = delimiter
    self.metrics = metrics
    self.version = version
  }

  /// The metrics that make sense for an output, the first ones of which are reported by default.
  public static func metrics(of output: Output) -> [HarnessMetric] {
    switch output {
    case .multipleChoice:
      [.accuracy, .normalizedAccuracy, .byteAccuracy, .mutualInformation, .exactMatch, .brier]
    case .loglikelihood: [.perplexity, .accuracy]
    case .rolling: [.wordPerplexity, .bytePerplexity, .bitsPerByte]
    }
  }
}

extension TaskDefinition {
  /// Builds the item of one record.
  func item(_ fields: DocumentFields) throws(EvaluationError) -> EvaluationItem {
    let prompt = try text(description, fields) + text(self.prompt, fields)
    switch output {
    case .multipleChoice: return .choices(try question(prompt, fields))
    case .loglikelihood:
      let target = delimiter + (try text(self.target ?? "", fields))
      return .continuation(
        ContinuationItem(
          label: name, request: LikelihoodRequest(context: prompt, continuation: target)))
    case .rolling:
      let text = try text(self.target ?? "", fields)
      return .rolling(RollingItem(label: name, text: text, original: text))
    }
  }

  private func question(
    _ prompt: String, _ fields: DocumentFields
  ) throws(EvaluationError) -> MultipleChoiceItem {
    let options = try texts(choices, fields)
    guard options.count >= 2 else {
      throw fields.wrong("choices", "must be at least 2, there are \(options.count)")
    }
    let answer = try template(gold ?? "").value(fields)
    let index = try index(of: answer, among: options, fields)
    guard options.indices.contains(index) else {
      throw fields.wrong("gold", "is \(index), which is not one of the \(options.count) choices")
    }
    return MultipleChoiceItem(
      label: name,
      subject: try subject.map { subject throws(EvaluationError) in
        try text(subject, fields)
      }, prompt: prompt,
      requests: options.map { LikelihoodRequest(context: prompt, continuation: delimiter + $0) },
      choices: options, gold: index)
  }

  private func index(
    of answer: OrderedJSON, among options: [String], _ fields: DocumentFields
  ) throws(EvaluationError) -> Int {
    let named = labels == nil ? options : try texts(labels, fields)
    if labels == nil, let index = answer.integer { return index }
    if case .bool(let value) = answer, labels == nil { return value ? 1 : 0 }
    let text = PythonText.strip(answer.pythonText)
    if let index = named.firstIndex(of: text) { return index }
    if labels == nil, let index = Int(text) { return index }
    throw fields.wrong(
      "gold", "is '\(text)', which is not among \(named.joined(separator: ", "))")
  }

  private func texts(
    _ texts: Texts?, _ fields: DocumentFields
  ) throws(EvaluationError) -> [String] {
    switch texts {
    case nil: return []
    case .field(let path):
      guard let path = FieldPath(path) else { throw .malformedTemplate(name, path) }
      return try fields.texts(path)
    case .templates(let templates):
      var result: [String] = []
      for text in templates { result.append(try self.text(text, fields)) }
      return result
    }
  }

  private func text(
    _ text: String, _ fields: DocumentFields
  ) throws(EvaluationError) -> String {
    try template(text).text(fields)
  }

  private func template(_ text: String) throws(EvaluationError) -> FieldTemplate {
    do {
      return try FieldTemplate(text)
    } catch {
      throw .malformedTemplate(name, error.message)
    }
  }
}
