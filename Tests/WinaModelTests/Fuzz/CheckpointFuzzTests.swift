import Foundation
import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// Damaged checkpoints load or are errors that name the file; nothing crashes, hangs or swells.
///
/// A few thousand cases run each time. `WINA_FUZZ_SECONDS=600` runs that long, from the seed
/// `WINA_FUZZ_SEED` on, and prints what came out; a crash leaves the seed in the directory of the
/// damaged files.
struct CheckpointFuzzTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let seconds = environment["WINA_FUZZ_SECONDS"].flatMap(Double.init)
  private static let firstSeed = environment["WINA_FUZZ_SEED"].flatMap(UInt64.init) ?? 0
  private static let iterations: UInt64 = 3000

  @Test func damagedCheckpointsAreErrorsThatNameTheFile() throws {
    let (single, sharded) = (try CheckpointBytes.single(), try CheckpointBytes.sharded())
    let bases = try FamilyTests.variants.flatMap {
      [single, sharded, single, sharded, try .configuration($0)]
    }
    let directory = try TemporaryDirectory()
    let clock = ContinuousClock()
    let start = clock.now
    var counts: [String: Int] = [:]
    var seed = Self.firstSeed
    var slowest = Duration.zero
    while Self.goesOn(seed - Self.firstSeed, clock.now - start) {
      let began = clock.now
      let outcome = try run(seed, bases[Int(seed % UInt64(bases.count))], directory)
      let took = clock.now - began
      slowest = max(slowest, took)
      #expect(took < .seconds(10), "seed \(seed) took \(took)")
      counts[outcome, default: 0] += 1
      seed += 1
    }
    #expect(counts.count > 20, "the damage reaches many checks")
    #expect((counts["loaded"] ?? 0) > 0)
    guard Self.seconds != nil else { return }
    print("\(seed - Self.firstSeed) checkpoints, the slowest in \(slowest), \(peakMemory())")
    for (outcome, count) in counts.sorted(by: { $0.value > $1.value }) { print(count, outcome) }
  }

  private static func goesOn(_ done: UInt64, _ elapsed: Duration) -> Bool {
    seconds.map { elapsed < .seconds($0) } ?? (done < iterations)
  }

  private func run(
    _ seed: UInt64, _ base: CheckpointBytes, _ directory: TemporaryDirectory
  ) throws -> String {
    var checkpoint = base
    var mutator = CheckpointMutator(seed: seed)
    repeat {
      _ = mutator.mutate(&checkpoint)
    } while mutator.bytes.chance(15) && !checkpoint.files.isEmpty
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
      try FileManager.default.removeItem(atPath: directory.file(name))
    }
    try directory.write("\(seed)", to: "seed")
    for (name, file) in checkpoint.files { try directory.write(file, to: name) }
    do {
      let model = try LanguageModel.load(directory: directory.path)
      try use(model)
      return "loaded"
    } catch {
      #expect(error.message.contains(directory.path), "seed \(seed): \(error)")
      #expect(error.message.utf8.count < 20_000, "seed \(seed)")
      #expect(error.code != .request, "seed \(seed): \(error)")
      return kind(error.message, directory.path)
    }
  }

  /// Runs what loaded, whose weights may be any finite numbers.
  private func use(_ model: LanguageModel) throws(ModelError) {
    let count = min(3, model.configuration.contextLength)
    let tokens = (0..<count).map { Int32($0 % model.configuration.vocabulary) }
    let result = try model.forward(tokens, ForwardRequest(), workspace: ForwardWorkspace())
    #expect(result.logits.count == count * model.configuration.vocabulary)
  }

  /// A message without its names and numbers.
  private func kind(_ message: String, _ path: String) -> String {
    var kind = message.replacingOccurrences(of: path, with: "")
    kind.replace(#/'[^']*'/#, with: "''")
    kind.replace(#/[-+.e0-9]*[0-9][.0-9e+-]*/#, with: "0")
    kind.replace(#/(0, )+/#, with: "")
    return String(kind.prefix(120))
  }

  private func peakMemory() -> String {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    return status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }.map(String.init) ?? ""
  }
}
