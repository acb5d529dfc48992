import WinaDiagnostics

/// Builds the tree of one document from events.
struct YAMLComposer {
  /// A collection whose end has not come yet.
  private struct Frame {
    var kind: Kind
    let range: Range<Int>
    let anchor: String?
    let expandedBefore: Int
    var height = 0

    enum Kind {
      case sequence([YAMLNode])
      case mapping(MappingBuilder)
    }
  }

  /// A value that aliases may refer to.
  private struct Anchor {
    let node: YAMLNode
    let size: Int
    let height: Int
  }

  /// The value of the document, once it is complete.
  private(set) var root: YAMLNode?

  /// Everything noticed.
  private(set) var diagnostics = DiagnosticSet()

  private let source: SourceFile
  private let offsets: ScalarOffsets
  private let limits: YAMLLimits
  private var frames: [Frame] = []
  private var anchors: [String: Anchor] = [:]
  private var expanded = 0
  private var documents = 0

  init(source: SourceFile, text: ArraySlice<UInt8>, limits: YAMLLimits) {
    self.source = source
    self.limits = limits
    offsets = ScalarOffsets(text)
  }

  /// Takes the next event; returns whether to go on.
  mutating func accept(_ event: YAMLEvent) -> Bool {
    let range = range(event.scalars)
    switch event.kind {
    case .documentStart:
      documents += 1
      if documents == 1 { return true }
      diagnostics.insert(.severalDocuments(SourceRange(file: source, range)))
      return false
    case .documentEnd: return true
    case .alias(let name): return alias(name, at: range)
    case .scalar(let text, let style, let tag, let anchor):
      expanded += YAMLLimits.weight(ofText: text.utf8.count)
      let place = SourceRange(file: source, range)
      let value = value(of: text, style, tag: tag, at: place)
      let scalar = YAMLScalar(text: text, style: style, value: value)
      return complete(
        YAMLNode(.scalar(scalar), at: place), size: YAMLLimits.weight(ofText: text.utf8.count),
        height: 0, anchor: anchor)
    case .sequenceStart(let tag, let anchor):
      check(tag, is: "seq", at: range)
      return open(.sequence([]), at: range, anchor: anchor)
    case .mappingStart(let tag, let anchor):
      check(tag, is: "map", at: range)
      return open(.mapping(MappingBuilder()), at: range, anchor: anchor)
    case .sequenceEnd, .mappingEnd: return close(at: range)
    }
  }

  /// Reports text that is not YAML.
  mutating func report(_ fault: YAMLSyntaxFault) {
    let offset =
      switch fault.place {
      case .scalar(let index): offsets.offset(ofScalar: index)
      case .byte(let index): offsets.offset(ofByte: index)
      }
    let context = fault.context.map {
      (text: $0.text, range: character(at: offsets.offset(ofScalar: $0.scalar)))
    }
    diagnostics.insert(
      .syntax(fault.problem, at: character(at: offset), context: context))
  }

  private mutating func open(_ kind: Frame.Kind, at range: Range<Int>, anchor: String?) -> Bool {
    frames.append(Frame(kind: kind, range: range, anchor: anchor, expandedBefore: expanded))
    expanded += 1
    return isWithinLimits(at: range, height: 0)
  }

  private mutating func close(at end: Range<Int>) -> Bool {
    guard let frame = frames.popLast() else { return false }
    let content: YAMLNode.Content
    var last = end.upperBound
    switch frame.kind {
    case .sequence(let elements):
      content = .sequence(elements)
      if end.isEmpty { last = elements.last.map(\.range.offsets.upperBound) ?? last }
    case .mapping(let builder):
      content = .mapping(builder.mapping())
      if end.isEmpty { last = builder.end ?? last }
    }
    let range = trimmed(frame.range.lowerBound..<max(last, frame.range.upperBound))
    return complete(
      YAMLNode(content, at: SourceRange(file: source, range)),
      size: expanded - frame.expandedBefore, height: frame.height + 1, anchor: frame.anchor)
  }

  private mutating func alias(_ name: String, at range: Range<Int>) -> Bool {
    let place = SourceRange(file: source, range)
    guard let anchor = anchors[name] else {
      if let frame = frames.last(where: { $0.anchor == name }) {
        let opening = SourceRange(file: source, frame.range)
        diagnostics.insert(.recursiveAnchor(name, at: place, opened: opening))
      } else {
        diagnostics.insert(.unknownAnchor(name, at: place, known: anchors.keys.sorted()))
      }
      let null = YAMLScalar(text: "", style: .plain, value: .null)
      return complete(YAMLNode(.scalar(null), at: place), size: 1, height: 0, anchor: nil)
    }
    expanded += anchor.size
    guard isWithinLimits(at: range, height: anchor.height) else { return false }
    return complete(anchor.node, size: anchor.size, height: anchor.height, anchor: nil)
  }

  /// Hands a complete value to the collection it belongs to.
  private mutating func complete(
    _ node: YAMLNode, size: Int, height: Int, anchor: String?
  ) -> Bool {
    guard isWithinLimits(at: node.range.offsets, height: 0) else { return false }
    if let anchor { anchors[anchor] = Anchor(node: node, size: size, height: height) }
    guard var frame = frames.popLast() else {
      root = node
      return true
    }
    frame.height = max(frame.height, height)
    switch frame.kind {
    case .sequence(var elements):
      frame.kind = .sequence([])
      elements.append(node)
      frame.kind = .sequence(elements)
    case .mapping(var builder):
      frame.kind = .sequence([])
      builder.accept(node, &diagnostics)
      frame.kind = .mapping(builder)
    }
    frames.append(frame)
    return true
  }

  private mutating func isWithinLimits(at range: Range<Int>, height: Int) -> Bool {
    let place = SourceRange(file: source, range)
    if frames.count + height > limits.maximumDepth {
      diagnostics.insert(.tooDeep(place, limit: limits.maximumDepth))
      return false
    }
    if expanded > limits.maximumNodes {
      diagnostics.insert(.tooManyValues(place, limit: limits.maximumNodes))
      return false
    }
    return true
  }

  private mutating func value(
    of text: String, _ style: YAMLScalar.Style, tag: String?, at place: SourceRange
  ) -> YAMLScalar.Value {
    if tag == "!" || (tag == nil && style != .plain) { return .string(text) }
    guard let tag else {
      switch CoreSchema.resolve(text) {
      case .value(let value): return value
      case .integerOutOfRange:
        diagnostics.insert(.integerOutOfRange(text, at: place))
        return .int(0)
      }
    }
    guard let type = coreType(tag) else {
      diagnostics.insert(.unknownTag(tag, at: place))
      return .string(text)
    }
    if type == "str" { return .string(text) }
    if case .value(let value) = CoreSchema.resolve(text) {
      switch (type, value) {
      case ("null", .null), ("bool", .bool), ("int", .int), ("float", .double): return value
      case ("float", .int(let whole)): return .double(Double(whole))
      default: break
      }
    }
    diagnostics.insert(.tagMismatch(type, text, at: place))
    return .string(text)
  }

  private mutating func check(_ tag: String?, is type: String, at range: Range<Int>) {
    guard let tag, tag != "!", coreType(tag) != type else { return }
    diagnostics.insert(.unknownTag(tag, at: SourceRange(file: source, range)))
  }

  private func coreType(_ tag: String) -> String? {
    let prefix = "tag:yaml.org,2002:"
    guard tag.hasPrefix(prefix) else { return nil }
    let type = String(tag.dropFirst(prefix.count))
    return ["str", "null", "bool", "int", "float", "seq", "map"].contains(type) ? type : nil
  }

  private func range(_ scalars: Range<Int>) -> Range<Int> {
    let start = offsets.offset(ofScalar: scalars.lowerBound)
    return trimmed(start..<max(start, offsets.offset(ofScalar: scalars.upperBound)))
  }

  /// Returns the range of one character, or the empty range at the end of the file.
  private func character(at offset: Int) -> SourceRange {
    var end = offset
    if end < source.bytes.count, source.bytes[end] != UInt8(ascii: "\n") {
      repeat { end += 1 } while end < source.bytes.count && source.bytes[end] & 0xC0 == 0x80
    }
    return SourceRange(file: source, offset..<end)
  }

  /// Drops blanks and line breaks from the end of a range; libyaml counts them in for blocks.
  private func trimmed(_ range: Range<Int>) -> Range<Int> {
    var end = range.upperBound
    while end > range.lowerBound, [0x20, 0x09, 0x0A, 0x0D].contains(source.bytes[end - 1]) {
      end -= 1
    }
    return range.lowerBound..<end
  }
}
