/// Rotations of a model's residual stream that make the columns of some weights orthogonal.
///
/// With x rotated by the right singular vectors V of W the weights are W·V, whose columns are
/// orthogonal: then dropping the inputs of smallest |xᵢ|·‖W[:, i]‖ is the best choice of as many. Only one
/// matrix a stream can have that: the inputs of attention are rotated by V of k_proj, those of the
/// feed-forward block by V of gate_proj; where a checkpoint holds these in one tensor with others, by V
/// of the whole tensor. The gains of the norms before are folded into the weights first.
///
/// ### References
/// WINA, arXiv 2505.19427, §3.4; the invariance of SliceGPT, arXiv 2401.15024.
public struct ColumnOrthogonalTransform: Sendable, Equatable {
  /// The rotation of one stream.
  public struct Rotation: Sendable, Equatable {
    /// Q, [D, D] row-major: what was x is now x·Q.
    public var matrix: [Float]
    /// The norms of the rotated columns, falling, [D].
    public var values: [Double]
    /// How many of them are not zero within rounding.
    public var rank: Int

    /// Makes a rotation.
    public init(matrix: [Float], values: [Double], rank: Int) {
      self.matrix = matrix
      self.values = values
      self.rank = rank
    }

    /// The rotation that leaves everything as it is.
    public static func identity(_ width: Int) -> Rotation {
      Rotation(
        matrix: (0..<(width * width)).map { $0 % (width + 1) == 0 ? 1 : 0 },
        values: [Double](repeating: 1, count: width), rank: width)
    }
  }

  /// The rotations of one layer.
  public struct Layer: Sendable, Equatable {
    /// Of what enters q_proj, k_proj and v_proj.
    public var attention: Rotation
    /// Of what enters gate_proj and up_proj.
    public var mlp: Rotation

    /// Makes the rotations of a layer.
    public init(attention: Rotation, mlp: Rotation) {
      self.attention = attention
      self.mlp = mlp
    }
  }

  /// The width D of the residual stream.
  public let hidden: Int
  /// The rotations, layer by layer.
  public let layers: [Layer]

  /// Makes a transform.
  ///
  /// - Throws: ``ModelError`` when there is no layer, or a rotation is not [D, D] with D values.
  public init(hidden: Int, layers: [Layer]) throws(ModelError) {
    for (index, layer) in layers.enumerated() {
      for (name, rotation) in [("attention", layer.attention), ("mlp", layer.mlp)] {
        guard rotation.matrix.count == hidden * hidden, rotation.values.count == hidden,
          (0...hidden).contains(rotation.rank)
        else {
          throw .invalid(
            "the \(name) rotation of layer \(index) has \(rotation.matrix.count) elements, "
              + "\(rotation.values.count) norms and rank \(rotation.rank), but width \(hidden)")
        }
      }
    }
    guard !layers.isEmpty else { throw .invalid("a transform needs at least one layer") }
    self.hidden = hidden
    self.layers = layers
  }
}
