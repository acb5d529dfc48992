/// A regular expression as instructions for ``RegexMatcher``.
struct RegexProgram: Sendable {
  /// One step of a match.
  enum Instruction: Sendable {
    /// Takes one scalar of a set, given by its index in ``RegexProgram/sets``.
    case take(Int)
    /// Takes scalars of a set while there are any, at least `least`, without coming back.
    case takeAll(Int, least: Int)
    /// Goes on at `first` and, where that fails, at `second`.
    case fork(first: Int, second: Int)
    case jump(Int)
    /// Goes back to a loop's fork or, where nothing was taken since then, out of the loop.
    case again(fork: Int, exit: Int)
    case check(RegexNode.Assertion)
    /// Matches the body from the next instruction on for its result only, then goes on at `after`.
    case look(behind: Int, isNegated: Bool, after: Int)
    /// Matches the body from the next instruction on once, then goes on at `after` behind it.
    case once(after: Int)
    case accept
  }

  private static let sizeLimit = 4_000
  private static let loopLimit = 1_000

  private(set) var instructions: [Instruction] = []
  private(set) var sets: [ScalarSet] = []
  /// The number of each fork among the forks, by instruction.
  private(set) var forkNumbers: [Int] = []
  /// The number of forks.
  private(set) var forkCount = 0

  /// Reads an expression in the syntax of Oniguruma, the engine of the reference.
  init(pattern: String) throws(RegexError) {
    var parser = RegexParser(pattern)
    let node = try parser.parse()
    try emit(node, isLast: true)
    finish()
  }

  /// Makes the program of an expression that is known to be small and valid.
  init(_ node: RegexNode) {
    do {
      try emit(node, isLast: true)
    } catch {
      preconditionFailure(error.reason)
    }
    finish()
  }

  private mutating func finish() {
    instructions.append(.accept)
    for instruction in instructions {
      forkNumbers.append(forkCount)
      if case .fork = instruction { forkCount += 1 }
    }
  }

  private mutating func index(of set: ScalarSet) -> Int {
    sets.append(set)
    return sets.count - 1
  }

  private mutating func append(_ instruction: Instruction) throws(RegexError) {
    guard instructions.count < Self.sizeLimit else {
      throw RegexError(reason: "it is too long")
    }
    instructions.append(instruction)
  }

  /// Appends a node; `isLast` says that nothing but the end of the match follows it.
  private mutating func emit(_ node: RegexNode, isLast: Bool) throws(RegexError) {
    switch node {
    case .empty: break
    case .set(let set): try append(.take(index(of: set)))
    case .assertion(let assertion): try append(.check(assertion))
    case .sequence(let nodes):
      for (index, node) in nodes.enumerated() {
        try emit(node, isLast: isLast && index == nodes.count - 1)
      }
    case .alternation(let nodes): try emitAlternation(nodes, isLast: isLast)
    case .loop(let body, let least, let most, let greed):
      try emitLoop(body, least, most, greed, isLast: isLast)
    case .atomic(let body): try emitBody(body) { .once(after: $0) }
    case .lookAhead(let body, let isNegated):
      try emitBody(body) { .look(behind: 0, isNegated: isNegated, after: $0) }
    case .lookBehind(let body, let isNegated):
      try emitLookBehind(body, isNegated: isNegated)
    }
  }

  /// Appends a node that is matched by itself, after the instruction that does so.
  private mutating func emitBody(_ body: RegexNode, _ instruction: (Int) -> Instruction)
    throws(RegexError)
  {
    let start = instructions.count
    try append(.accept)
    try emit(body, isLast: true)
    try append(.accept)
    instructions[start] = instruction(instructions.count)
  }

  private mutating func emitLookBehind(_ body: RegexNode, isNegated: Bool) throws(RegexError) {
    if let width = body.width {
      try emitBody(body) { .look(behind: width, isNegated: isNegated, after: $0) }
      return
    }
    guard case .alternation(let nodes) = body else {
      throw RegexError(reason: "what it looks behind for has no fixed length")
    }
    // One of the alternatives must match, or none of them may.
    let each = nodes.map { RegexNode.lookBehind($0, isNegated: isNegated) }
    try emit(isNegated ? .sequence(each) : .alternation(each), isLast: false)
  }

  private mutating func emitAlternation(_ nodes: [RegexNode], isLast: Bool) throws(RegexError) {
    var jumps: [Int] = []
    for (index, node) in nodes.enumerated() {
      if index == nodes.count - 1 {
        try emit(node, isLast: isLast)
        break
      }
      let fork = instructions.count
      try append(.accept)
      try emit(node, isLast: isLast)
      jumps.append(instructions.count)
      try append(.accept)
      instructions[fork] = .fork(first: fork + 1, second: instructions.count)
    }
    for jump in jumps {
      instructions[jump] = .jump(instructions.count)
    }
  }

  private mutating func emitLoop(
    _ body: RegexNode, _ least: Int, _ most: Int?, _ greed: RegexNode.Greed, isLast: Bool
  ) throws(RegexError) {
    if greed == .possessive {
      if most == nil, case .set(let set) = body {
        try append(.takeAll(index(of: set), least: least))
      } else {
        try emit(.atomic(.loop(body, at: least, most, .greedy)), isLast: isLast)
      }
      return
    }
    guard max(least, most ?? 0) <= Self.loopLimit else {
      throw RegexError(reason: "it repeats something more than \(Self.loopLimit) times")
    }
    // Nothing after the loop can fail, so that it never has to give back what it took.
    if isLast, greed == .greedy, most == nil, case .set(let set) = body {
      try append(.takeAll(index(of: set), least: least))
      return
    }
    for _ in 0..<least { try emit(body, isLast: false) }
    guard let most else {
      let fork = instructions.count
      try append(.accept)
      try emit(body, isLast: false)
      let exit = instructions.count + 1
      try append(body.isNullable ? .again(fork: fork, exit: exit) : .jump(fork))
      instructions[fork] = Self.fork(fork + 1, exit, greed)
      return
    }
    var forks: [Int] = []
    for _ in least..<max(least, most) {
      forks.append(instructions.count)
      try append(.accept)
      try emit(body, isLast: false)
    }
    for fork in forks { instructions[fork] = Self.fork(fork + 1, instructions.count, greed) }
  }

  private static func fork(_ body: Int, _ end: Int, _ greed: RegexNode.Greed) -> Instruction {
    greed == .lazy ? .fork(first: end, second: body) : .fork(first: body, second: end)
  }
}
