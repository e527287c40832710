internal import Foundation
internal import Groundwork

/// The folders that ship with the program: presets and corpora.
struct Resources {
  /// The folder of presets: the named one, else that of the environment, else that of the installation, else that of the checkout.
  static func presets(named path: String?) throws -> String {
    if let path {
      guard isFolder(path) else { throw FileError.notFound(path: path) }
      return path
    }
    if let path = FileName.environment("GRUPPETTO_PRESETS") {
      guard isFolder(path) else {
        throw MissingResource(
          name: "presets", place: "at \(path), where GRUPPETTO_PRESETS says that it is",
          remedy: "change or unset GRUPPETTO_PRESETS")
      }
      return path
    }
    return try shipped("presets", remedy: "name it with --presets FOLDER or GRUPPETTO_PRESETS")
  }

  /// The catalog of public collections.
  static func catalog() throws -> String {
    try shipped("corpora", remedy: "install it with Scripts/install") + "/catalogue.json"
  }

  private static func shipped(_ name: String, remedy: String) throws -> String {
    var folder = folderName(of: try linkTarget(of: "/proc/self/exe"))
    let installed = folderName(of: folder) + "/share/gruppetto/\(name)"
    if isFolder(installed) { return installed }
    // The products of a build are some folders below the checkout.
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
  /// Where it was sought, if at one place.
  var place: String?
  var remedy: String
  var kind: FailureKind { .missingInput }
  var message: String {
    "the folder \(name) that ships with gruppetto was not found\(place.map { " " + $0 } ?? ""); \(remedy)"
  }
}
