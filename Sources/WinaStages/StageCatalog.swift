import WinaPipeline

/// The stages that come with wina, one a line.
public enum StageCatalog {
  /// Every built-in stage, in alphabetical order.
  public static let stages: [any Stage.Type] = [
    AllocateStage.self,
    CaptureStage.self,
    ClassifierStage.self,
    ClusterStage.self,
    CommandStage.self,
    CompareStage.self,
    EvaluateStage.self,
    HistogramStage.self,
    LatencyStage.self,
    ProfileStage.self,
    TokenizeStage.self,
    TransformStage.self,
  ]

  /// The registry of the built-in stages.
  public static let registry = StageRegistry(stages)
}
