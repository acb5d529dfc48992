import Testing
import WinaTestSupport

/// Seeds, halves and corrections, through the planner and the cache.
struct ComparisonOptionTests {
  private static let spec = ToySpec.small
    .replacing("k: \"${k}\", seed: 1}", with: "k: \"${k}\", seed: 1, halves: true}")
    .replacing(
      "      routed: {profile: specific, route: router}",
      with: """
              routed: {profile: specific, route: router}
              assigned: {profile: specific, route: assign}
        """
    ).replacing(
      "    bootstrap: 200\n",
      with: """
            seeds: {stage: clusters, repeat: 2}
            correction: bh
            resample: subject
            bootstrap: 200

        """)

  @Test func whatIsAskedForIsInTheReport() throws {
    let workspace = try ToyWorkspace.warmSmall().workspace.copy()
    try workspace.write(Self.spec)
    let first = try workspace.run()
    let planned = first.tasks.map(\.name)
    // Two passes for the halves, and the arm of the primary contrast under two other seeds.
    for half in ["first_half", "second_half"] {
      #expect(first.ran.contains { $0.hasPrefix("capture[features=mean_score:\(half)]#") })
    }
    for seed in [2, 3] {
      #expect(first.ran.contains("clusters[clusters.seed=\(seed)]"))
      // Seeds that find the same clusters share what follows.
      #expect(planned.contains { $0.hasPrefix("evaluate.routed[clusters.seed=\(seed)]#") })
    }
    #expect(!planned.contains { $0.hasPrefix("evaluate.random[clusters.seed") })
    let shown = try workspace.wina("show", "last").output
    for part in [
      "routed - uniform in kl: its parts", "clusters (assigned - uniform)",
      "routing (routed - assigned)", "routed - uniform under other seeds of 'clusters'",
      "over 3 seeds", "halves of a sample's tokens", "q (BH)",
      "no two samples have a subject in common",
      "by 1000 shuffles of the labels",
    ] {
      #expect(shown.contains(part), "\(part)\n\(shown)")
    }
    let clusters = try workspace.wina("show", "clusters").output
    #expect(clusters.contains("halves of a sample's tokens: one group for"))
    #expect(try workspace.run().ran.isEmpty)

    // One more seed runs what it needs and nothing else.
    try workspace.write(Self.spec.replacing("repeat: 2}", with: "repeat: 3}"))
    let second = try workspace.run()
    #expect(
      second.ran.allSatisfy { $0.contains("clusters.seed=4") || $0 == "compare" },
      "\(second.ran.sorted())")
    #expect(second.ran.contains("clusters[clusters.seed=4]"))
  }
}
