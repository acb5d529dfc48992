import WinaPipeline

extension Wiring {
  /// The transform that a capture runs under, if it names one.
  func transform(ofCapture capture: String?) -> String? {
    capture.flatMap { stages[$0] }?.input("transform")
  }

  /// The transform of the capture that a histogram adds up.
  func transform(ofHistogram histogram: String?) -> String? {
    transform(ofCapture: histogram.flatMap { stages[$0] }?.input("capture"))
  }

  /// The transform of the histogram that a profile is fitted to.
  func transform(ofProfile profile: String?) -> String? {
    transform(ofHistogram: profile.flatMap { stages[$0] }?.input("histogram"))
  }

  /// What binds a port to a transform.
  static func request(transform: String) -> PortRequest {
    .artifacts([ArtifactRequest(transform, .whole)])
  }

  /// Refuses a histogram, named at a port, whose model has another basis than one that is wanted.
  ///
  /// - Parameters:
  ///   - histogram: What the port leads to.
  ///   - transform: The transform that it must rest on; `nil` for none.
  ///   - path: The port.
  ///   - subject: What the message calls it, such as `held-out histogram 'h'`.
  ///   - other: What it is used with.
  func requireBasis(
    _ histogram: String?, transform: String?, at path: [String], _ subject: String,
    with other: String = "the profile"
  ) throws(PlanProblem) {
    let found = self.transform(ofHistogram: histogram)
    guard found != transform else { return }
    func basis(_ name: String?) -> String { name.map { "transform '\($0)'" } ?? "no transform" }
    throw PlanProblem(
      "plan.transform", path,
      "\(subject) rests on a capture with \(basis(found)), \(other) on one with "
        + basis(transform),
      help: "scores of different bases cannot be mixed: use captures with the same transform")
  }
}
