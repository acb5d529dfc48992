import WinaTensor

/// Keys and values of the positions that a sequence has so far, per layer.
final class KeyValueCache {
  /// Shape [positions, K·E] a layer.
  fileprivate(set) var keys: [[Float]]
  /// Shape [positions, K·E] a layer.
  fileprivate(set) var values: [[Float]]

  init(layers: Int) {
    keys = Array(repeating: [], count: layers)
    values = keys
  }
}

extension LlamaPass {
  private var headSize: Int { configuration.headSize }
  private var queryWidth: Int { configuration.heads * headSize }
  private var keyWidth: Int { configuration.keyValueHeads * headSize }
  private var stride: Int { queryWidth + 2 * keyWidth }
  private var scale: Float { 1 / Float(headSize).squareRoot() }
  /// The query heads that share a key and value head.
  private var groupSize: Int { configuration.heads / configuration.keyValueHeads }

  /// Turns queries, keys and values of the workspace into the heads' outputs.
  func attend(layer: Int) {
    // Columns of a row: queries, values, keys.
    let parts = [(0, queryWidth), (queryWidth + keyWidth, keyWidth)]
    for (offset, width) in parts {
      Kernels.rope(
        &workspace.attention,
        MatrixLayout(rows: rows, columns: width, offset: offset, stride: stride), size: headSize,
        cosines: workspace.cosines, sines: workspace.sines, firstAngle: firstPosition)
    }
    if let cache {
      attendCached(cache, layer: layer)
    } else {
      for head in 0..<configuration.heads { attendSequence(head) }
    }
  }

  /// Causal attention of one head over the rows of the pass, in blocks of rows.
  private func attendSequence(_ head: Int) {
    let shared = head / groupSize * headSize
    for start in Swift.stride(from: 0, to: rows, by: AttentionBlock.rows) {
      let count = min(AttentionBlock.rows, rows - start)
      let seen = start + count
      let scores = MatrixLayout(rows: count, columns: seen)
      BLAS.multiplyTransposed(
        workspace.attention,
        MatrixLayout(
          rows: count, columns: headSize, offset: start * stride + head * headSize, stride: stride),
        workspace.attention,
        MatrixLayout(
          rows: seen, columns: headSize, offset: queryWidth + keyWidth + shared, stride: stride),
        into: &workspace.scores, scores)
      Kernels.causalSoftmax(&workspace.scores, scores, first: start + 1, scale: scale)
      BLAS.multiply(
        workspace.scores, scores, workspace.attention,
        MatrixLayout(rows: seen, columns: headSize, offset: queryWidth + shared, stride: stride),
        into: &workspace.attended,
        MatrixLayout(
          rows: count, columns: headSize, offset: start * queryWidth + head * headSize,
          stride: queryWidth))
    }
  }

  /// Attention of a single row over all positions so far, itself included.
  private func attendCached(_ cache: KeyValueCache, layer: Int) {
    precondition(rows == 1, "a cache grows row by row")
    let valueStart = queryWidth
    let keyStart = queryWidth + keyWidth
    cache.values[layer].append(contentsOf: workspace.attention[valueStart..<keyStart])
    cache.keys[layer].append(contentsOf: workspace.attention[keyStart..<stride])
    let seen = firstPosition + 1
    let scores = MatrixLayout(rows: groupSize, columns: seen)
    for head in 0..<configuration.keyValueHeads {
      let first = head * groupSize * headSize
      let group = MatrixLayout(rows: groupSize, columns: headSize, offset: first)
      let shared = MatrixLayout(
        rows: seen, columns: headSize, offset: head * headSize, stride: keyWidth)
      BLAS.multiplyTransposed(
        workspace.attention, group, cache.keys[layer], shared, into: &workspace.scores, scores)
      Kernels.causalSoftmax(&workspace.scores, scores, first: seen, scale: scale)
      BLAS.multiply(
        workspace.scores, scores, cache.values[layer], shared, into: &workspace.attended, group)
    }
  }
}
