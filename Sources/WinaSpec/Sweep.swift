public import WinaDiagnostics

/// One parameter that a sweep varies.
public struct SweepAxis: Hashable, Sendable {
  /// How an axis combines with others.
  public enum Mode: String, Hashable, Sendable, CaseIterable {
    /// Every value with every value of the other axes.
    case grid
    /// The n-th value with the n-th value of the other `zip` axes.
    case zip
  }

  /// The var, `stage.parameter`, `data.…` or `model` that varies.
  public let path: Located<String>

  /// The values in order; at least one.
  public let values: [YAMLNode]

  /// How the axis combines with others.
  public let mode: Mode

  /// Makes an axis.
  public init(path: Located<String>, values: [YAMLNode], mode: Mode) {
    self.path = path
    self.values = values
    self.mode = mode
  }
}

/// One combination of a sweep; a spec without a sweep has one cell without assignments.
public struct SweepCell: Hashable, Sendable {
  /// One axis with its value in the cell.
  public struct Assignment: Hashable, Sendable {
    /// The path of the axis.
    public let path: String

    /// The value, references resolved.
    public let value: YAMLNode

    /// Pairs a path with a value.
    public init(path: String, value: YAMLNode) {
      self.path = path
      self.value = value
    }
  }

  /// The axes in the order of the spec.
  public let assignments: [Assignment]

  /// Makes a cell.
  public init(_ assignments: [Assignment] = []) {
    self.assignments = assignments
  }

  /// The assignments as in a task's name: `s=0.5,k=8`; empty without a sweep.
  public var label: String {
    assignments.map { "\($0.path)=\($0.value.inlineDescription)" }.joined(separator: ",")
  }

  /// Returns the value of an axis in this cell.
  public subscript(path: String) -> YAMLNode? {
    assignments.first { $0.path == path }?.value
  }

  /// Returns the cell with only the named axes, for what depends on no others.
  public func projected(onto axes: Set<String>) -> SweepCell {
    SweepCell(assignments.filter { axes.contains($0.path) })
  }
}
