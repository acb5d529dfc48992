import Testing
import WinaTestSupport

/// Routers that learn from divergences, through the planner and the cache.
struct RoutingTests {
  private static let router =
    "router: {kind: classifier, labels: clusters, features: hidden, layers: 1, model: regret, "
    + "profile: specific, calibrate: true}"
  private static let spec = ToySpec.full
    .replacing("router: {kind: classifier, labels: clusters, features: embedding}", with: router)
    .replacing(
      "routed: {profile: specific, route: router}",
      with: """
        routed: {profile: specific, route: router}
              unsure: {profile: specific, route: router, policy: fallback, fallback: uniform}
              blended: {profile: specific, route: router, policy: blend, top: 2}
              lost: {profile: specific, route: router, policy: random}
        """)

  @Test func anotherModelReusesFeaturesAndDivergences() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    try workspace.write(Self.spec)
    let first = try workspace.run()
    let parts = first.tasks.filter { $0.kind == "classifier" }.map(\.name)
    for part in ["router.features", "router.regret"] {
      for split in ["routing", "validation"] {
        #expect(parts.contains { $0.hasPrefix(part) && $0.contains("#\(split)/") })
      }
    }
    // Features do not depend on the swept sparsity, divergences do.
    #expect(!parts.contains { $0.hasPrefix("router.features[") })
    #expect(parts.contains { $0.hasPrefix("router.regret[s=0.25]") })
    let arms = Set(first.results.map(\.arm))
    #expect(arms.isSuperset(of: ["routed", "unsure", "blended", "lost"]))

    try workspace.write(Self.spec.replacing("model: regret", with: "model: logistic"))
    let second = try workspace.run()
    let routers = Set(second.tasks.filter { $0.kind == "classifier" }.map(\.name))
      .intersection(second.ran)
    #expect(routers == ["router[s=0.25]", "router[s=0.5]"])
    #expect(second.ran.isDisjoint(with: second.names(ofArm: "lost")))
    let shown = try workspace.wina("show", "last").output
    #expect(shown.contains("regret on validation samples"))
    #expect(shown.contains("unsure: samples sent to the fallback"))
  }

  @Test func aRouterMayNotBeScoredOnWhatItWasCalibratedOn() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    try workspace.write(
      Self.spec.replacing("  evaluate:\n", with: "  evaluate:\n    split: validation\n"))
    let refused = try workspace.wina("validate", "toy.yaml")
    #expect(refused.status == 2)
    #expect(refused.errors.contains("scores the split 'validation'"))
  }

  @Test func aPolicyThatCannotBeServedIsPointedAt() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    try workspace.write(
      Self.spec.replacing("policy: fallback, fallback: uniform", with: "policy: fallback"))
    let refused = try workspace.wina("validate", "toy.yaml")
    #expect(refused.status == 2)
    #expect(refused.errors.contains("policy 'fallback' needs a pooled profile"))
    #expect(refused.errors.contains("^"))
  }
}
