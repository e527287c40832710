internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Presets: JSON files in a folder, named by their file names without the ending.
enum PresetFile {
  static func path(of name: String, folder: String) -> String { "\(folder)/\(name).json" }

  /// Reads the preset `name`; a missing one is answered with the names that there are.
  static func read<Value: Codable>(
    _ type: Value.Type, named name: String, folder: String
  ) throws(ComposingError) -> Value {
    let path = path(of: name, folder: folder)
    guard !name.isEmpty, !name.contains("/"), access(path, F_OK) == 0 else {
      throw .unknownPreset(name: name, folder: folder, available: names(folder: folder))
    }
    return try JSONFile.read(type, path: path)
  }

  /// The names of a folder's presets in alphabetical order.
  static func names(folder: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
          String(cString: $0)
        }
      }
      if name.hasSuffix(".json") { names.append(String(name.dropLast(5))) }
    }
    return names.sorted()
  }
}
