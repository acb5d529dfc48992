/// Features with mean 0 and deviation 1 per column.
///
/// Constant features are left at zero. Sparse rows stay as they are: centring would fill them.
struct Standardiser {
  let mean: [Double]
  let scale: [Double]
  let rows: FeatureRows

  init(_ features: FeatureRows) {
    let (count, width) = (features.count, features.width)
    var mean = [Double](repeating: 0, count: width)
    guard !features.isSparse else {
      self.mean = mean
      scale = [Double](repeating: 1, count: width)
      rows = features
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
    self.mean = mean
    self.scale = scale
    rows = features.mapValues { ($1 - mean[$0]) / scale[$0] }
  }
}
