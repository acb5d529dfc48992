import Testing
import WinaSparsity
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
}
