import WinaTensor

/// The shapes of the seven projections, equal in every layer.
public struct ProjectionShapes: Codable, Sendable, Equatable {
  /// The number n of input channels of each projection, in `Projection.allCases` order.
  public let inputs: [Int]
  /// The number m of output channels of each projection, in `Projection.allCases` order.
  public let outputs: [Int]

  /// Takes the shapes of all seven projections.
  ///
  /// - Throws: ``SparsityError`` when a shape is missing or not positive.
  public init(inputs: [Projection: Int], outputs: [Projection: Int]) throws {
    func ordered(_ sizes: [Projection: Int], _ what: String) throws -> [Int] {
      try Projection.allCases.map { projection in
        guard let size = sizes[projection], size > 0 else {
          throw SparsityError.range(
            "the \(what) of \(projection.rawValue)", "\(sizes[projection] ?? 0)", expected: "1…")
        }
        return size
      }
    }
    self.inputs = try ordered(inputs, "inputs")
    self.outputs = try ordered(outputs, "outputs")
  }

  /// Returns the number of input channels of a projection.
  public func inputs(of projection: Projection) -> Int { inputs[Self.index(projection)] }

  /// Returns the number of weights of a projection.
  public func parameters(of projection: Projection) -> Int {
    let index = Self.index(projection)
    return inputs[index] * outputs[index]
  }

  /// The number of weights of all seven projections of a layer.
  public var parameters: Int { Projection.allCases.reduce(0) { $0 + parameters(of: $1) } }

  static func index(_ projection: Projection) -> Int {
    Projection.allCases.firstIndex(of: projection) ?? 0
  }
}
