import WinaTensor

extension DecoderPass {
  /// Multiplies a stream with its panel, each part as its gates say.
  ///
  /// Parts whose gates divide the projections alike go through the weights together.
  mutating func multiplyGated(
    _ panel: WeightPanel, _ stream: ActivationStream, _ index: Int, _ input: [Float],
    into output: inout [Float]
  ) {
    let structures = parts.compactMap { part in
      part.gates.map { $0.layers[index].streams[stream.index].map(\.projections) }
    }
    let isAlike = structures.allSatisfy { $0 == structures.first }
    let isPacked = parts.contains { part in
      part.gates?.layers[index].streams[stream.index].contains { $0.packedInputs != nil } ?? false
    }
    // Packed weights serve the rows of all parts at once where these have the very same gates.
    let first = parts.first?.gates?.identity
    let isOne = first != nil && parts.allSatisfy { $0.gates?.identity === first }
    if isAlike, !isPacked || isOne {
      multiply(Array(parts.indices), 0..<rows, panel, stream, index, input, into: &output)
    } else {
      for part in parts.indices {
        multiply([part], parts[part].rows, panel, stream, index, input, into: &output)
      }
    }
  }

  /// Multiplies neighbouring parts of which those with gates divide the projections alike.
  private mutating func multiply(
    _ members: [Int], _ span: Range<Int>, _ panel: WeightPanel, _ stream: ActivationStream,
    _ index: Int, _ input: [Float], into output: inout [Float]
  ) {
    let first = members.first { parts[$0].gates != nil }
    guard let first, let groups = parts[first].gates?.layers[index].streams[stream.index] else {
      multiply(input, span, panel, 0..<panel.outputs, into: &output)
      return
    }
    for (number, group) in groups.enumerated() {
      if let inputs = group.packedInputs {
        multiplyPacked(members, group, inputs, panel, index, input, into: &output)
        continue
      }
      // A single row skips what its gate drops.
      if span.count == 1, isMasked(members, number, stream, index), parts[first].gatedRows == 1,
        parts[first].execution == .execute
      {
        multiplyKept(first, group, span.lowerBound, panel, index, input, into: &output)
        continue
      }
      let hasGate = members.contains { self.group($0, number, stream, index)?.gate != nil }
      if hasGate { workspace.prepareMasked(rows * panel.inputs) }
      for member in members {
        if hasGate {
          mask(member, number, panel, stream, index, input)
        } else if parts[member].gates != nil {
          count(member, group, UInt64(parts[member].gatedRows * panel.inputs), index)
        }
      }
      workspace.lap(.gate)
      for run in group.runs {
        multiply(hasGate ? workspace.masked : input, span, panel, run.outputs, into: &output)
      }
      for member in members { addBias(member, number, panel, stream, index, to: &output) }
    }
  }

  /// The gate of a part for a group of projections.
  private func group(
    _ member: Int, _ number: Int, _ stream: ActivationStream, _ index: Int
  ) -> PreparedGates.Group? {
    parts[member].gates?.layers[index].streams[stream.index][number]
  }

  /// Whether a group's input has zeros, from its own gate or, before down_proj, from CATS.
  private func isMasked(
    _ members: [Int], _ number: Int, _ stream: ActivationStream, _ index: Int
  ) -> Bool {
    members.contains {
      group($0, number, stream, index)?.gate != nil
        || (stream == .downInput && parts[$0].gates?.layers[index].cats != nil)
    }
  }

  /// Writes the rows of a part into the masked copy.
  private mutating func mask(
    _ member: Int, _ number: Int, _ panel: WeightPanel, _ stream: ActivationStream, _ index: Int,
    _ input: [Float]
  ) {
    let part = parts[member]
    let group = group(member, number, stream, index)
    let kept = Kernels.maskRows(
      input, columns: panel.inputs, rows: part.rows, firstGatedRow: part.firstGatedRow,
      rule: group?.gate?.rule, norms: group?.gate?.norms, mean: group?.gate?.mean,
      into: &workspace.masked)
    if let group { count(member, group, kept, index) }
  }

  private mutating func count(
    _ member: Int, _ group: PreparedGates.Group, _ kept: UInt64, _ index: Int
  ) {
    for projection in group.projections {
      parts[member].kept[index * Projection.allCases.count + projection.index] += kept
    }
  }

  /// Adds W·μ to the gated rows of a part.
  private func addBias(
    _ member: Int, _ number: Int, _ panel: WeightPanel, _ stream: ActivationStream, _ index: Int,
    to output: inout [Float]
  ) {
    let part = parts[member]
    guard let group = part.gates?.layers[index].streams[stream.index][number] else { return }
    for run in group.runs {
      guard let bias = run.bias else { continue }
      let gated = part.firstGatedRow..<part.rows.upperBound
      Kernels.addRow(bias, to: &output, panel.layout(gated, run.outputs))
    }
  }

  /// Multiplies some rows with some outputs of a panel; the results keep their places.
  private func multiply(
    _ input: [Float], _ span: Range<Int>, _ panel: WeightPanel, _ outputs: Range<Int>,
    into output: inout [Float]
  ) {
    workspace.engine.multiply(
      input,
      MatrixLayout(
        rows: span.count, columns: panel.inputs, offset: span.lowerBound * panel.inputs),
      panel.matrix, outputs: outputs, into: &output, panel.layout(span, outputs))
  }

  /// Multiplies a gated row, reading the weights of kept inputs alone.
  private mutating func multiplyKept(
    _ member: Int, _ group: PreparedGates.Group, _ row: Int, _ panel: WeightPanel, _ index: Int,
    _ input: [Float], into output: inout [Float]
  ) {
    let gate = group.gate
    let offset = row * panel.inputs
    if case .threshold(let threshold)? = gate?.rule {
      workspace.kept.compact(
        input, at: offset, width: panel.inputs, norms: gate?.norms, mean: gate?.mean,
        above: threshold)
      count(member, group, UInt64(workspace.kept.count), index)
    } else {
      workspace.prepareMasked(offset + panel.inputs)
      let kept = Kernels.maskRows(
        input, columns: panel.inputs, rows: row..<(row + 1), firstGatedRow: row,
        rule: gate?.rule, norms: gate?.norms, mean: gate?.mean, into: &workspace.masked)
      count(member, group, kept, index)
      workspace.kept.compactNonzero(workspace.masked, at: offset, width: panel.inputs)
    }
    workspace.lap(.gate)
    for run in group.runs {
      workspace.engine.multiply(
        workspace.kept, panel.matrix, outputs: run.outputs, into: &output,
        at: row * panel.outputs + run.outputs.lowerBound)
      guard let bias = run.bias else { continue }
      Kernels.addRow(bias, to: &output, panel.layout(row..<(row + 1), run.outputs))
    }
  }

  /// Multiplies parts with one packed static mask: gated rows read the packed weights alone.
  private mutating func multiplyPacked(
    _ members: [Int], _ group: PreparedGates.Group, _ inputs: [Int], _ panel: WeightPanel,
    _ index: Int, _ input: [Float], into output: inout [Float]
  ) {
    let gated = members.map { parts[$0].firstGatedRow..<parts[$0].rows.upperBound }
    let rows = gated.reduce(0) { $0 + $1.count }
    workspace.prepareMasked(rows * inputs.count)
    var row = 0
    for (member, range) in zip(members, gated) {
      Kernels.gatherColumns(
        input, columns: panel.inputs, rows: range, inputs, minus: group.gate?.mean,
        into: &workspace.masked, atRow: row)
      row += range.count
      count(member, group, UInt64(range.count * inputs.count), index)
    }
    workspace.lap(.gate)
    for run in group.runs {
      for member in members {
        let dense = parts[member].rows.lowerBound..<parts[member].firstGatedRow
        multiply(input, dense, panel, run.outputs, into: &output)
      }
      guard let packed = run.packed, rows > 0 else { continue }
      workspace.preparePacked(rows * packed.outputs)
      workspace.engine.multiply(
        workspace.masked, MatrixLayout(rows: rows, columns: inputs.count), packed,
        outputs: 0..<packed.outputs, into: &workspace.packed,
        MatrixLayout(rows: rows, columns: packed.outputs))
      var row = 0
      for range in gated {
        Kernels.scatterColumns(
          workspace.packed, from: row, run.packedOutputs, outputs: run.outputs, rows: range.count,
          into: &output, panel.layout(range, run.outputs))
        if let bias = run.bias {
          Kernels.addRow(bias, to: &output, panel.layout(range, run.outputs))
        }
        row += range.count
      }
    }
  }
}

extension WeightPanel {
  /// Where some rows and outputs of a product with the panel lie.
  func layout(_ rows: Range<Int>, _ outputs: Range<Int>) -> MatrixLayout {
    MatrixLayout(
      rows: rows.count, columns: outputs.count,
      offset: rows.lowerBound * self.outputs + outputs.lowerBound, stride: self.outputs)
  }
}
