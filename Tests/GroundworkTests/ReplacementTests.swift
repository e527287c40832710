import Foundation
import Groundwork
import TestSupport
import Testing

/// A file that is replaced keeps its place, its links and its permissions.
@Suite struct ReplacementTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func mode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file(name))
    return try #require(attributes[.posixPermissions] as? Int)
  }

  private func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: target)
  }

  private func isLink(_ name: String) throws -> Bool {
    try FileManager.default.attributesOfItem(atPath: folder.file(name))[.type] as? FileAttributeType
      == .typeSymbolicLink
  }

  @Test("A link stays and its target is written", arguments: [true, false])
  func aLinkStaysAndItsTargetIsWritten(exists: Bool) throws {
    try makeFolder(folder.file("there"))
    if exists { try replaceFile(at: folder.file("there/real"), with: "old") }
    try link("first", to: "second")
    try link("second", to: folder.file("there/real"))
    try replaceFile(at: folder.file("first"), with: "new")
    #expect(try readFile(folder.file("there/real")) == Array("new".utf8))
    #expect(try isLink("first") && isLink("second"))
    #expect(try names(inFolder: folder.file("there")) == ["real"])
  }

  @Test("Links in a circle are an error") func linksInACircleAreAnError() throws {
    try link("a", to: "b")
    try link("b", to: "a")
    #expect(throws: FileError.self) { try replaceFile(at: folder.file("a"), with: "x") }
    #expect(try names(inFolder: folder.path) == ["a", "b"])
  }

  @Test("The permissions stay", arguments: [0o600, 0o640, 0o755, 0o444])
  func thePermissionsStay(mode wanted: Int) throws {
    try replaceFile(at: folder.file("file"), with: "old")
    #expect(chmod(folder.file("file"), mode_t(wanted)) == 0)
    try replaceFile(at: folder.file("file"), with: "new")
    #expect(try mode("file") == wanted)
  }

  @Test("The longest name has room for its temporary file") func theLongestNameHasRoom() throws {
    let name = String(repeating: "n", count: 255)
    try replaceFile(at: folder.file(name), with: "new")
    #expect(try names(inFolder: folder.path) == [name])
  }

  @Test("Two paths of one file are the same") func twoPathsOfOneFileAreTheSame() throws {
    try makeFolder(folder.file("sub"))
    try link("link", to: "sub/file")
    let plain = canonicalPath(folder.file("sub/file"))
    #expect(canonicalPath(folder.file("sub/../link")) == plain)
    #expect(canonicalPath(folder.file("sub/./file")) == plain)
    #expect(canonicalPath(folder.file("sub/other")) != plain)
  }

  @Test("A file gets a second name in place of another") func aFileGetsASecondName() throws {
    try replaceFile(at: folder.file("new"), with: "new")
    try replaceFile(at: folder.file("old"), with: "old")
    for _ in 0..<2 { try linkFile(folder.file("new"), to: folder.file("old")) }
    #expect(try readFile(folder.file("old")) == Array("new".utf8))
    #expect(try names(inFolder: folder.path) == ["new", "old"])
  }

  @Test("A tree is removed without following its links") func aTreeIsRemovedWithoutFollowingItsLinks() throws
  {
    try makeFolder(folder.file("tree/inner"))
    try replaceFile(at: folder.file("kept"), with: "kept")
    try replaceFile(at: folder.file("tree/inner/file"), with: "x")
    try link("tree/link", to: folder.file("kept"))
    try removeTree(folder.file("tree"))
    try removeTree(folder.file("tree"))
    #expect(try names(inFolder: folder.path) == ["kept"])
  }
}
