import ArgumentParser
import WinaExecution
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaStore

/// The options that apply a sparsity profile of the cache to a model.
struct ModelProfileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A profile: its task in a run, such as specific[s=0.5], or its digest or its task's key.",
      valueName: "profile"))
  var profile: String?

  @Option(help: "The run whose profile is meant: an id, the start of one, or last (the default).")
  var run: String?

  @Option(help: "The group of a grouped profile, by name (default: the first).")
  var group: String?

  @Option(help: "How many tokens at the start of a sequence stay dense.")
  var densePrefix = 1

  @Option(help: "The cache directory.")
  var cache: String?

  func validate() throws {
    guard densePrefix >= 0 else { throw ValidationError("--dense-prefix cannot be negative") }
    guard profile == nil else { return }
    if group != nil { throw ValidationError("--group needs --profile") }
    if run != nil { throw ValidationError("--run needs --profile") }
  }

  /// Returns the profile, where one is named, and where it was found.
  private func stored() throws -> (profile: SparsityProfile, store: ArtifactStore)? {
    guard let profile else { return nil }
    let workspace = Workspace(spec: nil, cache: cache)
    let store = try workspace.store(remote: nil)
    let lookup = ArtifactLookup(workspace: workspace, store: store, kind: ProfileStage.kind)
    let payload = try store.read(
      try lookup.output(named: profile, run: run), as: ProfileArtifact.format)
    return (try ProfileArtifact(decoding: payload).profile, store)
  }

  /// Returns the model that the profile was fitted to: the given one, or what its transform makes of
  /// it.
  func model(_ model: LanguageModel) throws -> LanguageModel {
    guard let (profile, store) = try stored(), let name = profile.summary.transform,
      let digest = ContentDigest(hex: name)
    else { return model }
    let payload = try store.read(digest, as: TransformArtifact.format)
    return try model.transformed(
      by: TransformArtifact(decoding: payload).transform, name: name)
  }

  /// Returns the gates of the profile, or `nil` for the dense model.
  func activationGates(for model: LanguageModel) throws -> ActivationGates? {
    guard let stored = try stored()?.profile else { return nil }
    if let reason = stored.summary.unreachable {
      throw ModelInputError(
        message: "the profile reaches no sparsity of \(stored.summary.sparsity): \(reason)",
        hint: "use another profile")
    }
    let index = try index(of: group, among: stored.summary.groups)
    return try ProfileGates.gates(of: stored, group: index, for: model)
  }

  /// Returns the prepared gates of the profile, or `nil` for the dense model.
  func gates(for model: LanguageModel) throws -> PreparedGates? {
    guard let gates = try activationGates(for: model) else { return nil }
    return try model.prepare(gates)
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
