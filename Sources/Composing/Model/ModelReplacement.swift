internal import Groundwork

/// The moves of files by which a new model takes the place of one that is there; see `ModelFolder`.
enum ModelReplacement {
  private static func remainsPath(in folder: ModelFolder) -> String {
    folder.path + "/" + ModelFolder.remainsName
  }

  /// Makes an empty folder for a model that is to replace the one in `folder`.
  static func begin(in folder: ModelFolder) throws(ComposingError) -> ModelFolder {
    try perform { () throws(FileError) in
      try removeTree(folder.replacement.path)
      try makeFolder(folder.replacement.path)
    }
    return folder.replacement
  }

  /// Takes back a new model that has not taken the place of the one in `folder`.
  static func abandon(in folder: ModelFolder) { try? removeTree(folder.replacement.path) }

  /// Puts the new model in the place of the one in `folder`.
  static func commit(in folder: ModelFolder) throws(ComposingError) {
    try perform { () throws(FileError) in
      // They are of the old model, and are written again at the end of training.
      try removeFile(folder.cardPath)
      try removeFile(folder.criticPath)
      try rename(folder.replacement.path, to: folder.complete.path)
    }
    try finish(in: folder)
  }

  /// Gives the files of a new model that counts already to the model's own folder; if there is none, nothing is done. May be
  /// done again where it was interrupted.
  static func finish(in folder: ModelFolder) throws(ComposingError) {
    let complete = folder.complete
    try perform { () throws(FileError) in
      try removeTree(remainsPath(in: folder))
      // Without a description it is of no use to anybody.
      if !fileExists(folder.replacement.descriptionPath) { try removeTree(folder.replacement.path) }
    }
    guard isFolder(complete.path) else { return }
    try perform { () throws(FileError) in
      if isFolder(complete.corpusPath) { try makeFolder(folder.corpusPath) }
      let corpusFiles = isFolder(complete.corpusPath) ? try names(inFolder: complete.corpusPath) : []
      let files = complete.presentParts + corpusFiles.map { "corpus/" + $0 }
      for name in files { try linkFile(complete.path + "/" + name, to: folder.path + "/" + name) }
      for part in ModelFolder.parts where !files.contains(part) { try removeFile(folder.path + "/" + part) }
      // Not removed at once, it must not be read as a model meanwhile: neither under this name nor without its description.
      try removeTree(folder.replacement.path)
      try rename(complete.path, to: remainsPath(in: folder))
      try removeTree(remainsPath(in: folder))
    }
  }

  private static func perform(_ work: () throws(FileError) -> Void) throws(ComposingError) {
    do { try work() } catch { throw .file(error) }
  }
}
