internal import Groundwork

/// Presets: JSON files in a folder, named by their file names without the ending.
enum PresetFile {
  static func path(of name: String, folder: String) -> String { "\(folder)/\(name).json" }

  /// Reads the preset `name`; a missing one is answered with the names that there are.
  static func read<Value: Codable>(
    _ type: Value.Type, named name: String, folder: String
  ) throws(ComposingError) -> Value {
    let path = path(of: name, folder: folder)
    guard !name.isEmpty, !name.contains("/"), fileExists(path) else {
      throw .unknownPreset(name: name, folder: folder, available: names(folder: folder))
    }
    do { return try JSONFile.read(type, path: path) } catch { throw ComposingError(error) }
  }

  /// The names of a folder's presets in alphabetical order.
  static func names(folder: String) -> [String] {
    let files = (try? Groundwork.names(inFolder: folder)) ?? []
    return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
  }
}
