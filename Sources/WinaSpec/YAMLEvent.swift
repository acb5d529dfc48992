/// One step of walking through a YAML document.
struct YAMLEvent {
  /// What the walk meets.
  enum Kind {
    case documentStart
    case documentEnd
    case alias(String)
    case scalar(text: String, style: YAMLScalar.Style, tag: String?, anchor: String?)
    case sequenceStart(tag: String?, anchor: String?)
    case sequenceEnd
    case mappingStart(tag: String?, anchor: String?)
    case mappingEnd
  }

  /// What the walk meets.
  let kind: Kind

  /// Where, counted in Unicode scalars from the start of the text.
  let scalars: Range<Int>
}

/// Text that is not YAML.
struct YAMLSyntaxFault: Error {
  /// A place in the text.
  enum Place {
    /// So many Unicode scalars from the start.
    case scalar(Int)
    /// So many bytes from the start.
    case byte(Int)
  }

  /// What is wrong, in the words of libyaml.
  let problem: String

  /// Where it was noticed.
  let place: Place

  /// What libyaml was reading, in its words, and where that began.
  let context: (text: String, scalar: Int)?
}
