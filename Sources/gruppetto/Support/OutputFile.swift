internal import ArgumentParser
internal import Foundation
internal import Groundwork

/// An output file; the ending of its name determines the format.
struct OutputFile: Hashable {
  enum Form: Hashable {
    case midi
    case sound
    case picture
  }

  let path: String
  let form: Form

  /// The output that `path` names, `-` being MIDI on standard output.
  /// - Throws: `UsageError` for an unknown ending.
  init(_ path: String) throws {
    self.path = path
    let name = path.split(separator: "/").last ?? ""
    switch name.contains(".") ? name.split(separator: ".").last?.lowercased() : nil {
    case "mid", "midi": form = .midi
    case "wav", "wave", "flac", "ogg", "oga": form = .sound
    case "svg": form = .picture
    case _ where path == "-": form = .midi
    default:
      throw UsageError("\(path): the ending must be .mid, .wav, .flac, .ogg or .svg")
    }
  }

  private init(path: String, form: Form) {
    self.path = path
    self.form = form
  }

  var isStandardOutput: Bool { path == "-" }

  /// The path with links resolved, to compare names of the same file.
  var plainPath: String { canonicalPath(path) }

  /// The file's name for the piece of this number (from 1) among `count`: `tune.mid` becomes `tune-001.mid`.
  func numbered(_ number: Int, of count: Int) -> OutputFile {
    guard count > 1, let dot = path.lastIndex(of: ".") else { return self }
    let digits =
      String(repeating: "0", count: max(0, max(3, String(count).count) - String(number).count))
      + String(number)
    return OutputFile(path: "\(path[..<dot])-\(digits)\(path[dot...])", form: form)
  }

  /// Checks, before long work begins, that the file's folder exists and is writable.
  func checkFolder() throws(FileError) {
    guard !isStandardOutput else { return }
    try Self.checkFolder(of: path)
  }

  /// Checks that a file can be written at `path`.
  static func checkFolder(of path: String) throws(FileError) {
    let folder = folderName(of: try linkTarget(of: path))
    guard isFolder(folder) else {
      throw .unwritable(path: path, reason: "the folder \(folder) does not exist")
    }
    if let reason = obstacle(toWritingIn: folder) {
      throw .unwritable(path: path, reason: "\(reason): the folder \(folder)")
    }
    if isFolder(path) { throw .unwritable(path: path, reason: "it is a folder") }
  }
}
