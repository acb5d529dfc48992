import Foundation

/// Real models, tokenizers and benchmarks that live beside the checkout and may be absent.
public enum SharedData {
  /// The root of this package's checkout.
  public static let packageRoot: String = {
    var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.path
  }()

  /// The folder that holds the data, `../shared/data` from the package's root.
  public static let root: String = URL(fileURLWithPath: packageRoot)
    .deletingLastPathComponent().appendingPathComponent("shared/data").path

  /// Whether the folder exists on this machine.
  public static let isPresent: Bool = FileManager.default.fileExists(atPath: root + "/README.md")

  /// The reason given for a test that is skipped because the data is absent.
  public static let absence = "needs ../shared/data, which is absent"

  /// Returns the absolute path of an entry below ``root``.
  public static func path(_ relative: String) -> String { root + "/" + relative }
}
