import WinaTensor

/// Runs a sequence token by token, keeping keys and values of the positions so far.
///
/// Decoding is products of matrices and one vector. Not for use by several threads at once.
public final class IncrementalDecoder {
  /// The model that is run.
  public let model: LanguageModel
  /// The number of tokens so far.
  public private(set) var position = 0
  /// Receives the activations of every token, one row each.
  public var onTap: ((TapPoint, ActivationBlock) -> Void)?
  /// The coordinates kept in gated tokens so far; see ``ForwardResult/kept``.
  public private(set) var kept: [UInt64] = []
  /// The tokens that were gated so far.
  public private(set) var gatedTokens = 0

  private let gates: PreparedGates?
  private let firstGatedPosition: Int
  private let workspace = ForwardWorkspace()
  private var cache: KeyValueCache

  /// Starts an empty sequence.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - gates: The gates, or `nil` for dense decoding.
  ///   - firstGatedPosition: Tokens before it are dense.
  public init(_ model: LanguageModel, gates: PreparedGates? = nil, firstGatedPosition: Int = 0) {
    self.model = model
    self.gates = gates
    self.firstGatedPosition = firstGatedPosition
    cache = KeyValueCache(layers: model.configuration.layers)
  }

  /// Adds a token and returns the logits of what follows it, [V].
  ///
  /// - Throws: ``ModelError`` when the token is unknown, the context is full or the gates belong to
  ///   another model.
  public func append(_ token: Int32) throws(ModelError) -> [Float] {
    guard position < model.configuration.contextLength else {
      throw .request("the model's context of \(position) tokens is full")
    }
    try model.check(CollectionOfOne(token))
    try model.check(gates)
    let isGated = position >= firstGatedPosition
    var pass = LlamaPass(
      model, gates: isGated ? gates : nil, workspace: workspace, rows: 1, firstPosition: position,
      firstGatedRow: 0, cache: cache, tap: onTap)
    pass.embed([token])
    for layer in 0..<model.configuration.layers { pass.run(layer: layer) }
    if kept.isEmpty {
      kept = pass.kept
    } else {
      for (index, count) in pass.kept.enumerated() { kept[index] += count }
    }
    gatedTokens += pass.gatedRows
    position += 1
    return model.logits(0..<1, workspace)
  }

  /// Forgets the sequence.
  public func reset() {
    cache = KeyValueCache(layers: model.configuration.layers)
    kept = []
    gatedTokens = 0
    position = 0
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
    var logits: [Float] = []
    for token in prompt { logits = try append(token) }
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
