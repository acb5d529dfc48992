import WinaDiagnostics

extension DataSpec {
  /// The keys of the part as they are written.
  private struct Written: Decodable {
    let suite: Located<String>?
    let tasks: Located<[Located<String>]>?
    let path: Located<String>?
    let documents: OrderedMap<Located<String>>?
    let samples: Samples?
    let definitions: Located<String>?
    let stripDescription: Located<Bool>?
    let limit: Located<Int>?
    let splits: OrderedMap<Located<Double>>?
    let splitSeed: Located<Int>?
    let routeTokens: Located<Int>?

    enum CodingKeys: String, CodingKey {
      case suite, tasks, path, documents, samples, definitions, limit, splits
      case stripDescription = "strip_description"
      case splitSeed = "split_seed"
      case routeTokens = "route_tokens"
    }
  }

  /// One path or several.
  private struct Samples: Decodable {
    let paths: [Located<String>]

    init(from decoder: any Decoder) throws {
      let node = try YAMLNode(from: decoder)
      paths =
        node.sequence == nil
        ? [try Located<String>(from: decoder)] : try [Located<String>](from: decoder)
    }
  }

  /// Reads the `data` part, references resolved.
  static func read(
    _ node: YAMLNode, at owner: SourceRange
  ) -> (data: DataSpec?, diagnostics: [Diagnostic]) {
    let decoded = SpecDecoder().decode(
      Written.self, from: node, at: owner, unknownKeys: .ignored)
    var diagnostics = DiagnosticSet()
    diagnostics.insert(contentsOf: decoded.diagnostics)
    diagnostics.insert(contentsOf: SpecDecoder.unknownKeys(in: node, known: decoded.keys))
    guard let written = decoded.value else { return (nil, diagnostics.sorted) }
    let source = source(written, node, owner, &diagnostics)
    let splits = splits(written, node, &diagnostics)
    for (name, value) in [("limit", written.limit), ("route_tokens", written.routeTokens)] {
      if let value, value.value < 1 { diagnostics.insert(.notPositive(name, value)) }
    }
    guard let source, !diagnostics.hasErrors else { return (nil, diagnostics.sorted) }
    let data = DataSpec(
      source: source, splits: splits, splitSeed: written.splitSeed, limit: written.limit,
      routeTokens: written.routeTokens, definitions: written.definitions,
      stripDescription: written.stripDescription, range: node.range)
    return (data, diagnostics.sorted)
  }

  private static func source(
    _ written: Written, _ node: YAMLNode, _ owner: SourceRange, _ diagnostics: inout DiagnosticSet
  ) -> Source? {
    let keys = (node.mapping?.entries ?? []).filter {
      ["suite", "tasks", "documents", "samples"].contains($0.key.value) && !$0.value.isNull
    }
    guard keys.count == 1 else {
      diagnostics.insert(.dataSource(keys.map(\.key), in: owner))
      return nil
    }
    if written.tasks == nil {
      for key in ["path", "definitions", "strip_description"] {
        guard let entry = node.mapping?.entry(key), !entry.value.isNull else { continue }
        diagnostics.insert(.withoutTasks(key, at: entry.key.range))
      }
    }
    let name = keys[0].key.value
    if let suite = written.suite {
      if suite.value.isEmpty { diagnostics.insert(.emptySource(name, at: keys[0].value.range)) }
      return .suite(suite)
    }
    if let tasks = written.tasks {
      if tasks.value.isEmpty { diagnostics.insert(.emptySource(name, at: keys[0].value.range)) }
      guard let path = written.path else {
        diagnostics.insert(.missingKey("path", in: owner))
        return nil
      }
      return .tasks(tasks.value, path: path)
    }
    if let samples = written.samples {
      if samples.paths.isEmpty { diagnostics.insert(.emptySource(name, at: keys[0].value.range)) }
      return .samples(samples.paths)
    }
    let entries = node["documents"]?.mapping?.entries ?? []
    if entries.isEmpty { diagnostics.insert(.emptySource(name, at: keys[0].value.range)) }
    return .documents(
      entries.map { entry in
        Document(
          label: entry.key, path: Located(entry.value.string ?? "", at: entry.value.range))
      })
  }

  private static func splits(
    _ written: Written, _ node: YAMLNode, _ diagnostics: inout DiagnosticSet
  ) -> [Fraction] {
    guard let shares = written.splits, let places = node["splits"] else { return [] }
    let known = Split.allCases.map(\.rawValue)
    var fractions: [Fraction] = []
    for (name, share) in shares {
      guard let split = Split(rawValue: name) else {
        let key = places.mapping?.entry(name)?.key ?? Located(name, at: places.range)
        diagnostics.insert(.unknownSplit(key, known: known))
        continue
      }
      if !(0...1).contains(share.value) {
        diagnostics.insert(.shareOutOfRange(share, of: name))
      }
      let place = places.mapping?.entry(name)?.key.range
      fractions.append(Fraction(split: Located(split, at: place), share: share))
    }
    let isSound =
      fractions.count == shares.count && fractions.allSatisfy { (0...1).contains($0.share.value) }
    let sum = shares.values.reduce(0) { $0 + $1.value }
    if isSound, abs(sum - 1) > 1e-6 {
      diagnostics.insert(.shareSum(sum, at: places.range))
    }
    return fractions
  }
}
