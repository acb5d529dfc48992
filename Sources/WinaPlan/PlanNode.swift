import WinaPipeline
import WinaSpec

/// Where a request is planned: the cell, and what a control sets differently.
struct PlanSite: Hashable {
  var cell: Int
  var overrides: [String: JSONValue] = [:]
}

/// What tells one node from another: everything but the shard.
struct NodeKey: Hashable {
  var stage: String
  var item: String?
  var variant: Variant
  /// The cell restricted to the axes that the node may depend on.
  var cell: SweepCell
  /// The overrides that may reach the node.
  var overrides: [String: JSONValue]
}

/// A template in a cell: one task, or one for each shard.
struct PlanNode {
  let stage: ResolvedStage
  let template: AnyTemplate
  let site: PlanSite
  let variant: Variant
  /// The stages that it may ask for.
  let scope: Set<String>
  /// What keys of its tasks start with.
  let key: KeyPreimage
  /// What ports are bound to, once that is known.
  var ports: [BoundPort]?
  /// The ports' positions in the order of their names, which is that of keys.
  var keyOrder: [Int] = []
  /// The values on the axes that the node itself uses.
  var assignment: [String: JSONValue] = [:]
  /// What became of the task without a shard, then of those of the shards.
  var slots: [Slot]
  /// The lineage of its tasks by the split and by the lineages upstream.
  var lineages: [LineageKey: Int] = [:]
  /// The names of its tasks without the shard, by lineage.
  var stems: [Int: String] = [:]

  /// Whether there is one task for each shard.
  var isPerShard: Bool { template.fanOut != .once }

  /// How far planning a task is.
  enum Slot {
    case untouched, open, impossible
    case planned(TaskID)
  }

  struct LineageKey: Hashable {
    var split: Split?
    var upstream: [Int]
  }
}

/// A port of a node with what it takes.
struct BoundPort {
  var name: String
  var source: Source

  enum Source {
    /// The same leaves for every shard.
    case leaves([InputSource])
    /// The records of the task's own shard.
    case records
    case artifacts([Child])
  }

  /// Tasks of another node.
  struct Child {
    var node: Int
    var scope: ArtifactRequest.Scope
    /// The shards of the split, if the scope is one.
    var shards: [Int]
  }
}

/// An inventory with what planning looks up in it many times.
struct IndexedInventory {
  let inventory: Inventory
  /// The names of the shards.
  let names: [String]
  private let bySplit: [Split: [Int]]

  init(_ inventory: Inventory) {
    self.inventory = inventory
    names = inventory.shards.map(\.name)
    bySplit = Dictionary(grouping: inventory.shards.indices) { inventory.shards[$0].split }
  }

  /// The positions of a split's shards, in order.
  func shards(of split: Split) -> [Int] { bySplit[split] ?? [] }
}
