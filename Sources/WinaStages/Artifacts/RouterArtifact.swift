import WinaPipeline
import WinaSparsity
import WinaTensor

/// A trained router with what it reached on the samples that it learnt from.
public struct RouterArtifact: Artifact {
  public static let format = "router/v1"

  /// The router.
  public var router: Router
  /// Accuracy and confusion on the training samples.
  public var training: RouterReport
  /// The names of the groups.
  public var groups: [String]

  /// Makes an artifact.
  public init(router: Router, training: RouterReport, groups: [String]) {
    self.router = router
    self.training = training
    self.groups = groups
  }

  private struct Metadata: Codable {
    var summary: Router.Summary
    var training: RouterReport
    var groups: [String]
  }

  public func encoded() throws -> ArtifactPayload {
    let dimension = router.summary.dimension
    var columns = TensorColumns()
    try columns.add("mean", router.mean, [dimension])
    try columns.add("scale", router.scale, [dimension])
    try columns.add("weights", router.weights, [router.summary.classes, dimension])
    try columns.add("bias", router.bias, [router.summary.classes])
    return ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(summary: router.summary, training: training, groups: groups)),
      tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    let (classes, dimension) = (metadata.summary.classes, metadata.summary.dimension)
    router = try Router(
      summary: metadata.summary, mean: payload.typed("mean", [dimension]).doubles(),
      scale: payload.typed("scale", [dimension]).doubles(),
      weights: payload.typed("weights", [classes, dimension]).doubles(),
      bias: payload.typed("bias", [classes]).doubles())
    training = metadata.training
    groups = metadata.groups
    guard groups.count == classes else {
      throw ArtifactError("the router has \(classes) classes but \(groups.count) groups")
    }
  }
}
