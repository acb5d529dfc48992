/// Where a record came from, for error messages.
public struct RecordOrigin: Sendable, Hashable, CustomStringConvertible {
  /// The path of the file, as the user would write it.
  public var file: String
  /// The line in the file, counted from 1.
  public var line: Int

  /// Names a line of a file.
  public init(file: String, line: Int) {
    self.file = file
    self.line = line
  }

  /// The place as `file:line`.
  public var description: String { "\(file):\(line)" }
}

/// One log-likelihood request of the harness: a continuation to be scored after a context.
public struct LikelihoodRequest: Sendable, Hashable {
  /// The text that is given.
  public var context: String
  /// The text that is scored, with its leading space.
  public var continuation: String

  /// Pairs a context with a continuation.
  public init(context: String, continuation: String) {
    self.context = context
    self.continuation = continuation
  }
}

/// A question with a fixed set of answers, one of them right.
public struct MultipleChoiceItem: Sendable, Hashable {
  /// The task's name.
  public var label: String
  /// A finer label where the data has one, such as the subject in MMLU.
  public var subject: String?
  /// What clustering and routing may see: the prompt, never a choice or the answer.
  public var prompt: String
  /// One request per choice.
  public var requests: [LikelihoodRequest]
  /// The choices without the leading space; their lengths normalise `acc_norm`.
  public var choices: [String]
  /// The index of the right choice.
  public var gold: Int

  /// Makes an item from its parts.
  public init(
    label: String, subject: String? = nil, prompt: String, requests: [LikelihoodRequest],
    choices: [String], gold: Int
  ) {
    self.label = label
    self.subject = subject
    self.prompt = prompt
    self.requests = requests
    self.choices = choices
    self.gold = gold
  }
}

/// A text with one continuation to be predicted.
public struct ContinuationItem: Sendable, Hashable {
  /// The task's name.
  public var label: String
  /// The context and what follows it.
  public var request: LikelihoodRequest

  /// Makes an item from its parts.
  public init(label: String, request: LikelihoodRequest) {
    self.label = label
    self.request = request
  }
}

/// A running text whose tokens are predicted from the tokens before them.
public struct DocumentItem: Sendable, Hashable {
  /// The name of the set the document belongs to.
  public var label: String
  /// The text.
  public var text: String

  /// Names the text of a document.
  public init(label: String, text: String) {
    self.label = label
    self.text = text
  }
}

/// A text of which every token is predicted, window by window.
public struct RollingItem: Sendable, Hashable {
  /// The task's name.
  public var label: String
  /// The text that the model reads.
  public var text: String
  /// The words of the original text, as the harness counts them: pieces between runs of spaces.
  public var words: Int
  /// The UTF-8 bytes of the original text.
  public var bytes: Int

  /// Makes an item.
  ///
  /// - Parameters:
  ///   - label: The task's name.
  ///   - text: The text that the model reads.
  ///   - original: The text before it was cleaned up, by whose words and bytes results are divided.
  public init(label: String, text: String, original: String) {
    self.label = label
    self.text = text
    words = PythonText.splitCount(original)
    bytes = original.utf8.count
  }
}

/// One record of a benchmark or document file, ready to be encoded.
public enum EvaluationItem: Sendable, Hashable {
  case choices(MultipleChoiceItem)
  case continuation(ContinuationItem)
  case document(DocumentItem)
  case rolling(RollingItem)

  /// The name of the task or document set.
  public var label: String {
    switch self {
    case .choices(let item): item.label
    case .continuation(let item): item.label
    case .document(let item): item.label
    case .rolling(let item): item.label
    }
  }
}
