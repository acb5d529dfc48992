/// The kinds of scalar that split patterns and added tokens tell apart.
enum ScalarClass: UInt8 {
  /// General category L.
  case letter
  /// General category N.
  case number
  /// A carriage return or a line feed.
  case newline
  /// White space other than ``newline``.
  case space
  /// Everything else.
  case other

  private static let ascii: [ScalarClass] = (0..<128).map { ScalarClass(byProperties: $0) }

  init(_ scalar: Unicode.Scalar) {
    self =
      scalar.value < 128 ? Self.ascii[Int(scalar.value)] : ScalarClass(byProperties: scalar)
  }

  private init(byProperties value: UInt32) {
    self = Unicode.Scalar(value).map { ScalarClass(byProperties: $0) } ?? .other
  }

  private init(byProperties scalar: Unicode.Scalar) {
    if scalar == "\r" || scalar == "\n" {
      self = .newline
      return
    }
    switch scalar.category() {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      self = .letter
    case .decimalNumber, .letterNumber, .otherNumber: self = .number
    default: self = scalar.properties.isWhitespace ? .space : .other
    }
  }

  /// Whether the scalar is white space of any kind.
  var isWhitespace: Bool { self == .space || self == .newline }
}

extension Unicode.Scalar {
  /// The general category, with scalars assigned after a version of Unicode counted as unassigned.
  ///
  /// The reference splits by Unicode 16. Keeping to it makes ids independent of the toolchain.
  func category(asOf version: Int = 16) -> Unicode.GeneralCategory {
    guard let age = properties.age, age.major <= version else { return .unassigned }
    return properties.generalCategory
  }

  /// Whether the scalar matches `\w` as defined by Unicode Technical Standard 18.
  var isWordScalar: Bool {
    if properties.isJoinControl { return true }
    switch category() {
    case .unassigned: return false
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
      return true
    default: return properties.isAlphabetic
    }
  }

  /// Whether the scalar is ASCII punctuation or of general category P, by the tables of Unicode 7
  /// that the reference uses for this.
  var isPunctuation: Bool {
    switch value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
    default: break
    }
    switch category(asOf: 7) {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return true
    default: return false
    }
  }
}

extension String {
  /// Makes a string of scalars, exactly as they are.
  init(scalars: some Sequence<Unicode.Scalar>) {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }
}
