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

/// What a forward pass computes and gates.
public struct ForwardRequest: Sendable {
  /// The rows whose logits are computed.
  public var logitRows: LogitRows
  /// The gates, or `nil` for a dense pass.
  public var gates: PreparedGates?
  /// The first row that is gated; rows before it are dense.
  public var firstGatedRow: Int
  /// Whether hidden states are returned.
  public var keepHidden: Bool
  /// The last layer that is run, or `nil` for all; with a value there are no logits.
  public var stopAfterLayer: Int?

  /// Makes a request; the default is a dense pass with all logits.
  public init(
    logitRows: LogitRows = .all, gates: PreparedGates? = nil, firstGatedRow: Int = 0,
    keepHidden: Bool = false, stopAfterLayer: Int? = nil
  ) {
    self.logitRows = logitRows
    self.gates = gates
    self.firstGatedRow = firstGatedRow
    self.keepHidden = keepHidden
    self.stopAfterLayer = stopAfterLayer
  }
}

/// What a forward pass returned.
public struct ForwardResult: Sendable {
  /// The logits of ``logitRows``, shape [rows, V].
  public var logits: [Float]
  /// The rows that have logits.
  public var logitRows: Range<Int>
  /// With `keepHidden`: the embeddings and the output of every layer that was run, each [T, D]; the
  /// output of the last layer of the model is normed.
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
