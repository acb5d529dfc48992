import WinaDiagnostics

/// The path of a var, a stage's parameter, `model` or something below `data`.
///
/// A path without a dot is a var, except `model`; `data.x` is a data setting; any other path with a
/// dot is `stage.parameter`, which may go deeper: `evaluate.arms.routed.route`.
struct SpecPath: Sendable {
  /// What a path leads into.
  enum Root: Hashable, Sendable {
    /// The model.
    case model
    /// The data settings.
    case data
    /// A var.
    case variable
    /// A stage.
    case stage
  }

  /// The parts between the dots, each with its place; at least one.
  let parts: [Located<String>]

  /// The whole path with its place.
  let whole: Located<String>

  /// Splits a path at its dots.
  init(_ whole: Located<String>) {
    self.whole = whole
    var parts: [Located<String>] = []
    var offset = 0
    for part in whole.value.split(separator: ".", omittingEmptySubsequences: false) {
      let length = part.utf8.count
      let isExact = whole.range?.offsets.count == whole.value.utf8.count
      let range = isExact ? whole.range?.part(offset..<offset + length) : whole.range
      parts.append(Located(String(part), at: range))
      offset += length + 1
    }
    self.parts = parts
  }

  /// The first part.
  var head: Located<String> { parts[0] }

  /// The parts after the first.
  var tail: ArraySlice<Located<String>> { parts.dropFirst() }

  /// What the path leads into.
  var root: Root {
    if parts.count == 1 { return whole.value == "model" ? .model : .variable }
    return head.value == "data" ? .data : .stage
  }

  /// Whether every part is written out.
  var isWellFormed: Bool { parts.allSatisfy { !$0.value.isEmpty } }

  /// Whether this path leads to `other` or to something that contains it.
  func contains(_ other: SpecPath) -> Bool {
    parts.count <= other.parts.count
      && zip(parts, other.parts).allSatisfy { $0.value == $1.value }
  }
}
