import WinaModel
import WinaPipeline
import WinaTensor

/// The rotations of a model's residual stream, one for each block.
public struct TransformArtifact: Artifact {
  public static let format = "transform/v1"

  /// The rotations.
  public var transform: ColumnOrthogonalTransform
  /// The projections whose columns the rotations of attention inputs make orthogonal.
  public var attentionAnchors: [Projection]
  /// The same of inputs of the feed-forward block.
  public var mlpAnchors: [Projection]

  /// Makes an artifact.
  public init(
    transform: ColumnOrthogonalTransform, attentionAnchors: [Projection], mlpAnchors: [Projection]
  ) {
    self.transform = transform
    self.attentionAnchors = attentionAnchors
    self.mlpAnchors = mlpAnchors
  }

  /// One kind of rotation over all layers.
  private struct Block: Codable {
    var anchors: [Projection]
    var ranks: [Int]
  }

  private struct Metadata: Codable {
    var hidden: Int
    var layers: Int
    var attention: Block
    var mlp: Block
  }

  public func encoded() throws -> ArtifactPayload {
    let (layers, hidden) = (transform.layers.count, transform.hidden)
    var columns = TensorColumns()
    let blocks = [
      ("attention", transform.layers.map(\.attention)), ("mlp", transform.layers.map(\.mlp)),
    ]
    for (name, rotations) in blocks {
      try columns.add(name, rotations.flatMap(\.matrix), [layers, hidden, hidden])
      try columns.add(name + ".norms", rotations.flatMap(\.values), [layers, hidden])
    }
    return ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(
          hidden: hidden, layers: layers,
          attention: Block(anchors: attentionAnchors, ranks: blocks[0].1.map(\.rank)),
          mlp: Block(anchors: mlpAnchors, ranks: blocks[1].1.map(\.rank)))),
      tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    let (layers, hidden) = (metadata.layers, metadata.hidden)
    func rotations(_ name: String, _ block: Block) throws -> [ColumnOrthogonalTransform.Rotation] {
      guard layers > 0, hidden > 0, block.ranks.count == layers else {
        throw ArtifactError("a transform of \(layers) layers has \(block.ranks.count) ranks")
      }
      let matrices = try payload.typed(name, [layers, hidden, hidden]).floats()
      let norms = try payload.typed(name + ".norms", [layers, hidden]).doubles()
      let size = hidden * hidden
      return (0..<layers).map { layer in
        ColumnOrthogonalTransform.Rotation(
          matrix: Array(matrices[(layer * size)..<((layer + 1) * size)]),
          values: Array(norms[(layer * hidden)..<((layer + 1) * hidden)]),
          rank: block.ranks[layer])
      }
    }
    let attention = try rotations("attention", metadata.attention)
    let mlp = try rotations("mlp", metadata.mlp)
    transform = try ColumnOrthogonalTransform(
      hidden: hidden,
      layers: zip(attention, mlp).map { .init(attention: $0, mlp: $1) })
    attentionAnchors = metadata.attention.anchors
    mlpAnchors = metadata.mlp.anchors
  }
}
