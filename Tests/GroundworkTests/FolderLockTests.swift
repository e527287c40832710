import Groundwork
import TestSupport
import Testing

@Suite struct FolderLockTests {
  @Test("A folder is taken once") func aFolderIsTakenOnce() throws {
    let folder = try TemporaryFolder()
    var lock: FolderLock? = try FolderLock(path: folder.path)
    #expect(throws: FileError.busy(path: folder.path)) { try FolderLock(path: folder.path) }
    withExtendedLifetime(lock) {}
    lock = nil
    #expect(throws: Never.self) { try FolderLock(path: folder.path) }
  }

  @Test("Only a folder can be taken") func onlyAFolderCanBeTaken() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FileError.notFound(path: folder.file("none"))) {
      try FolderLock(path: folder.file("none"))
    }
  }
}
