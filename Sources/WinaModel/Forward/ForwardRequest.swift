/// The rows of a pass whose logits are computed.
public enum LogitRows: Sendable, Hashable {
  /// Every row.
  case all
  /// The last row.
  case last
  /// No row.
  case none
  /// Some neighbouring rows.
  case range(Range<Int>)
}

/// How gates take effect; the results are the same, bit for bit.
public enum GateExecution: String, Sendable, Hashable, CaseIterable {
  /// Zeroes what is not kept and multiplies everything: for many rows at once, and to compare with.
  case simulate
  /// Skips the weights of what is not kept where a single row is multiplied.
  case execute
}

/// What a forward pass computes and gates.
public struct ForwardRequest: Sendable {
  /// The rows whose logits are computed.
  public var logitRows: LogitRows
  /// The gates, or `nil` for a dense pass.
  public var gates: PreparedGates?
  /// The first row that is gated; rows before it are dense.
  public var firstGatedRow: Int
  /// How gates take effect.
  public var execution: GateExecution
  /// Whether hidden states are returned.
  public var keepHidden: Bool
  /// The last layer that is run, or `nil` for all; with a value there are no logits.
  public var stopAfterLayer: Int?

  /// Makes a request; the default is a dense pass with all logits.
  public init(
    logitRows: LogitRows = .all, gates: PreparedGates? = nil, firstGatedRow: Int = 0,
    execution: GateExecution = .execute, keepHidden: Bool = false, stopAfterLayer: Int? = nil
  ) {
    self.logitRows = logitRows
    self.gates = gates
    self.firstGatedRow = firstGatedRow
    self.execution = execution
    self.keepHidden = keepHidden
    self.stopAfterLayer = stopAfterLayer
  }

  /// The rows of a pass of `count` rows whose logits are computed.
  func rows(of count: Int) -> Range<Int> {
    switch logitRows {
    case .all: 0..<count
    case .last: (count - 1)..<count
    case .none: 0..<0
    case .range(let rows): rows
    }
  }
}

/// What enters a layer, for a pass that begins there instead of at the embeddings.
public struct LayerStart: Sendable {
  /// The first layer that is run.
  public var layer: Int
  /// What enters it, shape [T, D]: ``ForwardResult/hidden`` of that index.
  public var residual: [Float]

  /// Makes a start.
  public init(layer: Int, residual: [Float]) {
    self.layer = layer
    self.residual = residual
  }
}

/// A stretch of one sequence in a pass: from its beginning, or continuing what a cache holds.
public struct SequencePart {
  /// The tokens that are fed.
  public var tokens: [Int32]
  /// What is computed and gated; rows count from the part's first token.
  public var request: ForwardRequest
  /// Keys and values of the tokens before, to which those of the part are added; `nil` for a sequence
  /// that begins here and is not continued.
  public var cache: KeyValueCache?
  /// Where the pass begins, or `nil` for the embeddings; gates of the layers before it do nothing.
  public var start: LayerStart?

  /// Makes a part.
  public init(
    tokens: [Int32], request: ForwardRequest = ForwardRequest(), cache: KeyValueCache? = nil,
    start: LayerStart? = nil
  ) {
    self.tokens = tokens
    self.request = request
    self.cache = cache
    self.start = start
  }
}

/// What a forward pass returned for one part.
public struct ForwardResult: Sendable {
  /// The logits of ``logitRows``, shape [rows, V].
  public var logits: [Float]
  /// The rows that have logits.
  public var logitRows: Range<Int>
  /// With `keepHidden`: what enters the first layer that is run and the output of every one, each
  /// [T, D]; the output of the last layer of the model is normed.
  public var hidden: [[Float]]
  /// The coordinates kept in gated rows per (layer, projection), layer by layer in the order of
  /// `Projection.allCases`; empty without gates.
  ///
  /// A projection without a gate counts all its inputs. With CATS up_proj counts its kept *outputs*,
  /// which are the kept inputs of down_proj.
  public var kept: [UInt64]
  /// The rows that were gated; 0 without gates.
  public var gatedRows: Int
}
