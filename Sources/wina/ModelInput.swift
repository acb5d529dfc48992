import Foundation
import WinaEvaluation
import WinaPipeline
import WinaStore

/// Reads the line-oriented files that model commands take.
enum ModelInput {
  /// A line that is not blank.
  struct Line {
    /// Counted from 1.
    var number: Int
    var bytes: [UInt8]

    /// Reads the line as JSON.
    ///
    /// - Parameters:
    ///   - place: The file and the line, for the error.
    ///   - hint: What lines of the file hold.
    /// - Throws: ``ModelInputError`` with the column.
    func json(at place: String, hint: String) throws -> JSONValue {
      do {
        return try JSONValue(parsing: bytes)
      } catch {
        let problem = OrderedJSON.problem(in: bytes).map { ": " + $0 } ?? ""
        throw ModelInputError(message: "\(place) is not JSON\(problem)", hint: hint)
      }
    }
  }

  private static let limit = 4 << 30

  /// Returns the lines of a file, which may be compressed, or of standard input for `-`.
  static func lines(_ path: String) throws -> [Line] { divide(try bytes(path)) }

  /// Returns the content of a file, which may be compressed, or of standard input for `-`.
  static func bytes(_ path: String) throws -> [UInt8] {
    var bytes: [UInt8]
    if path == "-" {
      bytes = [UInt8](try FileHandle.standardInput.readToEnd() ?? Data())
      if ZstdFile.isCompressed(bytes) {
        bytes = try ZstdFile.decompress(bytes, name: "standard input", limit: limit)
      }
    } else if ZstdFile.isCompressed(path) {
      bytes = try ZstdFile.read(path: path, limit: limit)
    } else {
      do {
        bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      } catch {
        throw ModelInputError(
          message: "'\(path)' cannot be read", hint: error.localizedDescription)
      }
    }
    return bytes
  }

  private static func divide(_ bytes: [UInt8]) -> [Line] {
    var lines: [Line] = []
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      let isBlank = line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == 9 || $0 == 13 }
      if !isBlank { lines.append(Line(number: number, bytes: Array(line))) }
    }
    return lines
  }
}
