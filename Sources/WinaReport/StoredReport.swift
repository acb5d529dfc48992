import Foundation
import WinaPipeline

/// The bytes of a report that was put away to be shown again, as a run's `report.json`.
public enum StoredReport {
  /// Returns the bytes that hold a report.
  public static func encode(_ report: ComparisonReport) throws -> [UInt8] {
    Array(try JSONEncoder().encode(report))
  }

  /// Returns the report that the bytes hold.
  public static func decode(_ bytes: [UInt8]) throws -> ComparisonReport {
    try JSONDecoder().decode(ComparisonReport.self, from: Data(bytes))
  }
}
