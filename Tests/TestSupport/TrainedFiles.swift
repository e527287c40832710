internal import Foundation

/// All that a training leaves in its folder, without what the clock says.
public struct TrainedFiles: Equatable {
  /// The best weights, byte for byte.
  public let weights: [UInt8]
  /// The checkpoint: the text in its header, and after the header its tensors byte for byte.
  public let checkpointText: [String: String], checkpointTensors: [UInt8]
  /// The lines of the history.
  public let history: String

  /// The files in a folder.
  public init(path: String) throws {
    weights = try Self.bytes(path + "/model.safetensors")
    let checkpoint = try Self.bytes(path + "/training.safetensors")
    let length = checkpoint.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    var header =
      try JSONSerialization.jsonObject(with: Data(checkpoint[8..<8 + length])) as? [String: Any] ?? [:]
    var text = header.removeValue(forKey: "__metadata__") as? [String: String] ?? [:]
    // It is of the seconds too.
    text["gruppetto.xxh64"] = nil
    text["state"] = Self.withoutSeconds(text["state"] ?? "")
    text["tensors"] = String(
      decoding: try JSONSerialization.data(withJSONObject: header, options: .sortedKeys), as: UTF8.self)
    checkpointText = text
    checkpointTensors = Array(checkpoint[(8 + length)...])
    history = Self.withoutSeconds(
      String(decoding: try Self.bytes(path + "/history.jsonl"), as: UTF8.self))
  }

  /// The files in a temporary folder.
  public init(_ folder: TemporaryFolder) throws { try self.init(path: folder.path) }

  private static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
  }

  private static func withoutSeconds(_ json: String) -> String {
    json.replacing(/"seconds":[^,}]*/, with: "\"seconds\":0")
  }
}
