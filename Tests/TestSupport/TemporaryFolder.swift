internal import Foundation

/// A folder that is there while this object lives.
public final class TemporaryFolder: Sendable {
  /// Its path.
  public let path: String

  /// Makes a new, empty folder.
  public init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "gruppetto-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  /// The path of something in it.
  public func file(_ name: String) -> String { path + "/" + name }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
