/// The kinds of scalar that split patterns tell apart.
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

  /// The classes of the scalars of most scripts, by value.
  static let table: [ScalarClass] = (0..<0x3400).map {
    Unicode.Scalar($0).map { ScalarClass(byProperties: $0) } ?? .other
  }

  /// The class of a scalar that ``table`` does not hold.
  init(beyondTable value: UInt32) {
    switch value {
    // Ideographs and Hangul syllables.
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3: self = .letter
    default: self = Unicode.Scalar(value).map { ScalarClass(byProperties: $0) } ?? .other
    }
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
  @inline(__always)
  var isWhitespace: Bool { self == .space || self == .newline }
}

extension Unicode.Scalar {
  /// The general category, with scalars assigned after a version of Unicode counted as unassigned.
  ///
  /// The reference splits by Unicode 16. Keeping to it makes ids independent of the toolchain.
  func category(asOf version: Int = 16) -> Unicode.GeneralCategory {
    guard let age = properties.age, age.major <= version else { return .unassigned }
    // What versions have changed of scalars that were there before.
    switch value {
    case 0x295 where version < 17: return .lowercaseLetter
    case 0x1CF2...0x1CF3 where version < 12: return .spacingMark
    case 0x111C9 where version < 11: return .otherPunctuation
    default: return properties.generalCategory
    }
  }

  /// Whether the scalar matches `\w` as defined by Unicode Technical Standard 18.
  var isWordScalar: Bool {
    if isASCII {
      switch value {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: return true
      default: return false
      }
    }
    return properties.isJoinControl || isAlphabeticOrJoining
  }

  /// Whether the scalar matches `\w` in a regular expression of the reference's engine, which
  /// counts fractions and superscripts of Latin-1 and does not count join controls.
  var isRegexWordScalar: Bool {
    switch value {
    case 0..<0x80: isWordScalar
    case 0xB2, 0xB3, 0xB9, 0xBC...0xBE: true
    default: isAlphabeticOrJoining
    }
  }

  /// Whether the scalar is alphabetic, a mark, a decimal digit or a connector.
  var isAlphabeticOrJoining: Bool {
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
    case 0..<0x80: return false
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
