internal import ArgumentParser
internal import Audio
internal import Composing
internal import Foundation
internal import Groundwork

/// An output file; the ending of its name determines the format.
struct OutputFile: Hashable {
  enum Form: Hashable {
    case midi
    case sound
    case picture
    /// A page to listen through, with the sound and the notes of its pieces.
    case folder
  }

  let path: String
  let form: Form

  /// The output that `path` names, `-` being MIDI on standard output.
  /// - Parameters:
  ///   - path: The path.
  ///   - pieces: How many pieces are written where a folder may be named; nil where none may. Of several pieces a name without an ending is one;
  ///     one piece needs a folder that is there, or a slash at the end.
  /// - Throws: `UsageError` for an unknown ending.
  init(_ path: String, pieces: Int? = nil) throws {
    self.path = path
    let name = path.split(separator: "/").last ?? ""
    switch name.contains(".") ? name.split(separator: ".").last?.lowercased() : nil {
    case "mid", "midi": form = .midi
    case let ending? where AudioFileFormat(ending: ending) != nil: form = .sound
    case "svg": form = .picture
    case _ where path == "-": form = .midi
    case let ending
    where pieces != nil
      && (path.hasSuffix("/") || isFolder(path) || (ending == nil && pieces != 1)):
      form = .folder
    default:
      throw UsageError(
        "\(path): the ending must be .mid, .svg, or that of a sound file: .wav, .w64, .aiff, .caf, .flac, .ogg, .opus or .mp3"
          + (pieces == 1 ? "; a folder that is not there yet ends in a slash" : ""))
    }
  }

  private init(path: String, form: Form) {
    self.path = path
    self.form = form
  }

  var isStandardOutput: Bool { path == "-" }
  /// Whether sound is written.
  var hasSound: Bool { form == .sound || form == .folder }

  /// The path with links resolved, to compare names of the same file.
  var plainPath: String { canonicalPath(path) }

  /// The file's name for the piece of this number (from 1) among `count`: `tune.mid` becomes `tune-001.mid`.
  func numbered(_ number: Int, of count: Int) -> OutputFile {
    guard count > 1, let dot = path.lastIndex(of: ".") else { return self }
    return OutputFile(
      path: "\(path[..<dot])-\(Self.digits(number, of: count))\(path[dot...])", form: form)
  }

  /// The files of the piece of this number (from 1) among `count`: one, but in a folder its sound and its notes.
  func files(_ number: Int, of count: Int) -> [OutputFile] {
    guard form == .folder else { return [numbered(number, of: count)] }
    return [("mid", Form.midi), ("ogg", .sound)].map { ending, form in
      OutputFile(path: "\(folderPath)/\(Self.digits(number, of: count)).\(ending)", form: form)
    }
  }

  /// A folder's path without a slash at its end.
  var folderPath: String { ModelFolder(path: path).path }

  /// A number with as many digits as all of them have, at least three.
  static func digits(_ number: Int, of count: Int) -> String {
    String(repeating: "0", count: max(0, max(3, String(count).count) - String(number).count))
      + String(number)
  }

  /// Checks, before long work begins, that the file's folder exists and is writable.
  func checkFolder() throws(FileError) {
    guard !isStandardOutput else { return }
    guard form == .folder else { return try Self.checkFolder(of: path) }
    try Self.checkFolder(of: isFolder(folderPath) ? folderPath + "/index.html" : folderPath)
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
