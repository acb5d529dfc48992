import Foundation

/// Finds models and suites by the names that specs and commands use.
///
/// A name with a `/` is a path. One without is bundled: a folder of `models/` (or `suites/`) in
/// `WINA_HOME`, then beside the ancestors of the executable and of the working directory.
package struct ModelLookup: Sendable {
  /// The folders that may hold `models/` and `suites/`, best first.
  package let homes: [String]
  private let exists: @Sendable (String) -> Bool

  /// Makes a lookup from what the process knows, all of it passed in.
  ///
  /// - Parameters:
  ///   - home: The value of `WINA_HOME`, if set.
  ///   - executable: The absolute path of the program.
  ///   - workingDirectory: The absolute path of the working directory.
  ///   - exists: Whether a path exists.
  package init(
    home: String?, executable: String, workingDirectory: String,
    exists: @escaping @Sendable (String) -> Bool
  ) {
    var homes = home.map { [$0] } ?? []
    for start in [ModelLookup.parent(executable), workingDirectory] {
      for folder in ModelLookup.ancestors(start) where !homes.contains(folder) {
        homes.append(folder)
      }
    }
    self.homes = homes
    self.exists = exists
  }

  /// The lookup of this process.
  package static var process: ModelLookup {
    let environment = ProcessInfo.processInfo.environment
    let executable = Bundle.main.executablePath ?? CommandLine.arguments[0]
    return ModelLookup(
      home: environment["WINA_HOME"].flatMap { $0.isEmpty ? nil : $0 },
      executable: URL(fileURLWithPath: executable).resolvingSymlinksInPath().path,
      workingDirectory: FileManager.default.currentDirectoryPath,
      exists: { FileManager.default.fileExists(atPath: $0) })
  }

  /// Returns the path of a model, or `nil` where there is none.
  package func model(_ name: String) -> String? { locate(name, in: "models") }

  /// Returns the path of a suite, or `nil` where there is none.
  package func suite(_ name: String) -> String? { locate(name, in: "suites") }

  /// Returns the label and the path of every file of a suite's folder, sorted.
  ///
  /// - Throws: ``ModelInputError`` if it is no folder, has no file, or has two of one label.
  static func suiteFiles(
    _ folder: String
  ) throws(ModelInputError) -> [(label: String, path: String)] {
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    guard manager.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
      let names = try? manager.contentsOfDirectory(atPath: folder)
    else {
      throw ModelInputError(
        message: "'\(folder)' is no suite: it is not a folder that can be read",
        hint: "a suite is a folder with a .jsonl or .jsonl.zst for each label")
    }
    var files: [(label: String, path: String)] = []
    for name in names.sorted() where name.hasSuffix(".jsonl") || name.hasSuffix(".jsonl.zst") {
      let (label, path) = (String(name.prefix { $0 != "." }), "\(folder)/\(name)")
      guard manager.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
        continue
      }
      guard !files.contains(where: { $0.label == label }) else {
        throw ModelInputError(
          message: "'\(folder)' has two files of the label '\(label)'", hint: "remove one of them")
      }
      files.append((label, path))
    }
    guard !files.isEmpty else {
      throw ModelInputError(
        message: "'\(folder)' is no suite: it has no file of records",
        hint: "a suite is a folder with a .jsonl or .jsonl.zst for each label")
    }
    return files
  }

  /// Returns the names of what is bundled, sorted.
  package func bundled(_ folder: String, list: (String) -> [String]) -> [String] {
    Set(homes.flatMap { list($0 + "/" + folder) }).sorted()
  }

  private func locate(_ name: String, in folder: String) -> String? {
    if name.contains("/") || name == "." || name == ".." { return exists(name) ? name : nil }
    let bundled = homes.lazy.map { "\($0)/\(folder)/\(name)" }.first(where: exists)
    return bundled ?? (exists(name) ? name : nil)
  }

  private static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  private static func ancestors(_ path: String) -> [String] {
    var result = [path]
    while let last = result.last, last != "/", last.contains("/") { result.append(parent(last)) }
    return result.filter { $0 != "/" }
  }
}

extension ModelLookup {
  /// Returns the path of a model that a command was given.
  ///
  /// - Throws: ``ModelInputError`` that says where it was looked for.
  func requireModel(_ name: String) throws -> String {
    if let path = model(name) { return path }
    throw ModelInputError(
      message: "there is no model '\(name)'",
      hint: name.contains("/")
        ? "give the path of a Hugging Face directory"
        : "looked for models/\(name) in WINA_HOME and beside the ancestors of the program and of "
          + "the working directory; give a path with a '/' for a directory")
  }
}
