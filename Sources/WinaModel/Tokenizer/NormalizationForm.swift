import Foundation

/// The Unicode normalisation forms.
enum NormalizationForm: String, Sendable {
  case nfc = "NFC"
  case nfd = "NFD"
  case nfkc = "NFKC"
  case nfkd = "NFKD"

  /// A text in this form.
  func applied(to scalars: ArraySlice<Unicode.Scalar>) -> String.UnicodeScalarView {
    let text = String(scalars: scalars.flatMap(Self.splittingStarter))
    let result =
      switch self {
      case .nfc: text.precomposedStringWithCanonicalMapping
      case .nfd: text.decomposedStringWithCanonicalMapping
      // Foundation does not sort marks that follow what a compatibility mapping expanded to.
      case .nfkc:
        text.decomposedStringWithCompatibilityMapping.precomposedStringWithCanonicalMapping
      case .nfkd: text.decomposedStringWithCompatibilityMapping.decomposedStringWithCanonicalMapping
      }
    return result.unicodeScalars
  }

  /// Takes apart the scalars that count as starters but decompose into marks.
  ///
  /// The standard library sorts marks between starters only, and so leaves a mark that follows one
  /// of these Tibetan vowel signs in the wrong place. No form composes them again.
  private static func splittingStarter(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    switch scalar {
    case "\u{0F73}": ["\u{0F71}", "\u{0F72}"]
    case "\u{0F75}": ["\u{0F71}", "\u{0F74}"]
    case "\u{0F81}": ["\u{0F71}", "\u{0F80}"]
    default: [scalar]
    }
  }
}
