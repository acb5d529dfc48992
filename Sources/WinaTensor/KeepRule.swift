/// Which coordinates of a row a gate keeps, given their scores `|x − μ| · c`.
public enum KeepRule: Sendable, Hashable {
  /// Keeps scores that are strictly above a threshold.
  case threshold(Float)
  /// Keeps the k largest scores, ties to the lower index.
  case topK(Int)
  /// Keeps the coordinates that are `true`, whatever their scores.
  case mask([Bool])
}
