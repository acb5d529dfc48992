import WinaPipeline
import WinaSparsity
import WinaTensor

/// A sparsity profile: thresholds or counts for every group, layer and projection.
public struct ProfileArtifact: Artifact {
  public static let format = "profile/v2"

  /// The profile.
  public var profile: SparsityProfile

  /// Makes an artifact.
  public init(profile: SparsityProfile) { self.profile = profile }

  private struct Metadata: Codable {
    var summary: SparsityProfile.Summary
    var layout: CaptureLayout?
    var meanGroups: [String]?
  }

  public func encoded() throws -> ArtifactPayload {
    let summary = profile.summary
    let shape = [summary.groups.count, summary.layers, Projection.allCases.count]
    var columns = TensorColumns()
    try columns.add("thresholds", profile.thresholds, shape)
    try columns.add("keep", profile.keep, shape)
    if !profile.masks.isEmpty {
      let (groups, layers) = (summary.groups.count, summary.layers)
      try columns.add(
        "masks", profile.masks, [groups, layers, profile.masks.count / max(groups * layers, 1)])
    }
    if let means = profile.means {
      try columns.add(
        "means", means.values, [means.groups.count, means.layout.layers, means.layout.channels])
    }
    return ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(
          summary: summary, layout: profile.means?.layout, meanGroups: profile.means?.groups)),
      tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    var means: CentringMeans?
    if let layout = metadata.layout, let groups = metadata.meanGroups {
      means = try CentringMeans(
        kind: metadata.summary.centring, groups: groups, layout: layout,
        values: payload.typed("means", [groups.count, layout.layers, layout.channels]).floats())
    }
    let summary = metadata.summary
    let masks = payload.tensors.contains { $0.name == "masks" }
    let shape: [Int?] = [summary.groups.count, summary.layers, Projection.allCases.count]
    profile = try SparsityProfile(
      summary: summary, thresholds: payload.typed("thresholds", shape).floats(),
      keep: payload.typed("keep", shape).int32s(),
      masks: masks
        ? payload.typed("masks", [summary.groups.count, summary.layers, nil]).uint8s() : [],
      means: means)
  }
}
