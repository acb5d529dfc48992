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
    if isAlike, !isPacked {
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
      if members.count == 1, let inputs = group.packedInputs {
        multiplyPacked(first, group, inputs, panel, index, input, into: &output)
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
    for run in group.runs {
      workspace.engine.multiply(
        workspace.kept, panel.matrix, outputs: run.outputs, into: &output,
        at: row * panel.outputs + run.outputs.lowerBound)
      guard let bias = run.bias else { continue }
      Kernels.addRow(bias, to: &output, panel.layout(row..<(row + 1), run.outputs))
    }
  }

  /// Multiplies a part whose static mask was packed: gated rows read the packed weights alone.
  private mutating func multiplyPacked(
    _ member: Int, _ group: PreparedGates.Group, _ inputs: [Int], _ panel: WeightPanel,
    _ index: Int, _ input: [Float], into output: inout [Float]
  ) {
    let part = parts[member]
    let dense = part.rows.lowerBound..<part.firstGatedRow
    let gated = part.firstGatedRow..<part.rows.upperBound
    workspace.prepareMasked(gated.count * inputs.count)
    Kernels.gatherColumns(
      input, columns: panel.inputs, rows: gated, inputs, minus: group.gate?.mean,
      into: &workspace.masked)
    count(member, group, UInt64(gated.count * inputs.count), index)
    for run in group.runs {
      multiply(input, dense, panel, run.outputs, into: &output)
      guard let packed = run.packed, !gated.isEmpty else { continue }
      let layout = MatrixLayout(rows: gated.count, columns: inputs.count)
      if let outputs = run.packedOutputs {
        workspace.preparePacked(gated.count * packed.outputs)
        workspace.engine.multiply(
          workspace.masked, layout, packed, outputs: 0..<packed.outputs, into: &workspace.packed,
          MatrixLayout(rows: gated.count, columns: packed.outputs))
        Kernels.scatterColumns(
          workspace.packed, outputs, rows: gated.count, into: &output,
          panel.layout(gated, run.outputs), firstColumn: run.outputs.lowerBound)
      } else {
        workspace.engine.multiply(
          workspace.masked, layout, packed, outputs: 0..<packed.outputs, into: &output,
          panel.layout(gated, run.outputs))
      }
      if let bias = run.bias {
        Kernels.addRow(bias, to: &output, panel.layout(gated, run.outputs))
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
