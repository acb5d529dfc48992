/// The properties that `\p{…}` and `[:…:]` name in a regular expression.
enum UnicodeProperty {
  /// The general categories by short and long name.
  private static let categories: [(String, String, [Unicode.GeneralCategory])] = [
    ("lu", "uppercaseletter", [.uppercaseLetter]), ("ll", "lowercaseletter", [.lowercaseLetter]),
    ("lt", "titlecaseletter", [.titlecaseLetter]),
    ("lc", "casedletter", [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter]),
    ("lm", "modifierletter", [.modifierLetter]), ("lo", "otherletter", [.otherLetter]),
    (
      "l", "letter",
      [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter]
    ),
    ("mn", "nonspacingmark", [.nonspacingMark]), ("mc", "spacingmark", [.spacingMark]),
    ("me", "enclosingmark", [.enclosingMark]),
    ("m", "mark", [.nonspacingMark, .spacingMark, .enclosingMark]),
    ("nd", "decimalnumber", [.decimalNumber]), ("nl", "letternumber", [.letterNumber]),
    ("no", "othernumber", [.otherNumber]),
    ("n", "number", [.decimalNumber, .letterNumber, .otherNumber]),
    ("pc", "connectorpunctuation", [.connectorPunctuation]),
    ("pd", "dashpunctuation", [.dashPunctuation]), ("ps", "openpunctuation", [.openPunctuation]),
    ("pe", "closepunctuation", [.closePunctuation]),
    ("pi", "initialpunctuation", [.initialPunctuation]),
    ("pf", "finalpunctuation", [.finalPunctuation]),
    ("po", "otherpunctuation", [.otherPunctuation]),
    (
      "p", "punctuation",
      [
        .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
        .initialPunctuation, .finalPunctuation, .otherPunctuation,
      ]
    ),
    ("sm", "mathsymbol", [.mathSymbol]), ("sc", "currencysymbol", [.currencySymbol]),
    ("sk", "modifiersymbol", [.modifierSymbol]), ("so", "othersymbol", [.otherSymbol]),
    ("s", "symbol", [.mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol]),
    ("zs", "spaceseparator", [.spaceSeparator]), ("zl", "lineseparator", [.lineSeparator]),
    ("zp", "paragraphseparator", [.paragraphSeparator]),
    ("z", "separator", [.spaceSeparator, .lineSeparator, .paragraphSeparator]),
    ("cc", "control", [.control]), ("cf", "format", [.format]), ("cs", "surrogate", [.surrogate]),
    ("co", "privateuse", [.privateUse]), ("cn", "unassigned", [.unassigned]),
    ("c", "other", [.control, .format, .surrogate, .privateUse, .unassigned]),
  ]

  private static let order: [Unicode.GeneralCategory: UInt32] = {
    let single = categories.filter { $0.2.count == 1 }.map { $0.2[0] }
    return Dictionary(uniqueKeysWithValues: zip(single, 0..<UInt32(single.count)))
  }()

  /// The bit of a general category in the mask of a set.
  static func bit(_ category: Unicode.GeneralCategory) -> UInt32 { 1 << (order[category] ?? 31) }

  /// The scalars that have a property, or nil if no property has that name.
  static func test(named name: String) -> ScalarSet.Test? {
    let key = String(
      name.lowercased().unicodeScalars.filter { $0 != " " && $0 != "_" && $0 != "-" })
    if let (_, _, members) = categories.first(where: { $0.0 == key || $0.1 == key }) {
      return .categories(members.reduce(0) { $0 | bit($1) })
    }
    return special(key) ?? script(key)
  }

  /// The scalars of a POSIX class, or nil if there is none of that name.
  static func posixClass(named name: String) -> ScalarSet.Test? {
    switch name {
    case "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "space", "upper",
      "xdigit":
      test(named: name)
    case "ascii": .range(0, 0x7F)
    case "punct": test(named: "posixpunct")
    case "word": .property { $0.isAlphabeticOrJoining }
    default: nil
    }
  }

  private static func special(_ key: String) -> ScalarSet.Test? {
    func mask(_ names: String...) -> UInt32 {
      categories.filter { names.contains($0.0) }.flatMap(\.2).reduce(0) { $0 | bit($1) }
    }
    switch key {
    case "any": return .range(0, 0x10FFFF)
    case "ascii": return .range(0, 0x7F)
    case "assigned": return .not(.categories(mask("cn")))
    case "word": return .word
    case "space", "whitespace", "xposixspace", "wspace": return .space
    case "digit": return .categories(mask("nd"))
    case "alpha", "alphabetic":
      return .property { $0.category() != .unassigned && $0.properties.isAlphabetic }
    case "alnum":
      return .property {
        let category = $0.category()
        return category == .decimalNumber
          || (category != .unassigned && $0.properties.isAlphabetic)
      }
    case "lower", "lowercase":
      return .property {
        $0.category() == .lowercaseLetter
          || ($0.category() != .unassigned && $0.properties.isLowercase)
      }
    case "upper", "uppercase":
      return .property { $0.category() != .unassigned && $0.properties.isUppercase }
    case "punct": return .categories(mask("p"))
    case "posixpunct": return .categories(mask("p", "s"))
    case "blank": return .union([.categories(mask("zs")), .range(9, 9)])
    case "cntrl": return .categories(mask("cc"))
    case "xdigit": return .ranges([0x30...0x39, 0x41...0x46, 0x61...0x66])
    case "graph":
      return .not(.union([.space, .categories(mask("cc", "cn", "cs"))]))
    case "print":
      return .union([
        .categories(mask("zs")), .not(.union([.space, .categories(mask("cc", "cn", "cs"))])),
      ])
    default: return nil
    }
  }

  /// The scalars of a script, which only the regular expressions of Swift know.
  private static func script(_ key: String) -> ScalarSet.Test? {
    guard key.utf8.count >= 2, key.utf8.allSatisfy({ (0x61...0x7A).contains($0) }) else {
      return nil
    }
    let expression: Regex<AnyRegexOutput>
    do {
      expression = try Regex("\\p{Script=\(key)}+").matchingSemantics(.unicodeScalar)
    } catch {
      return nil
    }
    // The planes that no script has a part in are left out.
    let values = [0..<0xD800, 0xE000..<0x33480, 0xE0000..<0xE01F0].joined()
    let all = String(scalars: values.lazy.map { UTF8Text.unicode(UInt32($0)) })
    let ranges = all.ranges(of: expression).compactMap { range -> ClosedRange<UInt32>? in
      let scalars = all.unicodeScalars[range]
      guard let first = scalars.first, let last = scalars.last else { return nil }
      return first.value...last.value
    }
    return ranges.isEmpty ? nil : .ranges(ranges)
  }
}
