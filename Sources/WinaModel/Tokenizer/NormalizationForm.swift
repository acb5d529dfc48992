/// The Unicode normalisation forms.
enum NormalizationForm: String, Sendable {
  case nfc = "NFC"
  case nfd = "NFD"
  case nfkc = "NFKC"
  case nfkd = "NFKD"

  /// A text in this form of Unicode 9, the version of the reference.
  ///
  /// Scalars assigned later neither move nor combine, and so separate what is normalised.
  func applied(to bytes: [UInt8]) -> [UInt8] {
    guard let firstChange = firstSuspect(in: bytes) else { return bytes }
    var result = Array(bytes[..<firstChange])
    result.reserveCapacity(bytes.count + bytes.count / 4)
    var stretch: [Unicode.Scalar] = []
    var hasSuspect = false
    var normalizer = ScalarNormalizer(self)
    func flush() {
      if hasSuspect {
        stretch = normalizer.normalized(stretch)
      }
      for scalar in stretch { UTF8Text.append(scalar, to: &result) }
      stretch.removeAll(keepingCapacity: true)
      hasSuspect = false
    }
    var index = firstChange
    while index < bytes.count {
      let scalar = UTF8Text.unicode(bytes, at: index)
      index += UTF8.width(scalar)
      let isBorder = Self.staysInFormC(scalar.value)
      if isBorder, !hasSuspect || stretch.count >= Self.longStretch { flush() }
      if !scalar.isASCII, (scalar.properties.age?.major ?? 0) > 9 {
        flush()
        UTF8Text.append(scalar, to: &result)
      } else {
        stretch.append(scalar)
        if !isBorder || (self != .nfc && !scalar.isASCII) { hasSuspect = true }
      }
    }
    flush()
    return result
  }

  /// How many scalars are normalised at once, if there is a border to stop at.
  private static let longStretch = 32

  /// Where a text may first differ from its form, at the start of the scalar before the suspect.
  private func firstSuspect(in bytes: [UInt8]) -> Int? {
    var previous = 0
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x80 {
        previous = index
        index += 1
        continue
      }
      let (value, width) = UTF8Text.scalar(bytes, at: index)
      if self != .nfc || !Self.staysInFormC(value) { return previous }
      previous = index
      index += width
    }
    return nil
  }

  /// Whether a scalar is a starter that form C keeps and that does not join what is before it.
  ///
  /// False says nothing: only the scalars of common scripts are told apart.
  private static func staysInFormC(_ value: UInt32) -> Bool {
    switch value {
    case 0..<0x300, 0x3A3...0x3CE, 0x400...0x482, 0x48A...0x556, 0x1100...0x115F,
      0x2010...0x2027, 0x2030...0x205E, 0x20A0...0x20BF, 0x2190...0x21CC, 0x2500...0x27BF,
      0x3000...0x3029, 0x3041...0x3096, 0x309F...0x30FF, 0x4E00...0x9FEF, 0xAC00...0xD7A3,
      0xFF01...0xFFDC, 0x1F300...0x1FAFF:
      true
    default: false
    }
  }
}
