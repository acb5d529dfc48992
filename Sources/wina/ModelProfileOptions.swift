import ArgumentParser
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaStore

/// The options that apply a sparsity profile of the cache to a model.
struct ModelProfileOptions: ParsableArguments {
  @Option(help: "A profile in the cache: its content digest, or its task's plan or action key.")
  var profile: String?

  @Option(help: "The group of a grouped profile, by name (default: the first).")
  var group: String?

  @Option(help: "How many tokens at the start of a sequence stay dense.")
  var densePrefix = 1

  @Option(help: "The cache directory.")
  var cache: String?

  func validate() throws {
    guard densePrefix >= 0 else { throw ValidationError("--dense-prefix cannot be negative") }
    if group != nil, profile == nil { throw ValidationError("--group needs --profile") }
  }

  /// Returns the gates of the profile, or `nil` for the dense model.
  func gates(for model: LanguageModel) throws -> PreparedGates? {
    guard let profile else { return nil }
    let store = try Workspace(spec: nil, cache: cache).store(remote: nil)
    let digest = try output(named: profile, in: store)
    let payload = try store.read(digest, as: ProfileArtifact.format)
    let stored = try ProfileArtifact(decoding: payload).profile
    if let reason = stored.summary.unreachable {
      throw ModelInputError(
        message: "the profile reaches no sparsity of \(stored.summary.sparsity): \(reason)",
        hint: "use another profile")
    }
    let index = try index(of: group, among: stored.summary.groups)
    return try model.prepare(ProfileGates.gates(of: stored, group: index, for: model))
  }

  private func output(named text: String, in store: ArtifactStore) throws -> ContentDigest {
    guard let digest = ContentDigest(hex: text) else {
      throw ModelInputError(
        message: "'\(text)' is no digest", hint: "a digest has 64 hexadecimal digits")
    }
    if store.contains(digest) { return digest }
    let hit =
      store.lookup(plan: PlanKey(digest: digest)) ?? store.lookup(action: ActionKey(digest: digest))
    guard let hit else {
      throw ModelInputError(
        message: "the cache '\(store.root)' holds nothing under '\(text)'",
        hint: "`wina plan SPEC --json` lists the plan keys; run the spec first")
    }
    return hit.entry.output
  }

  private func index(of group: String?, among names: [String]) throws -> Int {
    guard let group else { return 0 }
    guard let index = names.firstIndex(of: group) else {
      throw ModelInputError(
        message: "the profile has no group '\(group)'",
        hint: "there are: \(names.joined(separator: ", "))")
    }
    return index
  }
}
