internal import Foundation

/// The real data that stands beside a checkout (`../shared/data`); tests that need it are skipped where it is absent.
public enum SharedData {
  /// The folder of the data.
  public static let folder: String = {
    let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return checkout.deletingLastPathComponent().appending(path: "shared/data").path
  }()

  /// Whether it is there.
  public static var isPresent: Bool { FileManager.default.fileExists(atPath: folder) }

  /// What a skipped test says.
  public static let absence = "skipped: the data beside the checkout (../shared/data) is absent"

  /// The path of something in it.
  public static func path(_ relative: String) -> String { folder + "/" + relative }

  /// The files under a folder of it, at any depth, whose names end in `suffix`, sorted.
  public static func files(under relative: String, suffix: String) -> [String] {
    let root = path(relative)
    guard let names = FileManager.default.subpaths(atPath: root) else { return [] }
    return names.filter { $0.hasSuffix(suffix) }.sorted().map { root + "/" + $0 }
  }
}
