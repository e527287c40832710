internal import ArgumentParser
internal import Foundation
internal import Groundwork

/// A file that a composition or a rendering is written to; its ending says in which form.
struct OutputFile: Hashable {
  enum Form: Hashable {
    case midi
    case sound
    case picture
  }

  let path: String
  let form: Form

  /// The output that `path` names, `-` being MIDI on standard output.
  /// - Throws: `UsageError` for an ending that means nothing here.
  init(_ path: String) throws {
    self.path = path
    let name = path.split(separator: "/").last ?? ""
    switch name.contains(".") ? name.split(separator: ".").last?.lowercased() : nil {
    case "mid", "midi": form = .midi
    case "wav", "wave", "flac", "ogg", "oga": form = .sound
    case "svg": form = .picture
    case _ where path == "-": form = .midi
    default:
      throw UsageError("\(path): the ending says what to write, and must be .mid, .wav, .flac, .ogg or .svg")
    }
  }

  private init(path: String, form: Form) {
    self.path = path
    self.form = form
  }

  var isStandardOutput: Bool { path == "-" }

  /// The path without links and detours, by which two names of one file are the same.
  var plainPath: String { canonicalPath(path) }

  /// The file's name for the piece of this number (from 1) among `count`: `tune.mid` becomes `tune-001.mid`.
  func numbered(_ number: Int, of count: Int) -> OutputFile {
    guard count > 1, let dot = path.lastIndex(of: ".") else { return self }
    let digits =
      String(repeating: "0", count: max(0, max(3, String(count).count) - String(number).count))
      + String(number)
    return OutputFile(path: "\(path[..<dot])-\(digits)\(path[dot...])", form: form)
  }

  /// Checks, before long work begins, that the file's folder is there and can be written.
  func checkFolder() throws(FileError) {
    guard !isStandardOutput else { return }
    try Self.checkFolder(of: path)
  }

  /// Checks that a file can be written at `path`.
  static func checkFolder(of path: String) throws(FileError) {
    let folder = folderName(of: try linkTarget(of: path))
    guard isFolder(folder) else { throw .unwritable(path: path, reason: "there is no folder \(folder)") }
    if let reason = obstacle(toWritingIn: folder) {
      throw .unwritable(path: path, reason: "\(reason): the folder \(folder)")
    }
    if isFolder(path) { throw .unwritable(path: path, reason: "it is a folder") }
  }
}
