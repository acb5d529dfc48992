import Foundation
import WinaTestSupport

/// What `Tests/Fixtures/statistics/generate.py` computed with numpy, scipy and statsmodels.
enum StatisticsFixture {
  static func load<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
    let path = SharedData.packageRoot + "/Tests/Fixtures/statistics/\(name).json"
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    guard let value = try JSONDecoder().decode([String: Entry<Value>].self, from: data)[name]?.value
    else { throw CocoaError(.coderValueNotFound) }
    return value
  }

  /// The fixture's own value, or nothing for the versions that made it.
  private struct Entry<Value: Decodable>: Decodable {
    var value: Value?

    init(from decoder: any Decoder) throws { value = try? Value(from: decoder) }
  }

  struct Bootstrap: Decodable {
    struct Interval: Decodable {
      var statistic: String
      var method: String
      var unit: String
      var estimate: Double
      var low: Double
      var high: Double
      var error: Double
    }
    var documents: [Int]
    var numerators: [Double]
    var denominators: [Double]
    var differences: [Double]
    var intervals: [Interval]
  }

  struct Tests: Decodable {
    struct McNemar: Decodable { var b: Int, c: Int, exact: Double, mid: Double }
    struct Correction: Decodable { var p: [Double], holm: [Double], bh: [Double] }
    struct SignFlip: Decodable { var differences: [Double], p: Double }
    struct TOST: Decodable {
      var differences: [Double], margin: Double, p: Double, lower: Double, upper: Double
    }
    struct Wilson: Decodable { var k: Int, n: Int, confidence: Double, low: Double, high: Double }
    struct Power: Decodable { var n: Int, effect: Double }
    struct Student: Decodable { var t: Double, degrees: Double, cdf: Double }
    struct Quantile: Decodable { var p: Double, degrees: Double, t: Double }
    var mcnemar: [McNemar]
    var correction: [Correction]
    var signFlip: [SignFlip]
    var tost: [TOST]
    var wilson: [Wilson]
    var power: [Power]
    var student: [Student]
    var quantiles: [Quantile]
  }

  struct Curve: Decodable {
    var x: [Double], y: [Double], at: [Double], values: [Double]
    var low: Double, high: Double, mean: Double
  }

  struct Variance: Decodable {
    var values: [[[Double]]]
    var nestedValues: [[[Double]]]
    var nestedCrossed: [String: Double]
    var crossed: [String: Double]
    var nested: [String: Double]
    var nestedREML: [String: Double]
  }

  struct Histogram: Decodable {
    var centres: [Double], first: [Double], second: [Double], ks: Double, w1: Double
  }
}
