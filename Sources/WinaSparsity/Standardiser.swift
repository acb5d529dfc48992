/// Features with mean 0 and deviation 1 per column.
///
/// Constant features are left at zero. Sparse rows stay as they are: centring would fill them.
struct Standardiser {
  let mean: [Double]
  let scale: [Double]
  let rows: FeatureRows
  /// The largest root mean square of a row, or nil where nothing was standardised.
  let reach: Double?

  init(_ features: FeatureRows) {
    let (count, width) = (features.count, features.width)
    var mean = [Double](repeating: 0, count: width)
    guard !features.isSparse else {
      self.mean = mean
      scale = [Double](repeating: 1, count: width)
      rows = features
      reach = nil
      return
    }
    var scale = mean
    for row in 0..<count { features.add(row, times: 1, to: &mean, at: 0) }
    for column in 0..<width { mean[column] /= Double(count) }
    for row in 0..<count {
      for column in 0..<width {
        let distance = features.values[row * width + column] - mean[column]
        scale[column] += distance * distance
      }
    }
    for column in 0..<width {
      let deviation = (scale[column] / Double(count)).squareRoot()
      let isConstant = deviation <= 1e-12 * max(1, abs(mean[column]))
      scale[column] = isConstant ? 1 : deviation
    }
    let rows = features.mapValues { ($1 - mean[$0]) / scale[$0] }
    self.mean = mean
    self.scale = scale
    self.rows = rows
    reach = (0..<count).reduce(0) { max($0, Self.size(rows.vector($1))) }
  }

  /// The root mean square of standardised features.
  static func size(_ input: [Double]) -> Double {
    guard !input.isEmpty else { return 0 }
    return (input.reduce(0) { $0 + $1 * $1 } / Double(input.count)).squareRoot()
  }
}
