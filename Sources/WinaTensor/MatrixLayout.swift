/// Where a row-major matrix lies in an array.
public struct MatrixLayout: Sendable, Hashable {
  /// The number of rows.
  public var rows: Int
  /// The number of columns.
  public var columns: Int
  /// The index of the first element.
  public var offset: Int
  /// The elements from one row to the next, at least ``columns``.
  public var stride: Int

  /// Makes a layout; without a stride rows are adjacent.
  ///
  /// - Precondition: No size is negative and the stride is at least the number of columns.
  public init(rows: Int, columns: Int, offset: Int = 0, stride: Int? = nil) {
    precondition(rows >= 0 && columns >= 0 && offset >= 0, "sizes are not negative")
    precondition((stride ?? columns) >= columns, "rows do not overlap")
    self.rows = rows
    self.columns = columns
    self.offset = offset
    self.stride = stride ?? columns
  }

  /// Whether an array of `count` elements holds the matrix.
  func fits(_ count: Int) -> Bool {
    rows == 0 || columns == 0 || offset + (rows - 1) * stride + columns <= count
  }
}
