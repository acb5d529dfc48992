import WinaTensor

/// Which means are subtracted from activations before they are scored and masked.
public enum CentringKind: String, Codable, Sendable, CaseIterable {
  /// None: scores are |x|·c.
  case none
  /// One mean per channel, pooled over all samples.
  case global
  /// One mean per channel and group.
  case group
}

/// The channel means μ of centring, scores being |x − μ|·c.
public struct CentringMeans: Sendable, Equatable {
  /// Whether there is one set of means or one per group.
  public let kind: CentringKind
  /// The names of the groups; `["all"]` for global means.
  public let groups: [String]
  /// The shape of a layer.
  public let layout: CaptureLayout
  /// The means, shape [groups, layers, channels].
  public let values: [Float]

  /// Takes means of the given shape.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit.
  public init(kind: CentringKind, groups: [String], layout: CaptureLayout, values: [Float]) throws {
    let expected = groups.count * layout.layers * layout.channels
    guard values.count == expected else {
      throw SparsityError.shape("centring means", have: values.count, expected: expected)
    }
    guard kind != .none, kind == .group || groups.count == 1 else {
      throw SparsityError.range(
        "the groups of \(kind.rawValue) centring", "\(groups.count)", expected: "1…1")
    }
    self.kind = kind
    self.groups = groups
    self.layout = layout
    self.values = values
  }

  /// Returns the means of one stream, one value per channel.
  ///
  /// Global means are the same for every group.
  ///
  /// - Precondition: the group (of group means) and the layer exist.
  public func mean(group: Int, layer: Int, stream: ActivationStream) -> [Float] {
    let row = kind == .global ? 0 : group
    precondition(groups.indices.contains(row), "group \(group) has no means")
    let start = (row * layout.layers + layer) * layout.channels
    let range = layout.channelRange(stream)
    return Array(values[(start + range.lowerBound)..<(start + range.upperBound)])
  }
}
