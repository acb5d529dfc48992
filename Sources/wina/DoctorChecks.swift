import Foundation
import WinaModel
import WinaStore
import WinaTensor

/// The checks of `wina doctor`, each a question to the machine.
struct DoctorChecks {
  private let cache: String
  private let remote: String?
  private let manager = FileManager.default

  /// Makes the checks of a cache and a remote; where they are not given, of those that a run here
  /// would use.
  init(cache: String?, remote: String?) {
    let environment = ProcessInfo.processInfo.environment
    self.cache = Workspace(spec: nil, cache: cache).cache
    self.remote = remote ?? environment["WINA_REMOTE"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Returns what all checks found.
  func all() -> [DoctorCheck] {
    [processor(), kernels(), blas(), memory(), store(), disk(), models(), team()]
  }

  private func processor() -> DoctorCheck {
    let info = text("/proc/cpuinfo")
    let flags = Set(field("flags", in: info).split(separator: " ").map(String.init))
    let wanted = ["avx2", "fma", "f16c", "avx512f", "sha_ni"]
    let found = wanted.filter(flags.contains)
    let name = field("model name", in: info)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    return DoctorCheck(
      name: "cpu", status: .fine,
      fact: "\(cores) cores, \(name.isEmpty ? "unknown model" : name)"
        + (found.isEmpty ? "" : " (\(found.joined(separator: " ")))"))
  }

  private func kernels() -> DoctorCheck {
    let level = Kernels.level
    return DoctorCheck(
      name: "kernels", status: .fine, fact: "\(level)",
      hint: level == .portable
        ? "this CPU lacks AVX2, FMA or F16C; results hold, speed does not" : nil)
  }

  private func blas() -> DoctorCheck {
    let configuration = BLAS.configuration
    return DoctorCheck(
      name: "blas", status: configuration.isEmpty ? .fault : .fine,
      fact: configuration.isEmpty ? "OpenBLAS does not answer" : configuration,
      hint: configuration.isEmpty ? "make setup installs it" : nil)
  }

  private func memory() -> DoctorCheck {
    let words = field("MemAvailable", in: text("/proc/meminfo")).split(separator: " ")
    guard let kibibytes = words.first.flatMap({ Double($0) }) else {
      return DoctorCheck(name: "memory", status: .warning, fact: "cannot be told")
    }
    let gibibytes = kibibytes / 1_048_576
    return DoctorCheck(
      name: "memory", status: gibibytes < 2 ? .warning : .fine,
      fact: "\(DoctorChecks.text(gibibytes)) GiB available",
      hint: gibibytes < 2 ? "runs of small models want 2 GiB" : nil)
  }

  private func store() -> DoctorCheck {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let store = try ArtifactStore(
        root: cache,
        options: StoreOptions(clock: { Double((clock.now - start).components.seconds) }))
      guard manager.isWritableFile(atPath: cache) else {
        return DoctorCheck(
          name: "cache", status: .fault, fact: "\(cache) is read-only",
          hint: "choose another with --cache or WINA_CACHE")
      }
      let objects = try store.statistics().objects
      return DoctorCheck(
        name: "cache", status: .fine,
        fact: "\(cache), \(objects.count) objects, \(DoctorChecks.bytes(objects.bytes))")
    } catch {
      return DoctorCheck(
        name: "cache", status: .fault, fact: error.message,
        hint: error.hint.isEmpty ? "choose another with --cache or WINA_CACHE" : error.hint)
    }
  }

  private func disk() -> DoctorCheck {
    do {
      let facts = try manager.attributesOfFileSystem(forPath: existingFolder(cache))
      guard let free = (facts[.systemFreeSize] as? NSNumber)?.intValue else {
        return DoctorCheck(name: "disk", status: .warning, fact: "free space cannot be told")
      }
      let isLow = free < 1 << 30
      return DoctorCheck(
        name: "disk", status: isLow ? .warning : .fine,
        fact: "\(DoctorChecks.bytes(free)) free at the cache",
        hint: isLow ? "a run needs room for what it stores; choose another --cache" : nil)
    } catch {
      return DoctorCheck(name: "disk", status: .warning, fact: error.localizedDescription)
    }
  }

  private func models() -> DoctorCheck {
    let names = ModelLookup.process.bundled("models") { folder in
      guard manager.fileExists(atPath: folder) else { return [] }
      do {
        return try manager.contentsOfDirectory(atPath: folder).filter {
          manager.fileExists(atPath: "\(folder)/\($0)/config.json")
        }
      } catch {
        return []
      }
    }
    var faults: [String] = []
    for name in names {
      guard let path = ModelLookup.process.model(name) else { continue }
      do {
        _ = try LanguageModel.weightBytes(directory: path)
        _ = try ModelConfiguration.load(path: path)
      } catch { faults.append("\(name): \(error.message)") }
    }
    return DoctorCheck(
      name: "models", status: faults.isEmpty ? .fine : .warning,
      fact: names.isEmpty
        ? "none bundled; specs name models by path"
        : (faults.isEmpty ? names : faults).joined(separator: faults.isEmpty ? " " : "; "))
  }

  private func team() -> DoctorCheck {
    guard let remote else { return DoctorCheck(name: "remote", status: .fine, fact: "none") }
    var isDirectory: ObjCBool = false
    let exists = manager.fileExists(atPath: remote, isDirectory: &isDirectory)
    if exists, isDirectory.boolValue, manager.isReadableFile(atPath: remote) {
      let isWritable = manager.isWritableFile(atPath: remote)
      return DoctorCheck(
        name: "remote", status: isWritable ? .fine : .warning,
        fact: remote + (isWritable ? "" : " is read-only"),
        hint: isWritable ? nil : "results are read from it but not shared through it")
    }
    return DoctorCheck(
      name: "remote", status: .warning,
      fact: "\(remote) is not there yet or is no readable directory",
      hint: "it is made by the first run that has something to share")
  }

  private func existingFolder(_ path: String) -> String {
    var url = URL(fileURLWithPath: path)
    while url.path != "/", !manager.fileExists(atPath: url.path) { url.deleteLastPathComponent() }
    return url.path
  }

  private func text(_ path: String) -> String {
    String(decoding: manager.contents(atPath: path) ?? Data(), as: UTF8.self)
  }

  /// Returns what follows `name:` on the first line that begins so.
  private func field(_ name: String, in text: String) -> String {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { return parts[1].trimmingCharacters(in: .whitespaces) }
    }
    return ""
  }

  private static func bytes(_ count: Int) -> String {
    let gibibytes = Double(count) / 1_073_741_824
    return gibibytes >= 1
      ? "\(text(gibibytes)) GiB" : "\(text(Double(count) / 1_048_576)) MiB"
  }

  private static func text(_ value: Double) -> String { String(format: "%.1f", value) }
}
