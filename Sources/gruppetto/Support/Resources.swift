internal import Foundation
internal import Groundwork

/// Where the files that ship with the program are: presets and corpora.
struct Resources {
  /// The folder of presets: what was named, else the environment's, else beside the installed binary, else the checkout's.
  static func presets(named path: String?) throws -> String {
    if let path {
      guard isFolder(path) else { throw FileError.notFound(path: path) }
      return path
    }
    if let path = ProcessInfo.processInfo.environment["GRUPPETTO_PRESETS"], !path.isEmpty {
      guard isFolder(path) else { throw FileError.notFound(path: path) }
      return path
    }
    return try shipped("presets", remedy: "name it by --presets FOLDER or in GRUPPETTO_PRESETS")
  }

  /// The catalog of public collections.
  static func catalog() throws -> String {
    try shipped("corpora", remedy: "install it with Scripts/install") + "/catalogue.json"
  }

  private static func shipped(_ name: String, remedy: String) throws -> String {
    let binary = URL(filePath: Bundle.main.executablePath ?? CommandLine.arguments[0])
      .resolvingSymlinksInPath()
    var folder = binary.deletingLastPathComponent()
    let installed = folder.deletingLastPathComponent().appending(path: "share/gruppetto/\(name)").path
    if isFolder(installed) { return installed }
    // A build's products lie some folders below the checkout.
    while folder.path != "/" {
      let candidate = folder.appending(path: name).path
      if isFolder(candidate),
        FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path)
      {
        return candidate
      }
      folder = folder.deletingLastPathComponent()
    }
    throw MissingResource(name: name, remedy: remedy)
  }

  private static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}

/// A folder that ships with the program and was not found.
struct MissingResource: DiagnosableError {
  var name: String
  var remedy: String
  var kind: FailureKind { .missingInput }
  var message: String { "the folder \(name) that ships with gruppetto was not found; \(remedy)" }
}
