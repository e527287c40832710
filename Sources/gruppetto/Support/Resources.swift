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
    if let path = FileName.environment("GRUPPETTO_PRESETS") {
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
    var folder = folderName(of: try linkTarget(of: "/proc/self/exe"))
    let installed = folderName(of: folder) + "/share/gruppetto/\(name)"
    if isFolder(installed) { return installed }
    // A build's products lie some folders below the checkout.
    while folder != "/", folder != "." {
      let candidate = folder + "/" + name
      if isFolder(candidate), fileExists(folder + "/Package.swift") { return candidate }
      folder = folderName(of: folder)
    }
    throw MissingResource(name: name, remedy: remedy)
  }
}

/// A folder that ships with the program and was not found.
struct MissingResource: DiagnosableError {
  var name: String
  var remedy: String
  var kind: FailureKind { .missingInput }
  var message: String { "the folder \(name) that ships with gruppetto was not found; \(remedy)" }
}
