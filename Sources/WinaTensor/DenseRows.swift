import CWinaKernels

/// Rows in f64 that are multiplied by a few vectors at a time, on one thread or on several.
///
/// Every sum has an order of its own, so results depend neither on the number of threads nor on the
/// kernel level. A value is for one thread at a time.
public final class DenseRows {
  /// The number n of rows.
  public private(set) var count: Int
  /// The length D of a row.
  public let columns: Int
  private var values: [Double]
  private let team: ThreadTeam

  /// Takes rows.
  ///
  /// - Parameters:
  ///   - values: Shape [n, D].
  ///   - columns: D, at least 1.
  ///   - threads: How many threads share the work, the calling one included.
  /// - Precondition: The values divide into rows.
  public init(_ values: [Double], columns: Int, threads: Int = 1) {
    precondition(columns > 0 && values.count % columns == 0, "values divide into rows")
    self.values = values
    self.columns = columns
    count = values.count / columns
    team = ThreadTeam(count: values.count < Self.sharedValues ? 1 : max(1, threads))
  }

  /// Work over fewer values is not shared: handing over would cost more than it saves.
  private static let sharedValues = 1 << 16

  /// Appends rows.
  ///
  /// - Precondition: The values divide into rows.
  public func append(_ rows: [Double]) {
    precondition(rows.count % columns == 0, "values divide into rows")
    values += rows
    count = values.count / columns
  }

  /// Returns the product of every row with every vector, shape [vectors, n].
  ///
  /// A product is eight sums over every eighth column in order, added by fours and pairs.
  ///
  /// - Parameter vectors: Shape [vectors, D].
  /// - Precondition: The vectors have the length of a row.
  /// - Complexity: O(n·D) for a vector.
  public func products(with vectors: [Double]) -> [Double] {
    precondition(vectors.count % columns == 0, "vectors have the length of a row")
    let (count, columns, vectorCount) = (count, columns, vectors.count / columns)
    return computed(vectorCount * count, from: vectors, over: 0..<count) { x, vectors, out, part in
      wina_products_f64(
        x + part.lowerBound * columns, part.count, columns, vectors, vectorCount,
        out + part.lowerBound, count)
    }
  }

  /// Returns the product of every row with one vector on the calling thread, shape [rows]; see
  /// ``products(with:)``.
  ///
  /// - Parameters:
  ///   - rows: Shape [rows, D].
  ///   - columns: D, at least 1.
  ///   - vector: Shape [D].
  /// - Precondition: The values divide into rows, and the vector has the length of one.
  public static func products(
    of rows: [Double], columns: Int, with vector: [Double]
  ) -> [Double] {
    precondition(columns > 0 && rows.count % columns == 0, "values divide into rows")
    precondition(vector.count == columns, "the vector has the length of a row")
    let count = rows.count / columns
    return [Double](unsafeUninitializedCapacity: count) { out, used in
      rows.withUnsafeBufferPointer { rows in
        vector.withUnsafeBufferPointer { vector in
          guard let rows = rows.baseAddress, let vector = vector.baseAddress,
            let out = out.baseAddress
          else { return }
          wina_products_f64(rows, count, columns, vector, 1, out, count)
        }
      }
      used = count
    }
  }

  /// Returns weighted sums of the rows, which are added in order, shape [vectors, D].
  ///
  /// - Parameter weights: Shape [vectors, n].
  /// - Precondition: There is a weight for every row.
  /// - Complexity: O(n·D) for a vector.
  public func combinations(_ weights: [Double]) -> [Double] {
    precondition(count > 0 && weights.count % count == 0, "there is a weight for every row")
    let (count, columns, vectorCount) = (count, columns, weights.count / count)
    return computed(vectorCount * columns, from: weights, over: 0..<columns) {
      x, weights, out, part in
      wina_combinations_f64(
        x, count, columns, part.lowerBound, part.upperBound, weights, vectorCount, out)
    }
  }

  /// Returns what a kernel adds to zeros, each thread working on a part of the range.
  ///
  /// - Parameter kernel: Takes the rows, the input, the output and the part.
  private func computed(
    _ size: Int, from input: [Double], over range: Range<Int>,
    _ kernel: (
      UnsafePointer<Double>, UnsafePointer<Double>, UnsafeMutablePointer<Double>, Range<Int>
    ) -> Void
  ) -> [Double] {
    var out = [Double](repeating: 0, count: size)
    values.withUnsafeBufferPointer { x in
      input.withUnsafeBufferPointer { input in
        out.withUnsafeMutableBufferPointer { out in
          guard let x = x.baseAddress, let input = input.baseAddress, let out = out.baseAddress
          else { return }
          team.run(over: range, grain: 8) { _, part in kernel(x, input, out, part) }
        }
      }
    }
    return out
  }
}
