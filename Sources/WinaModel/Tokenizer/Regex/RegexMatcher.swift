/// Finds the matches of a regular expression by backtracking that never tries the same twice.
///
/// Without captures, whether the rest of a match succeeds depends on the instruction and the
/// position alone. A pair of them that was tried in vain is remembered for the whole text, so
/// that the time is bounded by the product of text and program: R. Cox, "Regular Expression
/// Matching: the Virtual Machine Approach", 2009.
struct RegexMatcher {
  private let program: [RegexProgram.Instruction]
  private let sets: [ScalarSet]
  private let forkNumbers: [Int]
  private let forkCount: Int
  private let bytes: [UInt8]
  private let start: Int
  private let end: Int
  /// One bit for each instruction and position where a fork was tried.
  private var tried: [UInt64]
  /// The bits that a body set, which are cleared after it.
  private var marks: [Int] = []

  /// Prepares to match within a part of a text, which counts as the whole text.
  init(_ program: RegexProgram, _ bytes: [UInt8], _ range: Range<Int>) {
    self.program = program.instructions
    sets = program.sets
    forkNumbers = program.forkNumbers
    forkCount = program.forkCount
    self.bytes = bytes
    start = range.lowerBound
    end = range.upperBound
    tried = [UInt64](
      repeating: 0, count: (program.forkCount * (range.count + 1) + 63) / 64)
  }

  /// The matches, in order and without overlap; no empty one follows another match at once.
  mutating func matches() -> [Range<Int>] {
    var found: [Range<Int>] = []
    var position = start
    while position <= end {
      guard let matchEnd = matchEnd(from: position) else {
        position = after(position)
        continue
      }
      if matchEnd == position, found.last?.upperBound == position {
        position = after(position)
        continue
      }
      found.append(position..<matchEnd)
      forget(at: matchEnd)
      position = matchEnd
    }
    return found
  }

  private func after(_ position: Int) -> Int {
    position < end ? position + UTF8Text.scalar(bytes, at: position).width : position + 1
  }

  private mutating func matchEnd(from position: Int) -> Int? {
    run(from: 0, at: position, isBody: false)
  }

  /// Forgets what was tried where a match ended, since some of it did not fail.
  private mutating func forget(at position: Int) {
    for bit in ((position - start) * forkCount)..<((position - start + 1) * forkCount) {
      tried[bit >> 6] &= ~(1 << UInt64(bit & 63))
    }
  }

  private func bit(_ instruction: Int, _ position: Int) -> Int {
    (position - start) * forkCount + forkNumbers[instruction]
  }

  /// Whether a fork was tried.
  private func isMarked(_ instruction: Int, _ position: Int) -> Bool {
    let bit = bit(instruction, position)
    return tried[bit >> 6] & (1 << UInt64(bit & 63)) != 0
  }

  /// Marks a fork as tried, or returns false if it was.
  private mutating func mark(_ instruction: Int, _ position: Int, isBody: Bool) -> Bool {
    let bit = bit(instruction, position)
    let mask: UInt64 = 1 << UInt64(bit & 63)
    if tried[bit >> 6] & mask != 0 { return false }
    tried[bit >> 6] |= mask
    if isBody { marks.append(bit) }
    return true
  }

  /// The end of the first way to match from an instruction on, or nil if there is none.
  private mutating func run(from first: Int, at origin: Int, isBody: Bool) -> Int? {
    var alternatives: [(instruction: Int, position: Int)] = []
    var instruction = first
    var position = origin
    while true {
      var fails = false
      switch program[instruction] {
      case .accept: return position
      case .take(let set):
        if position < end {
          let (value, width) = UTF8Text.scalar(bytes, at: position)
          if sets[set].contains(value) { position += width } else { fails = true }
        } else {
          fails = true
        }
        instruction += 1
      case .takeAll(let set, let least):
        if let next = taken(set, least: least, from: position) {
          position = next
        } else {
          fails = true
        }
        instruction += 1
      case .fork(let preferred, let other):
        if mark(instruction, position, isBody: isBody) {
          alternatives.append((other, position))
          instruction = preferred
        } else {
          fails = true
        }
      case .jump(let target): instruction = target
      case .again(let fork, let exit):
        instruction = isMarked(fork, position) ? exit : fork
      case .check(let assertion):
        fails = !holds(assertion, at: position)
        instruction += 1
      case .look(let width, let isNegated, let target):
        let origin = place(width, before: position)
        let found = origin.map { body(instruction + 1, at: $0) != nil } ?? false
        fails = found == isNegated
        instruction = target
      case .once(let target):
        if let next = body(instruction + 1, at: position) { position = next } else { fails = true }
        instruction = target
      }
      if fails {
        guard let alternative = alternatives.popLast() else { return nil }
        (instruction, position) = alternative
      }
    }
  }

  /// Matches a body by itself.
  private mutating func body(_ first: Int, at position: Int) -> Int? {
    let count = marks.count
    let end = run(from: first, at: position, isBody: true)
    while marks.count > count, let bit = marks.popLast() {
      tried[bit >> 6] &= ~(1 << UInt64(bit & 63))
    }
    return end
  }

  private func taken(_ set: Int, least: Int, from start: Int) -> Int? {
    var position = start
    var count = 0
    while position < end {
      let (value, width) = UTF8Text.scalar(bytes, at: position)
      if !sets[set].contains(value) { break }
      position += width
      count += 1
    }
    return count < least ? nil : position
  }

  private func place(_ count: Int, before position: Int) -> Int? {
    var position = position
    for _ in 0..<count {
      if position <= start { return nil }
      position = UTF8Text.start(bytes, before: position)
    }
    return position
  }

  private func holds(_ assertion: RegexNode.Assertion, at position: Int) -> Bool {
    let isEnd = position == end
    switch assertion {
    case .textStart: return position == start
    case .textEnd: return isEnd
    case .lineStart: return position == start || (bytes[position - 1] == 0x0A && !isEnd)
    case .lineEnd: return isEnd || bytes[position] == 0x0A
    case .textEndOrLastNewline:
      return isEnd || (position == end - 1 && bytes[position] == 0x0A)
    case .wordBoundary, .noWordBoundary:
      let before = position > start && UTF8Text.scalar(bytes, before: position).isRegexWordScalar
      let after = !isEnd && UTF8Text.unicode(bytes, at: position).isRegexWordScalar
      return (before != after) == (assertion == .wordBoundary)
    }
  }
}
