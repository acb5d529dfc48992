import WinaPipeline

/// What a stage made in some cells of a sweep, where it made the same in all of them.
struct CellVariant<Value> {
  var value: Value
  /// The cells, as positions among those of the comparison, ascending.
  var cells: [Int]
}

extension CellVariant {
  /// Puts together the cells that have equal keys, in the order of their first cells.
  ///
  /// - Parameter keys: The key of every cell, or `nil` for a cell that has none.
  static func equal(_ keys: [Value?]) -> [CellVariant] where Value: Hashable {
    var variants: [CellVariant] = []
    var places: [Value: Int] = [:]
    for (cell, key) in keys.enumerated() {
      guard let key else { continue }
      if let place = places[key] {
        variants[place].cells.append(cell)
      } else {
        places[key] = variants.count
        variants.append(CellVariant(value: key, cells: [cell]))
      }
    }
    return variants
  }

  func map<Other>(_ transform: (Value) throws -> Other) rethrows -> CellVariant<Other> {
    CellVariant<Other>(value: try transform(value), cells: cells)
  }
}

extension Comparison {
  /// Returns what tells cells apart from the others, such as ` [k=4]`, or else all their values; nothing
  /// where they are all cells.
  func mark(_ members: [Int]) -> String {
    guard members.count < cells.count, let first = members.first else { return "" }
    let shared = cells[first].filter { axis, value in
      members.allSatisfy { cells[$0][axis] == value } && cells.contains { $0[axis] != value }
    }
    let isTold =
      cells.indices.filter { cell in
        shared.allSatisfy { cells[cell][$0.key] == $0.value }
      } == members
    let texts =
      shared.isEmpty || !isTold
      ? members.map { Comparison.text(ofCell: cells[$0]) } : [Comparison.text(ofCell: shared)]
    return " [\(texts.joined(separator: "; "))]"
  }

  /// Returns the variables of a cell with their values, by name.
  static func text(ofCell cell: [String: JSONValue]) -> String {
    cell.sorted { $0.key < $1.key }.map { axis, value in
      if case .string(let text) = value {
        "\(axis)=\(text)"
      } else {
        "\(axis)=\(value.canonicalText)"
      }
    }.joined(separator: ", ")
  }

  /// The cell that stands for several: the one of the primary endpoint, or else the first.
  func representative(
    of members: [Int], for primary: CompareStage.Primary?
  ) -> Int? {
    members.first { primary?.matches(cells[$0]) ?? false } ?? members.first
  }
}
