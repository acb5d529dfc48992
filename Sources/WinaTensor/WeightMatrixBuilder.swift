import CWinaKernels

/// Puts tensors of a checkpoint, [outputs, inputs], side by side into one ``WeightMatrix``.
public struct WeightMatrixBuilder: ~Copyable {
  private let matrix: WeightMatrix

  /// Starts a matrix of zeros.
  public init(inputs: Int, outputs: Int, type: WeightType) {
    matrix = WeightMatrix(inputs: inputs, outputs: outputs, type: type)
  }

  /// Copies some rows of a tensor to the outputs from `output` on, and gives back the tensor's pages.
  ///
  /// Cost: one read and one write of every weight.
  ///
  /// - Precondition: The tensor is a matrix of weights with the builder's inputs, and there is room.
  public mutating func place(_ tensor: Tensor, rows: Range<Int>, at output: Int) {
    guard let source = WeightType(tensor.elementType), tensor.shape.count == 2 else {
      preconditionFailure("a matrix of weights")
    }
    let inputs = matrix.inputs
    precondition(tensor.shape[1] == inputs && rows.upperBound <= tensor.shape[0])
    precondition(rows.lowerBound >= 0 && output >= 0 && output + rows.count <= matrix.outputs)
    tensor.withAlignedBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      let first = start + rows.lowerBound * inputs * source.byteCount
      if source == matrix.type {
        transpose(first, rows: rows.count, to: output)
      } else {
        convert(first, source, rows: rows.count, to: output)
      }
    }
    tensor.releasePages()
  }

  /// Returns the matrix, which nobody writes any more.
  public consuming func finish() -> WeightMatrix { matrix }

  private func transpose(_ source: UnsafeRawPointer, rows: Int, to output: Int) {
    wina_transpose(
      source, rows, matrix.inputs, matrix.inputs, matrix.pointer(output: output), matrix.stride,
      matrix.type.byteCount)
  }

  /// Widens to f32 row by row: parts of one matrix that are stored in different precisions.
  private func convert(
    _ source: UnsafeRawPointer, _ type: WeightType, rows: Int, to output: Int
  ) {
    precondition(matrix.type == .float32, "weights are only ever widened")
    let inputs = matrix.inputs
    var line = [Float](repeating: 0, count: inputs)
    for row in 0..<rows {
      type.convert(source + row * inputs * type.byteCount, into: &line)
      wina_transpose(
        line, 1, inputs, inputs, matrix.pointer(output: output + row), matrix.stride, 4)
    }
  }
}
