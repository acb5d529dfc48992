/// Chooses the inputs that a static mask keeps.
enum StaticMask {
  /// Returns E[s²] of every input, given the moments of x: c²·(E[x²] − 2·μ·E[x] + μ²).
  ///
  /// - Parameters:
  ///   - square: E[x²] per input.
  ///   - mean: E[x] per input.
  ///   - centre: What is subtracted before scoring, or nil.
  ///   - norms: The factors c, or nil for 1.
  static func importance(
    square: ArraySlice<Float>, mean: ArraySlice<Float>, centre: [Float]?, norms: [Float]?
  ) -> [Double] {
    zip(square, mean).enumerated().map { index, moments in
      var value = Double(moments.0)
      if let centre {
        let middle = Double(centre[index])
        value += middle * (middle - 2 * Double(moments.1))
      }
      let factor = norms.map { Double($0[index]) } ?? 1
      return max(0, value) * factor * factor
    }
  }

  /// Returns the mask of the `count` inputs of highest importance, ties to the lower index.
  static func largest(_ importance: [Double], count: Int) -> [UInt8] {
    let order = importance.indices.sorted {
      (importance[$1], $0) < (importance[$0], $1)
    }
    var mask = [UInt8](repeating: 0, count: importance.count)
    for index in order.prefix(count) { mask[index] = 1 }
    return mask
  }

  /// Returns the smallest number of inputs whose importance is a share of the whole.
  ///
  /// Inputs without any importance are never needed; where none has any, one is kept.
  static func count(covering share: Double, of importance: [Double]) -> Int {
    let total = importance.reduce(0, +)
    var sum = 0.0
    for (index, value) in importance.sorted(by: >).enumerated() {
      sum += value
      if sum >= share * total || value == 0 { return max(1, value == 0 ? index : index + 1) }
    }
    return max(1, importance.count)
  }
}
