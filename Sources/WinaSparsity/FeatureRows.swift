/// Feature vectors of inputs, one a row: all values of a row, or those that are not zero.
public struct FeatureRows: Sendable, Equatable {
  /// The length D of a vector.
  public let width: Int
  /// The number n of rows.
  public let count: Int
  /// The values, row by row.
  public let values: [Double]
  /// The column of each value, ascending within a row; nil where rows hold all values.
  public let columns: [Int32]?
  /// Where each row's values start, and their end, shape [n + 1].
  public let starts: [Int]

  /// Takes rows that hold all their values, shape [n, D].
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when the values do not divide into `count` rows.
  public init(_ values: [Double], count: Int) throws {
    guard count >= 0, count > 0 ? values.count % count == 0 : values.isEmpty else {
      throw SparsityError.shape(
        "router features", have: values.count,
        expected: count * max(1, values.count / max(1, count)))
    }
    let width = count == 0 ? 0 : values.count / count
    self.init(
      unchecked: width, values: values, columns: nil, starts: (0...count).map { $0 * width })
  }

  /// Takes rows of which only the values at some columns are not zero.
  ///
  /// - Parameters:
  ///   - width: The length D of a vector.
  ///   - values: The values, row by row.
  ///   - columns: The column of each value, ascending within a row.
  ///   - starts: Where each row starts, and the end.
  /// - Throws: ``SparsityError`` when the parts do not fit together.
  public init(width: Int, values: [Double], columns: [Int32], starts: [Int]) throws {
    guard starts.first == 0, starts.last == values.count, values.count == columns.count else {
      throw SparsityError.shape(
        "sparse router features", have: values.count, expected: columns.count)
    }
    guard zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 }),
      columns.allSatisfy({ (0..<width).contains(Int($0)) })
    else { throw SparsityError.range("a feature's column", "misplaced", expected: "0..<\(width)") }
    self.init(unchecked: width, values: values, columns: columns, starts: starts)
  }

  private init(unchecked width: Int, values: [Double], columns: [Int32]?, starts: [Int]) {
    self.width = width
    self.values = values
    self.columns = columns
    self.starts = starts
    count = starts.count - 1
  }

  /// Whether rows hold only the values that are not zero.
  public var isSparse: Bool { columns != nil }

  /// The number of stored values of a row.
  public func stored(_ row: Int) -> Int { starts[row + 1] - starts[row] }

  /// Returns all values of a row, shape [D].
  public func vector(_ row: Int) -> [Double] {
    let range = starts[row]..<starts[row + 1]
    guard let columns else { return Array(values[range]) }
    var vector = [Double](repeating: 0, count: width)
    for place in range { vector[Int(columns[place])] = values[place] }
    return vector
  }

  /// Returns some of the rows, in the given order.
  ///
  /// - Precondition: The rows exist.
  public func rows(_ members: some Sequence<Int>) -> FeatureRows {
    var taken: [Double] = []
    var places: [Int32] = []
    var starts = [0]
    for row in members {
      let range = self.starts[row]..<self.starts[row + 1]
      taken += values[range]
      if let columns { places += columns[range] }
      starts.append(taken.count)
    }
    return FeatureRows(
      unchecked: width, values: taken, columns: columns == nil ? nil : places, starts: starts)
  }

  /// Joins rows of one width.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) for other widths, or rows of both kinds.
  public static func joined(_ parts: [FeatureRows]) throws -> FeatureRows {
    guard let first = parts.first(where: { $0.count > 0 }) else {
      return try FeatureRows([], count: 0)
    }
    var values: [Double] = []
    var columns: [Int32] = []
    var starts = [0]
    for part in parts where part.count > 0 {
      guard part.width == first.width, part.isSparse == first.isSparse else {
        throw SparsityError.shape("router features", have: part.width, expected: first.width)
      }
      starts += part.starts.dropFirst().map { $0 + values.count }
      values += part.values
      columns += part.columns ?? []
    }
    return FeatureRows(
      unchecked: first.width, values: values, columns: first.isSparse ? columns : nil,
      starts: starts)
  }

  /// Returns the product of a row with the vector at an offset of an array.
  func dot(_ row: Int, _ vector: [Double], at offset: Int) -> Double {
    var sum = 0.0
    let start = starts[row]
    if let columns {
      for place in start..<starts[row + 1] {
        sum += vector[offset + Int(columns[place])] * values[place]
      }
    } else {
      for column in 0..<width { sum += vector[offset + column] * values[start + column] }
    }
    return sum
  }

  /// Adds a multiple of a row to the vector at an offset of an array.
  func add(_ row: Int, times factor: Double, to vector: inout [Double], at offset: Int) {
    let start = starts[row]
    if let columns {
      for place in start..<starts[row + 1] {
        vector[offset + Int(columns[place])] += factor * values[place]
      }
    } else {
      for column in 0..<width { vector[offset + column] += factor * values[start + column] }
    }
  }

  /// Returns the sum of squares of a row.
  func squaredNorm(_ row: Int) -> Double {
    values[starts[row]..<starts[row + 1]].reduce(0) { $0 + $1 * $1 }
  }

  /// Returns the same rows with other values at the same places.
  func mapValues(_ transform: (_ column: Int, _ value: Double) -> Double) -> FeatureRows {
    var changed = values
    for place in changed.indices {
      let column = columns.map { Int($0[place]) } ?? place % max(1, width)
      changed[place] = transform(column, changed[place])
    }
    return FeatureRows(unchecked: width, values: changed, columns: columns, starts: starts)
  }
}
