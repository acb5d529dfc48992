import WinaStatistics

/// Little programs of assignments, and the value that a variable ends with.
enum ProgramFamily: ItemFamily {
  static let name = "programs"

  /// What is assigned: a constant, a variable plus a constant, or a sum or difference of two.
  enum Value: Hashable {
    case constant(Int)
    case shifted(Int, by: Int)
    case combined(Int, Int, sign: Int)
  }

  struct Statement: Hashable {
    var variable: Int
    var value: Value
  }

  struct Latent: LatentState {
    var statements: [Statement]
    var asked: Int

    /// The value of every variable at the end, by its number.
    var values: [Int: Int] {
      statements.reduce(into: [:]) { $0[$1.variable] = $1.value.evaluated(in: $0) }
    }

    /// Variables are numbered as they appear, so that renaming makes no other state.
    var canonical: String {
      statements.map { "v\($0.variable)=" + $0.value.text { "v\($0)" } }.joined(separator: ";")
        + ";v\(asked)"
    }
  }

  static func latent(level: Int, using random: inout RandomStream) -> Latent {
    while true {
      let latent = draft(level: level, using: &random)
      if let last = latent.values[latent.asked], last >= 0,
        latent.values.values.allSatisfy({ $0 >= 0 })
      {
        return latent
      }
    }
  }

  private static func draft(level: Int, using random: inout RandomStream) -> Latent {
    var latent = Latent(
      statements: [Statement(variable: 0, value: .constant(random.integer(in: 1...12)))], asked: 0)
    var count = 1
    while latent.statements.count < level + 1 {
      let known = random.index(below: count)
      let reassigns = level > 1 && random.chance(oneIn: 4)
      let target = reassigns ? known : count
      let value: Value
      switch random.index(below: level == 1 ? 3 : 5) {
      case 0 where level > 1 && !reassigns: value = .constant(random.integer(in: 1...12))
      case 3 where count > 1, 4 where count > 1:
        let other = (known + 1 + random.index(below: count - 1)) % count
        value = .combined(known, other, sign: random.chance(oneIn: 2) ? -1 : 1)
      default:
        let shift = random.integer(in: 1...9)
        value = .shifted(known, by: random.chance(oneIn: 2) ? -shift : shift)
      }
      latent.statements.append(Statement(variable: target, value: value))
      count = max(count, target + 1)
    }
    latent.asked =
      random.chance(oneIn: 3) ? random.index(below: count) : latent.statements[level].variable
    return latent
  }

  static func wording(of latent: Latent, using random: inout RandomStream) -> Wording {
    let values = latent.values
    let answer = values[latent.asked] ?? 0
    let names = random.sample(Vocabulary.letters, count: values.count)
    let near = random.shuffled([4, -4, 5, -5, 7, -7, 10, -10]).map { answer + $0 }
    let others = values.sorted { $0.key < $1.key }.map(\.value).filter { $0 != answer }
    let wrong = near + random.shuffled(others)
    return Wording(
      body: body(latent, names, &random), answer: "\(answer)",
      distractors: wrong.filter { $0 >= 0 }.map { "\($0)" })
  }

  private static func body(
    _ latent: Latent, _ names: [String], _ random: inout RandomStream
  ) -> String {
    let asked = names[latent.asked]
    let lines = latent.statements.map { (names[$0.variable], $0.value.text { names[$0] }) }
    switch random.index(below: 4) {
    case 0:
      return lines.map { "\($0) = \($1); " }.joined() + "print \(asked)"
    case 1:
      return lines.map { "Let \($0) be \($1). " }.joined() + "What is \(asked)?"
    case 2:
      return "Set " + lines.map { "\($0) to \($1)" }.joined(separator: ", then ")
        + ". Value of \(asked)?"
    default:
      return lines.map { "\($0) := \($1)" }.joined(separator: " | ") + " | \(asked)?"
    }
  }
}

extension ProgramFamily.Value {
  fileprivate func evaluated(in values: [Int: Int]) -> Int {
    switch self {
    case .constant(let number): number
    case .shifted(let variable, let shift): (values[variable] ?? 0) + shift
    case .combined(let left, let right, let sign):
      (values[left] ?? 0) + sign * (values[right] ?? 0)
    }
  }

  fileprivate func text(_ name: (Int) -> String) -> String {
    switch self {
    case .constant(let number): "\(number)"
    case .shifted(let variable, let shift):
      "\(name(variable)) \(shift < 0 ? "-" : "+") \(abs(shift))"
    case .combined(let left, let right, let sign):
      "\(name(left)) \(sign < 0 ? "-" : "+") \(name(right))"
    }
  }
}
