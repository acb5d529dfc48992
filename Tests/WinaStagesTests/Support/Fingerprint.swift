import Foundation
import WinaPipeline
import WinaTensor

/// A digest of a payload that does not depend on the machine's kernels.
///
/// Bytes and small integers count as they are. Of floats and of counters, which kernels may move in
/// the last bits, only sums count, column by column in narrow tables, rounded to four digits (three
/// for counters): a change of what a stage computes moves them, a change of rounding does not.
struct Fingerprint {
  /// Members of metadata that are many rounded floats which the tensors hold anyway.
  private static let derived: Set<String> = ["quantiles", "inertia", "loss", "iterations"]

  private(set) var text = ""

  init(_ payloads: [ArtifactPayload]) throws {
    for payload in payloads {
      text += Fingerprint.rounded(payload.metadata).canonicalText + "\n"
      for tensor in payload.tensors { text += try Fingerprint.line(tensor) + "\n" }
    }
  }

  /// The first sixteen digits of the digest of the text.
  var digest: String { String(SHA256.digest(of: text).hex.prefix(16)) }

  private static func line(_ tensor: ArtifactTensor) throws -> String {
    let head = "\(tensor.name) \(tensor.elementType) \(tensor.shape) "
    guard let type = ElementType(rawValue: tensor.elementType) else { return head }
    let typed = try Tensor(bytes: tensor.bytes, elementType: type, shape: tensor.shape)
    let values: [Double]
    switch tensor.elementType {
    case "F32", "F64": values = try typed.doubles()
    case "U32": values = try typed.uint32s().map(Double.init)
    case "U64": values = try typed.uint64s().map(Double.init)
    default: return head + SHA256.digest(of: tensor.bytes).short
    }
    let digits = tensor.elementType.hasPrefix("F") ? 4 : 3
    let columns = tensor.shape.count == 2 && tensor.shape[1] <= 40 ? tensor.shape[1] : 1
    return head
      + (0..<max(1, columns)).map { column in
        let own = stride(from: column, to: values.count, by: max(1, columns)).map { values[$0] }
        let finite = own.filter(\.isFinite).map(abs)
        let weighted = finite.enumerated().reduce(0) { $0 + $1.element * Double(1 + $1.offset % 7) }
        return [Double(own.count - finite.count), finite.reduce(0, +), weighted]
          .map { rounded($0, digits: digits) }.joined(separator: "/")
      }.joined(separator: " ")
  }

  private static func rounded(_ value: Double, digits: Int) -> String {
    abs(value) < 1e-6 ? "0" : String(format: "%.\(digits - 1)e", value)
  }

  private static func rounded(_ value: JSONValue) -> JSONValue {
    switch value {
    case .double(let number): .string(rounded(number, digits: 4))
    case .array(let elements): .array(elements.map(rounded))
    case .object(let members):
      .object(members.filter { !derived.contains($0.key) }.mapValues(rounded))
    default: value
    }
  }
}
