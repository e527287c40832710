package import Groundwork
internal import Music
internal import Notation

/// The files of music among files and folders.
package struct MusicFiles {
  /// The files to read, each once, in the order of the paths given and within a folder in byte order.
  package private(set) var paths: [String] = []
  /// Folders that could not be searched, and what is named as music is but is no file that can be read.
  package private(set) var skipped: [SkippedFile] = []
  private var seen: Set<FileStatus.Identity> = []

  /// The endings that are looked for, as a sentence lists them.
  static var endingList: String { ScoreReader.fileEndings.sorted().map { "." + $0 }.joined(separator: " ") }

  /// Searches `roots`: a file that is named is taken whatever its ending, a folder is searched to any depth for files that end
  /// as music does. What is hidden is left alone; a file that several links lead to is taken once.
  /// - Throws: `FileError.notFound` for a root that is not there, `.unreadable` for one that is neither file nor folder.
  package init(in roots: [String]) throws(FileError) {
    for root in roots {
      guard let status = FileStatus(path: root) else { throw .notFound(path: root) }
      guard status.isFolder || status.isRegularFile else {
        // A pipe would be waited for without end.
        throw .unreadable(path: root, reason: "it is neither a file nor a folder")
      }
      if status.isFolder {
        search(root, status)
      } else if seen.insert(status.identity).inserted {
        paths.append(root)
      }
    }
  }

  private mutating func search(_ folder: String, _ status: FileStatus) {
    guard seen.insert(status.identity).inserted else { return }
    let names: [String]
    do {
      names = try Groundwork.names(inFolder: folder)
    } catch {
      skipped.append(SkippedFile(file: folder, reason: reason(error, about: folder)))
      return
    }
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    for name in names where !name.hasPrefix(".") {
      let path = prefix + name
      let status = FileStatus(path: path)
      if let status, status.isFolder {
        search(path, status)
      } else if ScoreReader.canRead(name) {
        take(path, status)
      }
    }
  }

  private mutating func take(_ path: String, _ status: FileStatus?) {
    guard let status else {
      skipped.append(SkippedFile(file: path, reason: "it is a broken link, or is not readable"))
      return
    }
    guard status.isRegularFile else {
      skipped.append(SkippedFile(file: path, reason: "it is not a regular file"))
      return
    }
    if seen.insert(status.identity).inserted { paths.append(path) }
  }
}

/// Why a file was skipped: the error's message without the path, which is given separately.
func reason(_ error: any Error, about path: String) -> String {
  guard let known = error as? any DiagnosableError else { return "\(error)" }
  let prefix = path + ": "
  return known.message.hasPrefix(prefix) ? String(known.message.dropFirst(prefix.count)) : known.message
}
