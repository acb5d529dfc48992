import Foundation
import Testing
import WinaSparsity
import WinaTensor
import WinaTestSupport

@Suite("Eigenvectors and principal components") struct PrincipalComponentsTests {
  @Test func eigenvectorsDiagonaliseRandomSymmetricMatrices() {
    for seed in UInt64(0)..<30 {
      var random = SeededGenerator(seed: seed)
      let order = Int(seed % 12) + 1
      var matrix = [Double](repeating: 0, count: order * order)
      for i in 0..<order {
        for j in 0...i {
          let value = seed % 3 == 0 && i != j ? 0 : Double(random.float())
          matrix[i * order + j] = value
          matrix[j * order + i] = value
        }
      }
      let eigen = SymmetricEigen(matrix: matrix, order: order)
      #expect(eigen.values == eigen.values.sorted(by: >))
      for a in 0..<order {
        for b in 0..<order {
          var product = 0.0
          for i in 0..<order {
            #expect(eigen.vectors[a * order + i].isFinite)
            product += eigen.vectors[a * order + i] * eigen.vectors[b * order + i]
          }
          #expect(abs(product - (a == b ? 1 : 0)) < 1e-12)
        }
        for i in 0..<order {
          var image = 0.0
          for j in 0..<order { image += matrix[i * order + j] * eigen.vectors[a * order + j] }
          #expect(abs(image - eigen.values[a] * eigen.vectors[a * order + i]) < 1e-11)
        }
      }
    }
  }

  @Test(arguments: [1, 3, 70])
  func deficientMatricesKeepAnOrthonormalBasis(rank: Int) {
    var random = SeededGenerator(seed: 17)
    let order = 70
    var matrix = [Double](repeating: 0, count: order * order)
    for factor in 0..<rank {
      let vector = random.normals(order, deviation: factor == 0 ? 1e4 : 1).map(Double.init)
      for i in 0..<order {
        for j in 0..<order { matrix[i * order + j] += vector[i] * vector[j] }
      }
    }
    let eigen = SymmetricEigen(matrix: matrix, order: order)
    let trace = (0..<order).reduce(0.0) { $0 + matrix[$1 * order + $1] }
    #expect(abs(eigen.values.reduce(0, +) / trace - 1) < 1e-12)
    #expect(eigen.values.count { $0 > 1e-12 * eigen.values[0] } <= rank)
    for a in 0..<order {
      for b in 0...a {
        var product = 0.0
        for i in 0..<order {
          product += eigen.vectors[a * order + i] * eigen.vectors[b * order + i]
        }
        #expect(abs(product - (a == b ? 1 : 0)) < 1e-11)
      }
    }
  }

  /// Reference: `numpy.linalg.eigvalsh([[4,1,2],[1,3,0],[2,0,1]])`.
  @Test func eigenvaluesMatchNumpy() {
    let eigen = SymmetricEigen(matrix: [4, 1, 2, 1, 3, 0, 2, 0, 1], order: 3)
    for (value, expected) in zip(
      eigen.values, [5.346462189567424, 2.722245633762532, -0.06870782332995651])
    {
      #expect(abs(value - expected) < 1e-12)
    }
  }

  @Test(arguments: [(30, 8), (8, 30)])
  func componentsFindThePlantedPlane(count: Int, columns: Int) {
    var random = SeededGenerator(seed: 1)
    let directions = (0..<2).map { _ in random.normals(columns).map(Double.init) }
    var rows: [Double] = []
    for _ in 0..<count {
      let a = Double(random.float(in: -3...3))
      let b = Double(random.float(in: -1...1))
      for column in 0..<columns {
        rows.append(5 + a * directions[0][column] + b * directions[1][column])
      }
    }
    let fitted = PrincipalComponents(rows: rows, count: count, limit: 6)
    #expect(fitted.components.count == 2 * columns)
    #expect(fitted.variances[0] > fitted.variances[1])
    for row in 0..<count {
      var rebuilt = fitted.mean
      for component in 0..<2 {
        var place = 0.0
        for column in 0..<columns {
          place +=
            (rows[row * columns + column] - fitted.mean[column])
            * fitted.components[component * columns + column]
        }
        for column in 0..<columns {
          rebuilt[column] += place * fitted.components[component * columns + column]
        }
      }
      for column in 0..<columns {
        #expect(abs(rebuilt[column] - rows[row * columns + column]) < 1e-9)
      }
    }
  }

  @Test func constantRowsHaveNoComponents() {
    let fitted = PrincipalComponents(rows: [1, 2, 1, 2, 1, 2], count: 3, limit: 2)
    #expect(fitted.components.isEmpty)
    #expect(fitted.mean == [1, 2])
  }

  // MARK: Leading eigenvectors

  /// A symmetric matrix with the given eigenvalues and random eigenvectors.
  private func matrix(with values: [Double], seed: UInt64) -> [Double] {
    let order = values.count
    var random = SeededGenerator(seed: seed)
    let seeds = random.normals(order * order).map(Double.init)
    var symmetric = seeds
    for i in 0..<order {
      for j in 0..<order {
        symmetric[i * order + j] = seeds[i * order + j] + seeds[j * order + i]
      }
    }
    let basis = SymmetricEigen(matrix: symmetric, order: order).vectors
    var matrix = [Double](repeating: 0, count: order * order)
    for (index, value) in values.enumerated() {
      for i in 0..<order {
        for j in 0..<order {
          matrix[i * order + j] += value * basis[index * order + i] * basis[index * order + j]
        }
      }
    }
    return matrix
  }

  private func leading(_ matrix: [Double], order: Int, limit: Int) -> LeadingEigenvectors {
    let rows = DenseRows(matrix, columns: order)
    return LeadingEigenvectors(order: order, limit: limit) { rows.products(with: $0) }
  }

  private func expectEigenpairs(
    _ found: LeadingEigenvectors, of matrix: [Double], values: [Double], within tolerance: Double
  ) {
    let order = values.count
    let largest = values.map(abs).max() ?? 0
    #expect(found.values == found.values.sorted(by: >))
    for (index, value) in found.values.enumerated() {
      #expect(abs(value - values[index]) <= tolerance * largest)
      let vector = found.vectors[(index * order)..<((index + 1) * order)].map(\.self)
      var residual = 0.0
      for i in 0..<order {
        let image = (0..<order).reduce(0) { $0 + matrix[i * order + $1] * vector[$1] }
        residual += (image - value * vector[i]) * (image - value * vector[i])
      }
      #expect(residual.squareRoot() <= 10 * tolerance * largest)
      for other in 0...index {
        let product = (0..<order).reduce(0) {
          $0 + vector[$1] * found.vectors[other * order + $1]
        }
        #expect(abs(product - (other == index ? 1 : 0)) < 1e-11)
      }
    }
  }

  enum Spectrum: CaseIterable, Sendable {
    case slow, fast, twentyEqual, twoValues, oneValue, fiveOfRank, noRoom, negative

    var values: [Double] {
      let indices = (0..<(self == .noRoom ? 60 : 300)).map(Double.init)
      return switch self {
      case .slow: indices.map { 1 / (1 + 0.1 * $0) }
      case .fast: indices.map { pow(0.5, $0) }
      case .twentyEqual: indices.map { $0 < 20 ? 2 : 1 / $0 }
      case .twoValues: indices.map { $0 < 40 ? 1 : 0.5 }
      case .oneValue: indices.map { _ in 3 }
      case .fiveOfRank: indices.map { $0 < 5 ? 7 - $0 : 0 }
      case .noRoom: indices.map { 60 - $0 }
      case .negative: indices.map { 10 - $0 }
      }
    }
  }

  @Test(arguments: Spectrum.allCases)
  func leadingEigenvectorsOfAnySpectrum(spectrum: Spectrum) {
    let values = spectrum.values
    let matrix = matrix(with: values, seed: 5)
    let found = leading(matrix, order: values.count, limit: 30)
    #expect(found.values.count == 30)
    expectEigenpairs(found, of: matrix, values: values, within: 1e-11)
  }

  @Test func theZeroMatrixHasEigenvectors() {
    let found = leading([Double](repeating: 0, count: 10_000), order: 100, limit: 10)
    #expect(found.values == [Double](repeating: 0, count: 10))
    expectEigenpairs(
      found, of: [Double](repeating: 0, count: 10_000),
      values: [Double](repeating: 0, count: 100), within: 1e-11)
  }

  @Test func leadingEigenvectorsTakeFewProducts() {
    let values = (0..<600).map { 1 / Double(1 + $0) }
    let found = leading(matrix(with: values, seed: 2), order: 600, limit: 10)
    #expect(found.products < 150)
  }

  @Test(arguments: [(900, 120), (120, 900), (700, 640)], [1, 3])
  func componentsOfManyRowsAreThoseOfTheWholeMatrix(shape: (Int, Int), threads: Int) {
    let (count, columns) = shape
    var random = SeededGenerator(seed: 9)
    let loads = (0..<columns).map { 1 / (1 + 0.05 * Double($0)) }
    let rows = random.normals(count * columns).enumerated().map {
      Double($0.element) * loads[$0.offset % columns]
    }
    let found = PrincipalComponents(rows: rows, count: count, limit: 12, threads: threads)
    let whole = PrincipalComponents(rows: rows, count: count, limit: min(count, columns))
    for index in 0..<12 {
      #expect(abs(found.variances[index] / whole.variances[index] - 1) < 1e-12)
      let range = (index * columns)..<((index + 1) * columns)
      let distance = range.map { abs(found.components[$0] - whole.components[$0]) }.max() ?? 0
      #expect(distance < 1e-9)
    }
    for level in Kernels.availableLevels {
      let other = Kernels.withLevel(level) {
        PrincipalComponents(rows: rows, count: count, limit: 12, threads: 4 - threads)
      }
      #expect(other.components == found.components, "\(level)")
    }
  }
}
