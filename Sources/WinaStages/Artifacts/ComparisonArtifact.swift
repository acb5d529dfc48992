import WinaPipeline

/// A comparison's report.
public struct ComparisonArtifact: Artifact {
  public static let format = "comparison/v1"

  /// The report.
  public var report: ComparisonReport

  /// Makes an artifact.
  public init(report: ComparisonReport) { self.report = report }

  public func encoded() throws -> ArtifactPayload {
    ArtifactPayload(metadata: try JSONValue(encoding: report))
  }

  public init(decoding payload: ArtifactPayload) throws {
    report = try payload.decodedMetadata(as: ComparisonReport.self)
  }
}
