import WinaTensor

/// Runs a sequence part by part, keeping keys and values of the tokens so far.
///
/// Not for use by several threads at once.
public final class IncrementalDecoder {
  /// The model that is run.
  public let model: LanguageModel
  /// The number of tokens so far.
  public var position: Int { cache.count }
  /// Receives the activations of every token, one row each.
  public var onTap: ((TapPoint, ActivationBlock) -> Void)?
  /// The coordinates kept in gated tokens so far; see ``ForwardResult/kept``.
  public private(set) var kept: [UInt64] = []
  /// The tokens that were gated so far.
  public private(set) var gatedTokens = 0

  private let gates: PreparedGates?
  private let firstGatedPosition: Int
  private let execution: GateExecution
  private let workspace: ForwardWorkspace
  private var cache: KeyValueCache

  /// Starts an empty sequence.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - gates: The gates, or `nil` for dense decoding.
  ///   - firstGatedPosition: Tokens before it are dense.
  ///   - execution: How gates take effect on single tokens.
  ///   - threads: How many threads may be used, the calling one included.
  public init(
    _ model: LanguageModel, gates: PreparedGates? = nil, firstGatedPosition: Int = 0,
    execution: GateExecution = .execute, threads: Int = 1
  ) {
    self.model = model
    self.gates = gates
    self.firstGatedPosition = firstGatedPosition
    self.execution = execution
    workspace = ForwardWorkspace(threads: threads)
    cache = KeyValueCache(model.configuration)
  }

  /// Adds a token and returns the logits of what follows it, [V].
  ///
  /// - Throws: ``ModelError`` when the token is unknown, the context is full or the gates belong to
  ///   another model.
  public func append(_ token: Int32) throws(ModelError) -> [Float] { try append([token]) }

  /// The tokens of a pass: enough for efficient products, few enough for little scratch memory.
  private static let tokensOfPass = 512

  /// Adds tokens and returns the logits of what follows the last, [V].
  ///
  /// - Throws: ``ModelError`` when there is no token, one is unknown, the context is full or the gates
  ///   belong to another model; then nothing was added.
  public func append(_ tokens: [Int32]) throws(ModelError) -> [Float] {
    guard position + tokens.count <= model.configuration.contextLength else {
      throw .request(
        "\(position + tokens.count) tokens are more than the model's context of "
          + "\(model.configuration.contextLength)", hint: "cut the sequence")
    }
    try model.check(tokens)
    var logits: [Float] = []
    var first = 0
    repeat {
      let end = min(first + Self.tokensOfPass, tokens.count)
      logits = try run(Array(tokens[first..<end]), isLast: end == tokens.count)
      first = end
    } while first < tokens.count
    return logits
  }

  private func run(_ tokens: [Int32], isLast: Bool) throws(ModelError) -> [Float] {
    let request = ForwardRequest(
      logitRows: isLast ? .last : .none, gates: gates,
      firstGatedRow: max(0, firstGatedPosition - position), execution: execution)
    let results = try model.forward(
      [SequencePart(tokens: tokens, request: request, cache: cache)], workspace: workspace,
      tap: onTap.map { tap in { tap($1, $2) } })
    guard let result = results.first else { return [] }
    if kept.isEmpty {
      kept = result.kept
    } else {
      for (index, count) in result.kept.enumerated() { kept[index] += count }
    }
    gatedTokens += result.gatedRows
    return result.logits
  }

  /// Forgets the sequence.
  public func reset() {
    cache = KeyValueCache(model.configuration)
    kept = []
    gatedTokens = 0
  }

  /// Continues a prompt with the likeliest token each time.
  ///
  /// - Parameters:
  ///   - prompt: At least one token, appended to what the decoder holds.
  ///   - count: How many tokens to add at most; fewer when the context is full.
  ///   - stopsAtEnd: Whether a token that ends a sequence ends the result, without being part of it.
  /// - Returns: The added tokens.
  public func generateGreedy(
    prompt: [Int32], count: Int, stopsAtEnd: Bool = true
  ) throws(ModelError) -> [Int32] {
    guard !prompt.isEmpty else { throw .request("a prompt needs at least one token") }
    var logits = try append(prompt)
    var added: [Int32] = []
    while added.count < count {
      let next = Kernels.argmaxRows(logits, rows: 1, columns: logits.count)[0]
      if stopsAtEnd, model.configuration.eosTokens.contains(next) { break }
      added.append(next)
      guard added.count < count, position < model.configuration.contextLength else { break }
      logits = try append(next)
    }
    return added
  }
}
