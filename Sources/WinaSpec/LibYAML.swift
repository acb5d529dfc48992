import CLibYAML

/// The one place that calls libyaml.
///
/// libyaml splits a text into events with marks; everything that gives them meaning (schema, anchors,
/// merge keys, limits) is ours.
enum LibYAML {
  /// Walks through `bytes`, which must be UTF-8, until its end or until `visit` returns `false`.
  ///
  /// - Throws: ``YAMLSyntaxFault`` at the first place that is not YAML.
  /// - Complexity: O(n); holds one event at a time.
  static func walk(
    _ bytes: ArraySlice<UInt8>, visit: (YAMLEvent) -> Bool
  ) throws(YAMLSyntaxFault) {
    let fault = bytes.withUnsafeBufferPointer { text -> YAMLSyntaxFault? in
      let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
      defer { parser.deallocate() }
      guard yaml_parser_initialize(parser) == 1 else {
        return YAMLSyntaxFault(problem: "out of memory", place: .byte(0), context: nil)
      }
      defer { yaml_parser_delete(parser) }
      yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(parser, text.baseAddress, text.count)
      return walk(parser, visit: visit)
    }
    if let fault { throw fault }
  }

  private static func walk(
    _ parser: UnsafeMutablePointer<yaml_parser_t>, visit: (YAMLEvent) -> Bool
  ) -> YAMLSyntaxFault? {
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(parser, &event) == 1 else { return fault(of: parser.pointee) }
      defer { yaml_event_delete(&event) }
      if event.type == YAML_STREAM_END_EVENT || event.type == YAML_NO_EVENT { return nil }
      guard let kind = kind(of: event) else { continue }
      let start = event.start_mark.index
      let scalars = start..<max(start, event.end_mark.index)
      if !visit(YAMLEvent(kind: kind, scalars: scalars)) { return nil }
    }
  }

  private static func kind(of event: yaml_event_t) -> YAMLEvent.Kind? {
    switch event.type {
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      return .scalar(
        text: String(decoding: bytes, as: UTF8.self), style: style(scalar.style),
        tag: text(scalar.tag), anchor: text(scalar.anchor))
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      return .sequenceStart(tag: text(start.tag), anchor: text(start.anchor))
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      return .mappingStart(tag: text(start.tag), anchor: text(start.anchor))
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    default: return nil
    }
  }

  private static func style(_ style: yaml_scalar_style_t) -> YAMLScalar.Style {
    switch style {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: .single
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .double
    case YAML_LITERAL_SCALAR_STYLE: .literal
    case YAML_FOLDED_SCALAR_STYLE: .folded
    default: .plain
    }
  }

  private static func fault(of parser: yaml_parser_t) -> YAMLSyntaxFault {
    let problem = parser.problem.map { String(cString: $0) } ?? "out of memory"
    if parser.error == YAML_READER_ERROR {
      return YAMLSyntaxFault(
        problem: problem, place: .byte(parser.problem_offset), context: nil)
    }
    let context = parser.context.map {
      (text: String(cString: $0), scalar: parser.context_mark.index)
    }
    return YAMLSyntaxFault(
      problem: problem, place: .scalar(parser.problem_mark.index), context: context)
  }

  private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(cString: $0) }
  }
}
