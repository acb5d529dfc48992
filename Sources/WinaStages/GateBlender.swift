import Foundation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// Mixes the thresholds of groups for a sample that belongs to several: τ = exp(Σₖ pₖ·ln τₖ).
///
/// A threshold of 0 with any weight makes the mixture 0, so that nothing is removed that some group
/// keeps whatever it is.
package struct GateBlender {
  private let groups: [ActivationGates]

  /// Takes the gates of every group of a profile whose gates are thresholds without centring.
  init(_ profile: SparsityProfile, _ language: LanguageModel) throws {
    guard profile.summary.gate == .threshold, profile.summary.centring == .none else {
      throw ArtifactError("only thresholds without centring can be blended")
    }
    groups = try profile.summary.groups.indices.map {
      try ProfileGates.gates(of: profile, group: $0, for: language)
    }
  }

  /// Returns the gates of a mixture of groups.
  ///
  /// - Parameter blend: Groups with weights that sum to 1, at least one.
  func gates(_ blend: [(cluster: Int, weight: Double)]) throws -> ActivationGates {
    guard let first = blend.first, blend.allSatisfy({ groups.indices.contains($0.cluster) }) else {
      throw ArtifactError("a mixture names groups that the profile lacks")
    }
    var mixed = groups[first.cluster]
    for layer in mixed.projections.indices {
      for projection in Projection.allCases {
        guard case .threshold? = mixed.projections[layer][projection]?.rule else { continue }
        let thresholds = try blend.map { part in
          guard
            case .threshold(let threshold)? =
              groups[part.cluster].projections[layer][projection]?.rule
          else { throw ArtifactError("the groups of a mixture gate different projections") }
          return (threshold, part.weight)
        }
        mixed.projections[layer][projection]?.rule = .threshold(Self.mix(thresholds))
      }
      guard mixed.cats[layer] != nil else { continue }
      mixed.cats[layer] = Self.mix(
        blend.compactMap { part in
          groups[part.cluster].cats[layer].map { ($0, part.weight) }
        })
    }
    return mixed
  }

  /// Returns the weighted geometric mean.
  package static func mix(_ thresholds: [(value: Float, weight: Double)]) -> Float {
    guard thresholds.allSatisfy({ $0.value > 0 }) else { return 0 }
    if let first = thresholds.first, thresholds.allSatisfy({ $0.value == first.value }) {
      return first.value
    }
    return Float(exp(thresholds.reduce(0) { $0 + $1.weight * log(Double($1.value)) }))
  }
}
