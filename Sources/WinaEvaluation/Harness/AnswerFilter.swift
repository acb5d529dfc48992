import Foundation

/// How a number is taken from a generated answer of GSM8K, and how it is compared.
///
/// The filters and the comparison are those of the harness's `gsm8k` task, version 3.
public enum AnswerFilter: String, Sendable, Hashable, CaseIterable {
  /// The number after `####`.
  case strict = "strict-match"
  /// The last thing that looks like a number.
  case flexible = "flexible-extract"

  /// What stands for an answer in which nothing was found.
  public static let invalid = "[invalid]"

  /// Returns what the filter finds in an answer, or ``invalid``.
  public func extract(_ answer: String) -> String {
    switch self {
    case .strict:
      let matches = Self.groups(#"#### (\-?[0-9\.\,]+)"#, answer)
      return matches.first?.first ?? Self.invalid
    case .flexible:
      let matches = Self.groups(#"(-?[$0-9.,]{2,})|(-?[0-9]+)"#, answer)
      return matches.last?.first { !$0.isEmpty } ?? Self.invalid
    }
  }

  /// Whether an extracted answer equals a target when commas, dollar signs, everything up to the last
  /// `#### ` and a full stop at the end are left out, whatever the case.
  public static func matches(_ answer: String, target: String) -> Bool {
    normalized(answer) == normalized(target)
  }

  private static func normalized(_ text: String) -> String {
    var text = text
    for pattern in [",", #"\$"#, "(?s).*#### ", #"\.$"#] {
      text = replacing(pattern, in: text)
    }
    return text.lowercased()
  }

  private static func replacing(_ pattern: String, in text: String) -> String {
    guard let expression = try? NSRegularExpression(pattern: pattern) else { return text }
    let range = NSRange(text.startIndex..., in: text)
    return expression.stringByReplacingMatches(in: text, range: range, withTemplate: "")
  }

  private static func groups(_ pattern: String, _ text: String) -> [[String]] {
    guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
    return expression.matches(in: text, range: NSRange(text.startIndex..., in: text)).map { match in
      (1..<match.numberOfRanges).map { group in
        Range(match.range(at: group), in: text).map { String(text[$0]) } ?? ""
      }
    }
  }
}
