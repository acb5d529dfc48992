import Foundation

/// Decomposes, sorts and composes the scalars of a stretch of text in O(*n* log *n*).
///
/// Foundation tells what one scalar decomposes to and what two compose to. It is not given longer
/// texts, because it sorts marks in quadratic time and leaves some syllables in two parts.
struct ScalarNormalizer {
  private let composes: Bool
  private let isCompatible: Bool
  private var decompositions: [Unicode.Scalar: [Unicode.Scalar]] = [:]
  private var compositions: [UInt64: Unicode.Scalar?] = [:]

  init(_ form: NormalizationForm) {
    composes = form == .nfc || form == .nfkc
    isCompatible = form == .nfkc || form == .nfkd
  }

  /// The stretch in the normalisation form.
  mutating func normalized(_ stretch: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(stretch.count + stretch.count / 2)
    for scalar in stretch {
      if scalar.isASCII {
        scalars.append(scalar)
      } else if Hangul.syllables.contains(scalar.value) {
        Hangul.decompose(scalar.value, into: &scalars)
      } else {
        scalars.append(contentsOf: decomposition(of: scalar))
      }
    }
    Self.sortMarks(&scalars)
    return composes ? composed(scalars) : scalars
  }

  private mutating func decomposition(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    if let known = decompositions[scalar] { return known }
    let text = String(scalars: CollectionOfOne(scalar))
    let form =
      isCompatible
      ? text.decomposedStringWithCompatibilityMapping : text.decomposedStringWithCanonicalMapping
    let found = Array(form.unicodeScalars)
    decompositions[scalar] = found
    return found
  }

  /// Sorts each run of marks by combining class, and leaves equal ones in their order.
  private static func sortMarks(_ scalars: inout [Unicode.Scalar]) {
    var start = 0
    while start < scalars.count {
      if combiningClass(scalars[start]) == 0 {
        start += 1
        continue
      }
      var marks: [(order: UInt64, scalar: Unicode.Scalar)] = []
      var end = start
      while end < scalars.count {
        let order = combiningClass(scalars[end])
        if order == 0 { break }
        marks.append((UInt64(order) << 32 | UInt64(end), scalars[end]))
        end += 1
      }
      if marks.count > 1 {
        marks.sort { $0.order < $1.order }
        for (offset, mark) in marks.enumerated() { scalars[start + offset] = mark.scalar }
      }
      start = end
    }
  }

  private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    scalar.value < 0x300 ? 0 : scalar.properties.canonicalCombiningClass.rawValue
  }

  private mutating func composed(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count)
    var starter = -1
    var lastClass: UInt8 = 0
    for scalar in scalars {
      let order = Self.combiningClass(scalar)
      let isAdjacent = starter == result.count - 1
      if starter >= 0, isAdjacent || lastClass < order,
        let joined = composition(result[starter], scalar)
      {
        result[starter] = joined
        continue
      }
      if order == 0 { starter = result.count }
      lastClass = order
      result.append(scalar)
    }
    return result
  }

  private mutating func composition(_ first: Unicode.Scalar, _ second: Unicode.Scalar)
    -> Unicode.Scalar?
  {
    if second.value < 0x300 { return nil }
    if let syllable = Hangul.composition(first.value, second.value) { return syllable }
    let key = UInt64(first.value) << 32 | UInt64(second.value)
    if let known = compositions[key] { return known }
    // Without taking the first apart again, Foundation leaves some vowels of three parts in two.
    let text = String(scalars: [first, second]).decomposedStringWithCanonicalMapping
    let form = text.precomposedStringWithCanonicalMapping
    let found = form.unicodeScalars.count == 1 ? form.unicodeScalars.first : nil
    compositions[key] = .some(found)
    return found
  }
}

/// The arithmetic of Hangul syllables, as the Unicode Standard defines it in section 3.12.
private enum Hangul {
  static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
  private static let leading: UInt32 = 0x1100
  private static let vowel: UInt32 = 0x1161
  private static let trailing: UInt32 = 0x11A7

  static func decompose(_ syllable: UInt32, into scalars: inout [Unicode.Scalar]) {
    let index = syllable - syllables.lowerBound
    scalars.append(UTF8Text.unicode(leading + index / 588))
    scalars.append(UTF8Text.unicode(vowel + index % 588 / 28))
    if index % 28 > 0 { scalars.append(UTF8Text.unicode(trailing + index % 28)) }
  }

  static func composition(_ first: UInt32, _ second: UInt32) -> Unicode.Scalar? {
    if (leading..<leading + 19).contains(first), (vowel..<vowel + 21).contains(second) {
      let index = (first - leading) * 588 + (second - vowel) * 28
      return UTF8Text.unicode(syllables.lowerBound + index)
    }
    if syllables.contains(first), (first - syllables.lowerBound) % 28 == 0,
      (trailing + 1..<trailing + 28).contains(second)
    {
      return UTF8Text.unicode(first + second - trailing)
    }
    return nil
  }
}
