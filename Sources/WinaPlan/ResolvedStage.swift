import WinaDiagnostics
import WinaPipeline
import WinaSpec

/// A stage of the spec in one cell: its type, its decoded parameters and what its ports take.
struct ResolvedStage: Sendable {
  let spec: StageSpec
  let type: AnyStage
  let prepared: PreparedStage
  /// The stages that each named or type-wired port takes.
  let inputs: [String: [String]]

  var wired: WiredStage {
    WiredStage(name: spec.name.value, kind: type.kind, params: prepared.params, inputs: inputs)
  }
}

/// Turns the stages of a cell into resolved stages, collecting everything that is wrong.
struct StageResolver {
  let registry: StageRegistry
  var diagnostics = DiagnosticSet()
  private var decoded: [String: [YAMLNode: PreparedStage]] = [:]

  init(registry: StageRegistry) { self.registry = registry }

  /// Resolves the stages of a cell; a stage with errors is left out.
  mutating func resolve(_ stages: [StageSpec]) -> [String: ResolvedStage] {
    let formats = Dictionary(
      stages.compactMap { stage in
        registry[stage.kind.value].map { (stage.name.value, $0.outputFormat) }
      }, uniquingKeysWith: { first, _ in first })
    var resolved: [String: ResolvedStage] = [:]
    for stage in stages {
      guard let type = registry[stage.kind.value] else {
        diagnostics.insert(PlanDiagnostics.unknownKind(stage.kind, known: registry.kinds))
        continue
      }
      let prepared = prepare(stage, type)
      let inputs = wire(stage, type, stages: stages, formats: formats)
      guard let prepared, let inputs else { continue }
      resolved[stage.name.value] = ResolvedStage(
        spec: stage, type: type, prepared: prepared, inputs: inputs)
    }
    return resolved
  }

  private mutating func prepare(_ stage: StageSpec, _ type: AnyStage) -> PreparedStage? {
    if let known = decoded[type.kind]?[stage.node] { return known }
    let source = NodeParamsSource(node: stage.node, owner: stage.name.range)
    var prepared: PreparedStage?
    var isFaulty = false
    do {
      prepared = try type.prepare(source)
    } catch let error as SpecError {
      diagnostics.insert(contentsOf: error.diagnostics)
      isFaulty = true
    } catch {
      diagnostics.insert(
        Diagnostic(id: "plan.params", "\(error)", at: stage.name.range))
      isFaulty = true
    }
    let known = source.knownKeys.union(type.namedPorts.map(\.name))
    let unknown = SpecDecoder.unknownKeys(in: stage.node, known: known)
    diagnostics.insert(contentsOf: unknown)
    let own = prepared?.problems ?? []
    // What a stage says of a value itself is more to the point.
    let ranges = type.parameters.flatMap { $0.rangeProblems(in: stage.node.json) }
      .filter { problem in !own.contains { $0.path.first == problem.path.first } }
    for problem in own + (prepared == nil ? [] : ranges) {
      diagnostics.insert(PlanDiagnostics.located(problem, id: "plan.parameter", in: stage))
      isFaulty = true
    }
    guard !isFaulty, unknown.isEmpty, let prepared else { return nil }
    decoded[type.kind, default: [:]][stage.node] = prepared
    return prepared
  }

  /// Finds what each port takes: the names written, or for a required port the only producer.
  private mutating func wire(
    _ stage: StageSpec, _ type: AnyStage, stages: [StageSpec], formats: [String: String]
  ) -> [String: [String]]? {
    var inputs: [String: [String]] = [:]
    var isFaulty = false
    for port in type.namedPorts {
      if let node = stage.node[port.name] {
        guard let names = names(node, port, stages: stages, formats: formats) else {
          isFaulty = true
          continue
        }
        inputs[port.name] = names
      } else if port.arity != .optional {
        let candidates = stages.filter {
          formats[$0.name.value] == port.format && $0.name.value != stage.name.value
        }
        if candidates.count == 1 {
          inputs[port.name] = [candidates[0].name.value]
        } else {
          isFaulty = true
          diagnostics.insert(
            candidates.isEmpty
              ? PlanDiagnostics.nothingToWire(
                port, stage: stage.name,
                kinds: registry.stages.filter { $0.outputFormat == port.format }.map(\.kind))
              : PlanDiagnostics.ambiguous(
                port, stage: stage.name, candidates: candidates.map(\.name)))
        }
      }
    }
    return isFaulty ? nil : inputs
  }

  private mutating func names(
    _ node: YAMLNode, _ port: Port, stages: [StageSpec], formats: [String: String]
  ) -> [String]? {
    let elements = node.sequence ?? [node]
    if node.sequence != nil, port.arity != .many {
      diagnostics.insert(PlanDiagnostics.tooManyStages(port.name, at: node.range))
      return nil
    }
    if node.isNull, port.arity == .optional { return [] }
    var names: [String] = []
    for element in elements {
      guard let text = element.string else {
        diagnostics.insert(PlanDiagnostics.notAStageName(port.name, at: element.range))
        return nil
      }
      let name = Located(text, at: element.range)
      guard let named = stages.first(where: { $0.name.value == text }) else {
        diagnostics.insert(
          PlanDiagnostics.unknownStage(name, known: stages.map(\.name.value)))
        return nil
      }
      guard let format = formats[text] else { return nil }
      guard format == port.format else {
        diagnostics.insert(
          PlanDiagnostics.wrongFormat(
            port, stage: name, declared: named.name.range, format: format,
            candidates: stages.map(\.name.value).filter { formats[$0] == port.format }))
        return nil
      }
      names.append(text)
    }
    return names
  }
}

extension PlanDiagnostics {
  /// Places a problem that a stage type found at the value that it speaks of.
  static func located(
    _ problem: ParameterProblem, id: String, in stage: StageSpec
  ) -> Diagnostic {
    let diagnostic = Diagnostic(
      id: id, problem.message, help: problem.help, path: problem.path)
    return SpecDecoder.locate(diagnostic, in: stage.node, at: stage.name.range)
  }
}
