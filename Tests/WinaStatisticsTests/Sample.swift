/// Fixed data that the Python fixtures share.
enum Sample {
  static let skewed = [
    0.3, -0.1, 0.8, 1.4, 0.2, -0.5, 2.9, 0.7, 0.1, 0.6, 0.05, 1.1, -0.2, 0.4, 0.9, 3.2, 0.0, 0.35,
    0.15, 0.55,
  ]
  static let numerators: [Double] = [12, 7, 30, 22, 9, 41, 3, 18, 25, 11, 6, 50]
  static let denominators: [Double] = [10, 8, 21, 20, 10, 28, 5, 15, 18, 10, 7, 30]
}
