import WinaStatistics

/// Brackets that were opened: which closing ones follow, and in which order.
enum BracketFamily: ItemFamily {
  static let name = "brackets"
  static let evaluationLevels = 1...4

  private static let pairs = [("(", ")"), ("[", "]"), ("{", "}"), ("<", ">")]

  struct Latent: LatentState {
    /// The brackets so far, by kind: opening as 0 to 3, closing as 4 to 7.
    var marks: [Int]

    var text: String {
      marks.map { $0 < 4 ? pairs[$0].0 : pairs[$0 - 4].1 }.joined(separator: " ")
    }

    /// The kinds that are open, outermost first.
    var open: [Int] {
      var stack: [Int] = []
      for mark in marks {
        if mark < 4 { stack.append(mark) } else { stack.removeLast() }
      }
      return stack
    }

    var canonical: String { text }
  }

  static func latent(level: Int, using random: inout RandomStream) -> Latent {
    let depth = (level < 4 ? level : 7) + random.index(below: 2)
    let closed = random.integer(in: [1...3, 2...4, 3...5, 6...9][level - 1])
    var latent = Latent(marks: [])
    var (opened, toClose) = (0, closed)
    var stack: [Int] = []
    while opened < depth + closed || toClose > 0 {
      let mayClose = toClose > 0 && !stack.isEmpty
      if mayClose, opened == depth + closed || random.chance(oneIn: 2) {
        latent.marks.append(stack.removeLast() + 4)
        toClose -= 1
      } else {
        let kind = random.index(below: 4)
        stack.append(kind)
        latent.marks.append(kind)
        opened += 1
      }
    }
    return latent
  }

  static func wording(of latent: Latent, using random: inout RandomStream) -> Wording {
    let open = Array(latent.open.reversed())
    let shown = latent.text
    let body = random.pick([
      "Close the brackets \(shown) .", "Complete \(shown) so that all is closed.",
      "What closes \(shown) ?", "Which ends are missing in \(shown) ?",
    ])
    var wrong = random.shuffled(replacements(of: open) + [Array(open.reversed())])
    wrong.insert(open + [random.index(below: 4)], at: random.index(below: 3))
    if open.count > 1 { wrong.insert(open.dropLast(), at: random.index(below: 3)) }
    return Wording(body: body, answer: closing(open), distractors: wrong.map(closing))
  }

  /// The list with one kind replaced, in every place by every other kind.
  private static func replacements(of kinds: [Int]) -> [[Int]] {
    kinds.indices.flatMap { index in
      (0..<4).filter { $0 != kinds[index] }.map { kind in
        var changed = kinds
        changed[index] = kind
        return changed
      }
    }
  }

  private static func closing(_ kinds: [Int]) -> String {
    kinds.map { pairs[$0].1 }.joined(separator: " ")
  }
}
