import WinaTensor

extension DecoderPass {
  private var headSize: Int { configuration.headSize }
  private var queryWidth: Int { configuration.heads * headSize }
  private var keyWidth: Int { configuration.keyValueHeads * headSize }
  private var stride: Int { queryWidth + 2 * keyWidth }

  /// Turns queries, keys and values of the workspace into the heads' outputs.
  func attend(_ layer: DecoderLayer, _ index: Int) {
    if let norms = layer.headNorms {
      norm(columns(queryWidth, at: 0, 0..<rows), norms.query)
      norm(columns(keyWidth, at: queryWidth + keyWidth, 0..<rows), norms.key)
    }
    for part in parts { attend(part, index) }
  }

  /// Where some columns of queries, values and keys lie.
  private func columns(_ width: Int, at column: Int, _ rows: Range<Int>) -> MatrixLayout {
    MatrixLayout(
      rows: rows.count, columns: width, offset: rows.lowerBound * stride + column, stride: stride)
  }

  private func norm(_ layout: MatrixLayout, _ weight: [Float]) {
    Kernels.rmsNormHeads(
      &workspace.attention, layout, weight: weight, epsilon: configuration.normEpsilon)
  }

  private func attend(_ part: Part, _ index: Int) {
    // Columns of a row: queries, values, keys.
    let queries = columns(queryWidth, at: 0, part.rows)
    let values = columns(keyWidth, at: queryWidth, part.rows)
    let keys = columns(keyWidth, at: queryWidth + keyWidth, part.rows)
    for layout in [queries, keys] {
      workspace.engine.rope(
        &workspace.attention, layout, size: headSize, rotated: configuration.rope.width,
        cosines: workspace.cosines, sines: workspace.sines, firstAngle: part.firstPosition)
    }
    let block = part.cache?.own(index) ?? workspace.emptyBlock(configuration)
    block.append(
      workspace.attention, keys: keys, values: values, engine: workspace.engine)
    workspace.engine.attend(
      workspace.attention,
      AttentionRows(
        queries: queries,
        outputs: MatrixLayout(
          rows: part.rows.count, columns: queryWidth, offset: part.rows.lowerBound * queryWidth),
        firstPosition: part.firstPosition, window: configuration.windows[index],
        scale: 1 / Float(headSize).squareRoot()),
      part.cache?.blocks(index) ?? [block], into: &workspace.attended)
  }
}
