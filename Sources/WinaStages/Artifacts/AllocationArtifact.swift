import WinaPipeline
import WinaSparsity
import WinaTensor

/// What an allocation was searched with and how well it does.
public struct AllocationReport: Codable, Sendable, Equatable {
  /// A comparison of the joint divergence with the sum of single ones, on held-out samples.
  public struct Check: Codable, Sendable, Equatable {
    /// The group's index.
    public var group: Int
    /// The target sparsity.
    public var sparsity: Double
    /// The sum of the modules' own divergences, where these were measured.
    public var predicted: Double?
    /// The divergence of predictions under the whole allocation, in nats per token.
    public var joint: Double
    /// The divergence under uniform sparsity.
    public var uniform: Double
  }

  /// How many samples of each group were searched with.
  public var samples: [Int] = []
  /// How many samples of each group were held out.
  public var heldOut: [Int] = []
  /// What was kept small.
  public var error: String?
  /// The multiplications that a search without reuse would have taken over those it took.
  public var reuse: Double?
  /// Joint errors on held-out samples.
  public var checks: [Check] = []
}

/// How sparsity is divided over projections and layers, for every target.
public struct AllocationArtifact: Artifact {
  public static let format = "allocation/v1"

  /// The division.
  public var allocation: Allocation
  /// How it was found.
  public var report: AllocationReport

  /// Makes an artifact.
  public init(allocation: Allocation, report: AllocationReport) {
    self.allocation = allocation
    self.report = report
  }

  private struct Metadata: Codable {
    var method: AllocationMethod
    var groups: [String]
    var layers: Int
    var weights: [Double]
    var schedule: DepthSchedule?
    /// The rows of every greedy path, groups by layers.
    var steps: [Int]?
    var report: AllocationReport
  }

  private static let columns = 5 + Projection.allCases.count

  public func encoded() throws -> ArtifactPayload {
    var metadata = Metadata(
      method: allocation.method, groups: allocation.groups, layers: allocation.layers,
      weights: allocation.weights, report: report)
    var columns = TensorColumns()
    switch allocation.evidence {
    case .depth(let schedule): metadata.schedule = schedule
    case .greedy(let paths):
      let rows = paths.joined().flatMap(\.rows)
      metadata.steps = paths.joined().map(\.rows.count)
      let values = rows.flatMap {
        [$0.effective, $0.error, $0.uniformError, $0.heldOutError, $0.heldOutUniformError]
          + $0.sparsities
      }
      try columns.add("path", values, [rows.count, Self.columns])
    case .lagrangian(let curves):
      let modules = Projection.allCases.count
      try columns.add(
        "curves", curves.joined().flatMap(\.errors),
        [curves.count, allocation.layers, modules, ErrorCurve.grid.count])
    }
    return ArtifactPayload(
      metadata: try JSONValue(encoding: metadata), tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    let (groups, layers) = (metadata.groups.count, metadata.layers)
    let evidence: Allocation.Evidence
    switch metadata.method {
    case .depth: evidence = .depth(metadata.schedule ?? DepthSchedule())
    case .greedy: evidence = .greedy(try Self.paths(payload, metadata))
    case .lagrangian:
      let modules = Projection.allCases.count
      let size = ErrorCurve.grid.count
      let values = try payload.typed("curves", [groups, layers, modules, size]).doubles()
      let curves = try stride(from: 0, to: values.count, by: size).map {
        try ErrorCurve(Array(values[$0..<($0 + size)]))
      }
      evidence = .lagrangian(
        (0..<groups).map { Array(curves[($0 * layers * modules)..<(($0 + 1) * layers * modules)]) })
    }
    allocation = try Allocation(
      evidence: evidence, groups: metadata.groups, layers: layers, weights: metadata.weights)
    report = metadata.report
  }

  private static func paths(
    _ payload: ArtifactPayload, _ metadata: Metadata
  ) throws -> [[GreedyPath]] {
    let steps = metadata.steps ?? []
    guard steps.count == metadata.groups.count * metadata.layers, steps.allSatisfy({ $0 >= 0 })
    else { throw ArtifactError("an allocation has \(steps.count) paths") }
    let values = try payload.typed("path", [steps.reduce(0, +), columns]).doubles()
    var row = 0
    let paths = steps.map { count -> GreedyPath in
      defer { row += count }
      return GreedyPath(
        rows: (row..<(row + count)).map { index in
          let cells = Array(values[(index * columns)..<((index + 1) * columns)])
          return GreedyPath.Row(
            effective: cells[0], error: cells[1], uniformError: cells[2], heldOutError: cells[3],
            heldOutUniformError: cells[4], sparsities: Array(cells[5...]))
        })
    }
    return (0..<metadata.groups.count).map {
      Array(paths[($0 * metadata.layers)..<(($0 + 1) * metadata.layers)])
    }
  }
}
