import Foundation
import WinaModel
import WinaTensor

/// A Llama forward pass written as plainly as possible in f64: loops over one token at a time.
struct PlainLlama {
  let model: TinyModel
  private let weights: [String: [Double]]

  /// What a pass gives, one row a token.
  struct Result {
    var logits: [[Double]] = []
    var hidden: [[[Double]]] = []
    var taps: [TapPoint: [[Double]]] = [:]
    var kept: [UInt64]
  }

  init(_ model: TinyModel) {
    self.model = model
    weights = model.weights.mapValues { $0.map(Double.init) }
  }

  func forward(
    _ tokens: [Int32], gates: ActivationGates? = nil, firstGatedRow: Int = 0
  ) -> Result {
    var result = Result(kept: Array(repeating: 0, count: gates == nil ? 0 : model.layers * 7))
    let embedding = weights["model.embed_tokens.weight"] ?? []
    var residual = tokens.map { row(embedding, Int($0), model.hidden) }
    result.hidden.append(residual)
    for layer in 0..<model.layers {
      var pass = Layer(plain: self, index: layer, gates: gates, firstGatedRow: firstGatedRow)
      pass.run(&residual, into: &result)
      result.hidden.append(residual)
    }
    let final = residual.map { norm($0, "model.norm.weight") }
    result.hidden[model.layers] = final
    let head = weights["lm_head.weight"] ?? embedding
    result.logits = final.map { x in
      (0..<model.vocabulary).map { dot(row(head, $0, model.hidden), x) }
    }
    return result
  }

  private func row(_ matrix: [Double], _ index: Int, _ width: Int) -> [Double] {
    Array(matrix[(index * width)..<((index + 1) * width)])
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private func norm(_ x: [Double], _ name: String) -> [Double] {
    let weight = weights[name] ?? []
    let scale = 1 / (dot(x, x) / Double(x.count) + model.normEpsilon).squareRoot()
    return x.indices.map { x[$0] * scale * weight[$0] }
  }

  private func frequency(_ pair: Int) -> Double {
    let plain = pow(model.ropeBase, -2 * Double(pair) / Double(model.headSize))
    guard let scaling = model.ropeScaling, let factor = scaling["factor"],
      let low = scaling["low_freq_factor"], let high = scaling["high_freq_factor"],
      let context = scaling["original_max_position_embeddings"]
    else { return plain }
    let turns = context * plain / (2 * .pi)
    if turns > high { return plain }
    if turns < low { return plain / factor }
    let share = (turns - low) / (high - low)
    return share * plain + (1 - share) * plain / factor
  }

  private func rotate(_ x: [Double], position: Int) -> [Double] {
    let (size, half) = (model.headSize, model.headSize / 2)
    var y = x
    for start in stride(from: 0, to: x.count, by: size) {
      for pair in 0..<half {
        let angle = Double(position) * frequency(pair)
        let (a, b) = (x[start + pair], x[start + pair + half])
        y[start + pair] = a * cos(angle) - b * sin(angle)
        y[start + pair + half] = b * cos(angle) + a * sin(angle)
      }
    }
    return y
  }

  /// One layer over all rows.
  private struct Layer {
    let plain: PlainLlama
    let index: Int
    let gates: ActivationGates?
    let firstGatedRow: Int

    mutating func run(_ residual: inout [[Double]], into result: inout Result) {
      let model = plain.model
      let prefix = "model.layers.\(index)."
      let input = residual.map { plain.norm($0, prefix + "input_layernorm.weight") }
      result.taps[.stream(.attentionInput, layer: index)] = input
      let queries = linear(.qProj, input, &result).enumerated().map {
        plain.rotate($0.element, position: $0.offset)
      }
      let keys = linear(.kProj, input, &result).enumerated().map {
        plain.rotate($0.element, position: $0.offset)
      }
      let values = linear(.vProj, input, &result)
      let attended = attention(queries, keys, values)
      result.taps[.stream(.outputInput, layer: index)] = attended
      add(linear(.oProj, attended, &result), to: &residual)
      let inner = residual.map { plain.norm($0, prefix + "post_attention_layernorm.weight") }
      result.taps[.stream(.mlpInput, layer: index)] = inner
      var gate = linear(.gateProj, inner, &result).map { $0.map { $0 / (1 + exp(-$0)) } }
      result.taps[.gateActivation(layer: index)] = gate
      let up = linear(.upProj, inner, &result)
      let threshold = gates?.cats[index]
      var alive: UInt64 = 0
      if let threshold {
        for row in max(0, firstGatedRow)..<gate.count {
          for unit in 0..<model.feedForward {
            if abs(gate[row][unit]) >= Double(threshold) { alive += 1 } else { gate[row][unit] = 0 }
          }
        }
      }
      let units = gate.indices.map { row in gate[row].indices.map { gate[row][$0] * up[row][$0] } }
      result.taps[.stream(.downInput, layer: index)] = units
      add(linear(.downProj, units, &result), to: &residual)
      if threshold != nil {
        result.kept[index * 7 + 5] = alive
        result.kept[index * 7 + 6] = alive
      }
    }

    private func add(_ rows: [[Double]], to residual: inout [[Double]]) {
      for row in rows.indices {
        for column in rows[row].indices { residual[row][column] += rows[row][column] }
      }
    }

    private func attention(
      _ queries: [[Double]], _ keys: [[Double]], _ values: [[Double]]
    ) -> [[Double]] {
      let (model, size) = (plain.model, plain.model.headSize)
      return queries.indices.map { row in
        var out: [Double] = []
        for head in 0..<model.heads {
          let shared = head / (model.heads / model.keyValueHeads) * size
          let query = Array(queries[row][(head * size)..<((head + 1) * size)])
          let scores = (0...row).map { key in
            plain.dot(query, Array(keys[key][shared..<(shared + size)])) / Double(size).squareRoot()
          }
          let peak = scores.max() ?? 0
          let weights = scores.map { exp($0 - peak) }
          let total = weights.reduce(0, +)
          out += (0..<size).map { column in
            (0...row).reduce(0) { $0 + weights[$1] / total * values[$1][shared + column] }
          }
        }
        return out
      }
    }

    /// W·x, or W·(mask ⊙ (x − μ)) + W·μ for gated rows.
    private func linear(
      _ projection: Projection, _ input: [[Double]], _ result: inout Result
    ) -> [[Double]] {
      let isAttention = [.attentionInput, .outputInput].contains(projection.stream)
      let block = isAttention ? "self_attn" : "mlp"
      let prefix = "model.layers.\(index).\(block).\(projection.rawValue)"
      let matrix = plain.weights[prefix + ".weight"] ?? []
      let gate = gates?.projections[index][projection]
      let place = index * 7 + (Projection.allCases.firstIndex(of: projection) ?? 0)
      return input.enumerated().map { row, x in
        let width = x.count
        let outputs = matrix.count / width
        var masked = x
        if gates != nil, row >= firstGatedRow {
          let keep = gate.map { mask($0, x) } ?? Array(repeating: true, count: width)
          result.kept[place] += UInt64(keep.filter { $0 }.count)
          if let gate {
            for column in 0..<width where !keep[column] {
              masked[column] = gate.mean.map { Double($0[column]) } ?? 0
            }
          }
        }
        return (0..<outputs).map { plain.dot(plain.row(matrix, $0, width), masked) }
      }
    }

    private func mask(_ gate: ProjectionGate, _ x: [Double]) -> [Bool] {
      let scores = x.indices.map { column in
        abs(x[column] - Double(gate.mean?[column] ?? 0)) * Double(gate.norms?[column] ?? 1)
      }
      switch gate.rule {
      case .threshold(let threshold): return scores.map { $0 > Double(threshold) }
      case .mask(let mask): return mask
      case .topK(let count):
        let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
        let kept = Set(order.prefix(count))
        return scores.indices.map { kept.contains($0) }
      }
    }
  }
}
