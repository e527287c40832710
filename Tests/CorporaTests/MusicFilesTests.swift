import Foundation
import Groundwork
import TestSupport
import Testing

@testable import Corpora

@Suite struct MusicFilesTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func make(_ names: String...) throws {
    for name in names {
      try FileManager.default.createDirectory(
        atPath: folderName(of: folder.file(name)), withIntermediateDirectories: true)
      try replaceFile(at: folder.file(name), with: name)
    }
  }

  private func found(_ roots: [String]? = nil) throws -> [String] {
    try MusicFiles(in: roots ?? [folder.path]).paths.map { String($0.dropFirst(folder.path.count + 1)) }
  }

  @Test("Every ending is found in any case and at any depth in byte order")
  func everyEndingIsFoundInAnyCaseAndAtAnyDepthInByteOrder() throws {
    try make(
      "b/x/deep.KAR", "b/a.MID", "B.midi", "a.rmi", "é.abc", "c.Abc", "notes.txt", "mid", ".hidden.mid",
      ".git/a.mid")
    #expect(try found() == ["B.midi", "a.rmi", "b/a.MID", "b/x/deep.KAR", "c.Abc", "é.abc"])
  }

  @Test("Links lead to files once and never in circles") func linksLeadToFilesOnceAndNeverInCircles() throws {
    try make("a/one.mid", "a/two.mid")
    let files = FileManager.default
    try files.createSymbolicLink(atPath: folder.file("a/loop"), withDestinationPath: folder.path)
    try files.createSymbolicLink(atPath: folder.file("b"), withDestinationPath: folder.file("a"))
    try files.createSymbolicLink(atPath: folder.file("gone.mid"), withDestinationPath: "/nowhere.mid")
    #expect(try found() == ["a/one.mid", "a/two.mid"])
    #expect(try MusicFiles(in: [folder.path]).skipped.map(\.file) == [folder.file("gone.mid")])
    #expect(try found([folder.file("b"), folder.file("a/one.mid")]) == ["b/one.mid", "b/two.mid"])
  }

  @Test("A file that is named is taken whatever its ending") func aFileThatIsNamedIsTakenWhateverItsEnding()
    throws
  {
    try make("tune.bin")
    #expect(try found([folder.file("tune.bin")]) == ["tune.bin"])
    #expect(throws: FileError.notFound(path: folder.file("none"))) { try found([folder.file("none")]) }
  }

  @Test("A pipe is not waited for") func aPipeIsNotWaitedFor() throws {
    try #require(mkfifo(folder.file("pipe.mid"), 0o600) == 0)
    #expect(try found().isEmpty)
    #expect(try MusicFiles(in: [folder.path]).skipped.map(\.file) == [folder.file("pipe.mid")])
    #expect(throws: FileError.self) { try found([folder.file("pipe.mid")]) }
  }

  @Test(
    "What may not be read is named",
    .enabled(if: geteuid() != 0, "skipped: the superuser may read everything"))
  func whatMayNotBeReadIsNamed() throws {
    try make("closed/one.mid", "open/two.mid")
    try #require(chmod(folder.file("closed"), 0) == 0)
    defer { chmod(folder.file("closed"), 0o700) }
    let files = try MusicFiles(in: [folder.path])
    #expect(files.paths == [folder.file("open/two.mid")])
    #expect(files.skipped.map(\.file) == [folder.file("closed")])
    #expect(files.skipped[0].reason.contains("cannot be read"))
  }

  @Test("No file at all is an empty answer") func noFileAtAllIsAnEmptyAnswer() throws {
    try make("readme.txt")
    #expect(try found().isEmpty)
  }
}
