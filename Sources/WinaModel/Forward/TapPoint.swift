import WinaTensor

/// A place where activations leave a forward pass.
public enum TapPoint: Sendable, Hashable {
  /// The input of the projections of a layer that read this stream, before any mask.
  case stream(ActivationStream, layer: Int)
  /// SiLU(gate_proj(x)) of a layer, before any mask.
  case gateActivation(layer: Int)
}

/// Rows of activations.
public struct ActivationBlock: Sendable {
  /// The number of rows: one a token.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The position of the first row in its sequence.
  public let firstPosition: Int
  /// The values, row-major, exactly `rows · columns` of them.
  public let values: [Float]
}
