import WinaPipeline

/// What a task of the classifier stage makes: a router, or what one is trained on.
public enum ClassifierOutput: Artifact {
  public static let format = RouterArtifact.format

  case router(RouterArtifact)
  case regrets(RegretShard)
  case features(FeatureShard)

  public func encoded() throws -> ArtifactPayload {
    switch self {
    case .router(let artifact): try artifact.encoded()
    case .regrets(let shard): try shard.encoded()
    case .features(let shard): try shard.encoded()
    }
  }

  public init(decoding payload: ArtifactPayload) throws {
    if payload.metadata["regretGroups"] != nil {
      self = .regrets(try RegretShard(decoding: payload))
    } else if payload.metadata["featureWidth"] != nil {
      self = .features(try FeatureShard(decoding: payload))
    } else {
      self = .router(try RouterArtifact(decoding: payload))
    }
  }
}
