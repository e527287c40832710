import Foundation
import Groundwork
import TestSupport
import Testing

@Suite struct FileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("A replacement takes the old file's place whole") func aReplacementTakesTheOldFilesPlaceWhole() throws
  {
    let path = folder.file("a.txt")
    try replaceFile(at: path, with: "old")
    let replacement = try AtomicReplacement(path: path)
    try replacement.write(Array("new".utf8))
    #expect(try readFile(path) == Array("old".utf8))
    try replacement.commit()
    #expect(try readFile(path) == Array("new".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.txt"])
  }

  @Test("What is no plain file is not replaced") func whatIsNoPlainFileIsNotReplaced() throws {
    let path = folder.file("pipe")
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: FileError.unwritable(path: path, reason: "it is not a regular file")) {
      try replaceFile(at: path, with: "text")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["pipe"])
  }

  @Test("An abandoned replacement leaves nothing") func anAbandonedReplacementLeavesNothing() throws {
    let path = folder.file("b.txt")
    do {
      let replacement = try AtomicReplacement(path: path)
      try replacement.write([1, 2, 3])
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  /// In a process of its own: all temporary files go, those of other tests too.
  @Test("An interrupted program can remove its temporary files")
  func anInterruptedProgramCanRemoveItsTemporaryFiles() async throws {
    let path = folder.file("c.txt")
    await #expect(processExitsWith: .exitCode(7)) { [path = path as String] in
      let replacement = try AtomicReplacement(path: path)
      let temporary = replacement.temporaryPath
      guard fileExists(temporary) else { exit(1) }
      TemporaryFiles.removeAll()
      _exit(fileExists(temporary) ? 2 : 7)
    }
    #expect(try names(inFolder: folder.path).isEmpty)
  }

  @Test("Writing where nothing can be written names the path")
  func writingWhereNothingCanBeWrittenNamesThePath() throws {
    #expect(throws: FileError.unwritable(path: "/nowhere/x", reason: "no such file or directory")) {
      try replaceFile(at: "/nowhere/x", with: "x")
    }
  }

  @Test("Reading what is not there or is a folder says so") func readingWhatIsNotThereOrIsAFolderSaysSo()
    throws
  {
    let path = folder.file("absent")
    #expect(throws: FileError.notFound(path: path)) { try readFile(path) }
    #expect(throws: FileError.unreadable(path: folder.path, reason: "it is a folder")) {
      try readFile(folder.path)
    }
  }

  @Test("An empty file maps to no bytes") func anEmptyFileMapsToNoBytes() throws {
    let path = folder.file("empty")
    try replaceFile(at: path, with: "")
    #expect(try MappedFile(path: path).count == 0)
  }

  @Test("Folder names follow the posix rules") func folderNamesFollowThePosixRules() {
    #expect(folderName(of: "a") == ".")
    #expect(folderName(of: "/a") == "/")
    #expect(folderName(of: "b/c/a") == "b/c")
  }
}
