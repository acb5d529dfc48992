import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// Searches allocations, layers side by side.
struct AllocationSearch {
  let model: LanguageModel
  let histograms: HistogramSet
  let score: ScoreMethod
  let samples: AllocationSamples
  /// The weights of each projection.
  let weights: [Double]
  let context: any StageContext

  private var layers: Int { model.configuration.layers }
  private var hidden: Int { model.configuration.hidden }

  // MARK: Greedy

  /// Searches every block step by step.
  func greedy(step: Double, end: Double, error: BlockError) throws -> AllocationArtifact {
    let search = try GreedySearch(weights: weights, step: step, end: end)
    let groups = histograms.groups.count
    let inputs = try (0..<groups).map { try LayerInputs(samples.search[$0], model) }
    let others = try (0..<groups).map { try LayerInputs(samples.heldOut[$0], model) }
    let found = try map(groups * layers) { index -> (GreedyPath, done: Int, whole: Int) in
      let (group, layer) = index.quotientAndRemainder(dividingBy: layers)
      return try greedy(
        search, error, group: group, layer: layer, inputs[group], others[group])
    }
    let paths = (0..<groups).map { group in
      (0..<layers).map { found[group * layers + $0].0 }
    }
    let (done, whole) = found.reduce((0, 0)) { ($0.0 + $1.done, $0.1 + $1.whole) }
    return AllocationArtifact(
      allocation: try allocation(.greedy(paths)),
      report: AllocationReport(
        samples: samples.search.map(\.count), heldOut: samples.heldOut.map(\.count),
        error: error.rawValue, reuse: done > 0 ? Double(whole) / Double(done) : nil))
  }

  private func greedy(
    _ search: GreedySearch, _ error: BlockError, group: Int, layer: Int, _ input: LayerInputs,
    _ other: LayerInputs
  ) throws -> (GreedyPath, done: Int, whole: Int) {
    let probe = try input.probe(model, layer)
    let dense = probe.output
    // Uniform and held-out errors have probes of their own, so that the search keeps its state.
    let uniform = try input.probe(model, layer)
    let check = try other.samples.isEmpty ? nil : other.probe(model, layer)
    let checkDense = check?.output ?? []
    func heldOut(_ gates: [Projection: ProjectionGate]) -> Double {
      guard let check else { return .nan }
      check.set(gates)
      return other.error(error, check.output, checkDense, width: hidden)
    }
    let path = try search.run { projection, sparsity in
      let projection = Projection.allCases[projection]
      let gate = try gate(projection, sparsity, group: group, layer: layer)
      return input.error(
        error, probe.output(with: gate, at: projection), dense, width: hidden)
    } accept: { projection, sparsities, found in
      try context.checkCancellation()
      let changed = Projection.allCases[projection]
      probe.set(
        try gate(changed, sparsities[projection], group: group, layer: layer), at: changed)
      let effective = search.effective(sparsities)
      let even = try gates(
        [Double](repeating: effective, count: sparsities.count), group: group, layer: layer)
      uniform.set(even)
      let chosen = try gates(sparsities, group: group, layer: layer)
      return GreedyPath.Row(
        effective: effective, error: found,
        uniformError: input.error(error, uniform.output, dense, width: hidden),
        heldOutError: heldOut(chosen), heldOutUniformError: heldOut(even),
        sparsities: sparsities)
    }
    return (path, probe.multiplications, probe.wholeMultiplications)
  }

  // MARK: Lagrangian

  /// Measures the error that every module causes by itself.
  func lagrangian(error: AllocateStage.CurveError) throws -> AllocationArtifact {
    let groups = histograms.groups.count
    let modules = layers * Projection.allCases.count
    let curves: [[ErrorCurve]]
    switch error {
    case .block:
      let inputs = try (0..<groups).map { try LayerInputs(samples.search[$0], model) }
      let found = try map(groups * layers) { index -> [ErrorCurve] in
        let (group, layer) = index.quotientAndRemainder(dividingBy: layers)
        return try blockCurves(group: group, layer: layer, inputs[group])
      }
      curves = (0..<groups).map { group in
        Array(found[(group * layers)..<((group + 1) * layers)].joined())
      }
    case .kl:
      curves = try (0..<groups).map { group in
        // Predictions of one group at a time: they are the size of the vocabulary.
        let references = try samples.search[group].map {
          try DensePrediction($0, model, keepsResiduals: true)
        }
        return try map(modules, after: group * modules, of: groups * modules) {
          try predictionCurve(group: group, module: $0, references)
        }
      }
    }
    let allocation = try allocation(.lagrangian(curves))
    return AllocationArtifact(
      allocation: allocation,
      report: AllocationReport(
        samples: samples.search.map(\.count), heldOut: samples.heldOut.map(\.count),
        error: error.rawValue, checks: try additivity(allocation, error)))
  }

  /// The squared relative error of a block's output with one projection sparse.
  private func blockCurves(group: Int, layer: Int, _ input: LayerInputs) throws -> [ErrorCurve] {
    let probe = try input.probe(model, layer)
    let dense = probe.output
    return try Projection.allCases.map { projection in
      try context.checkCancellation()
      return try ErrorCurve(
        ErrorCurve.grid.map { sparsity in
          guard sparsity > 0 else { return 0 }
          let gate = try gate(projection, sparsity, group: group, layer: layer)
          let error = input.error(
            .relative, probe.output(with: gate, at: projection), dense, width: hidden)
          return error * error
        })
    }
  }

  /// The mean divergence of predictions with one module sparse.
  private func predictionCurve(
    group: Int, module: Int, _ references: [DensePrediction]
  ) throws -> ErrorCurve {
    try context.checkCancellation()
    let (layer, index) = module.quotientAndRemainder(dividingBy: Projection.allCases.count)
    return try ErrorCurve(
      ErrorCurve.grid.map { sparsity in
        guard sparsity > 0 else { return 0 }
        var gates = ActivationGates(layers: layers)
        let projection = Projection.allCases[index]
        gates.projections[layer][projection] = try gate(
          projection, sparsity, group: group, layer: layer)
        return try divergence(gates, from: layer, references)
      })
  }

  private func divergence(
    _ gates: ActivationGates, from layer: Int = 0, _ references: [DensePrediction]
  ) throws -> Double {
    let prepared = try model.prepare(gates)
    let workspace = ForwardWorkspace()
    var (sum, rows) = (0.0, 0)
    for reference in references {
      let found = try reference.divergence(model, prepared, from: layer, workspace)
      sum += found.sum
      rows += found.rows
    }
    return rows == 0 ? 0 : sum / Double(rows)
  }

  /// Compares the sum of single errors with the joint one, at three sparsities, on held-out samples.
  private func additivity(
    _ allocation: Allocation, _ error: AllocateStage.CurveError
  ) throws -> [AllocationReport.Check] {
    guard case .lagrangian(let curves) = allocation.evidence,
      samples.heldOut.allSatisfy({ !$0.isEmpty })
    else { return [] }
    let targets = [0.25, 0.5, 0.65]
    let found = try histograms.groups.indices.map { group in
      let references = try samples.heldOut[group].map { try DensePrediction($0, model) }
      return try targets.map { target in
        let sparsities = try allocation.sparsities(group: group, target: target)
        var all = ActivationGates(layers: layers)
        var even = ActivationGates(layers: layers)
        var predicted = 0.0
        for layer in 0..<layers {
          all.projections[layer] = try gates(sparsities[layer], group: group, layer: layer)
          even.projections[layer] = try gates(
            weights.map { _ in target }, group: group, layer: layer)
          for (index, sparsity) in sparsities[layer].enumerated() {
            predicted += curves[group][layer * weights.count + index].value(at: sparsity)
          }
        }
        return AllocationReport.Check(
          group: group, sparsity: target, predicted: error == .kl ? predicted : nil,
          joint: try divergence(all, references),
          uniform: try divergence(even, references))
      }
    }
    return targets.indices.flatMap { target in found.map { $0[target] } }
  }

  // MARK: Parts

  private func allocation(_ evidence: Allocation.Evidence) throws -> Allocation {
    try Allocation(
      evidence: evidence, groups: histograms.groups, layers: layers, weights: weights)
  }

  private func gates(
    _ sparsities: [Double], group: Int, layer: Int
  ) throws -> [Projection: ProjectionGate] {
    var gates: [Projection: ProjectionGate] = [:]
    for (projection, sparsity) in zip(Projection.allCases, sparsities) where sparsity > 0 {
      gates[projection] = try gate(projection, sparsity, group: group, layer: layer)
    }
    return gates
  }

  private func gate(
    _ projection: Projection, _ sparsity: Double, group: Int, layer: Int
  ) throws -> ProjectionGate? {
    guard let slot = score.slot(for: projection) else { return nil }
    let threshold = try histograms.quantile(
      group: histograms.isGrouped && histograms.tokens[group] > 0 ? group : nil, layer: layer,
      slot: slot, sparsity)
    return ProjectionGate(
      rule: .threshold(Float(threshold)), norms: model.columnNorms(layer: layer, of: slot))
  }

  /// Computes values side by side; the result does not depend on how many threads there are.
  private func map<Value: Sendable>(
    _ count: Int, after done: Int = 0, of total: Int? = nil,
    _ value: @Sendable (Int) throws -> Value
  ) throws -> [Value] {
    try concurrentMap(
      count, threads: context.threads,
      progress: { context.progress(done + $0, of: total ?? count) }, value)
  }
}
