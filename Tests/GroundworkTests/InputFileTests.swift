import Foundation
import TestSupport
import Testing

@testable import Groundwork

/// Files of users are read within limits, first bytes first.
@Suite struct InputFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("A file beyond the limit is refused without being read") func aFileBeyondTheLimitIsRefused() throws {
    let path = folder.file("sparse")
    try replaceFile(at: path, with: "begin")
    #expect(truncate(path, 1 << 40) == 0)
    var file = try InputFile(path: path)
    #expect(try file.firstBytes(5) == Array("begin".utf8))
    do throws(FileError) {
      _ = try file.bytes(limit: 1000)
      Issue.record("a terabyte was read")
    } catch {
      #expect(error == .tooLarge(path: path, size: 1 << 40, limit: 1000) && error.kind == .badInput)
      #expect(error.message.contains("1,099,511,627,776") && error.message.contains("1,000 bytes"))
      #expect(error.remedies == [.raise(setting: "sizeLimit")])
    }
  }

  @Test("A file that is as large as the limit is read") func aFileAsLargeAsTheLimitIsRead() throws {
    let path = folder.file("exact")
    try replaceFile(at: path, with: [UInt8](repeating: 7, count: 200_000))
    #expect(try readFile(path, limit: 200_000).count == 200_000)
    #expect(throws: FileError.tooLarge(path: path, size: 200_000, limit: 199_999)) {
      try readFile(path, limit: 199_999)
    }
  }

  @Test("A file that shrinks while it is read is just shorter") func aFileThatShrinksIsJustShorter() throws {
    let path = folder.file("shrinking")
    try replaceFile(at: path, with: [UInt8](repeating: 1, count: 300_000))
    var file = try InputFile(path: path)
    _ = try file.firstBytes(10)
    #expect(truncate(path, 5_000) == 0)
    #expect(try file.bytes().count <= 65_536)
  }

  @Test("A file without a size of its own is read to its end") func aFileWithoutASizeIsRead() throws {
    #expect(try readFile("/proc/self/status").starts(with: Array("Name:".utf8)))
    #expect(throws: FileError.self) { try readFile("/proc/self/status", limit: 10) }
  }

  struct Settings: Codable {
    struct Inner: Codable { var number: Int }
    var inner: Inner
  }

  private func read(_ path: String, limit: Int) -> String {
    do throws(JSONFile.Failure) {
      _ = try JSONFile.read(Settings.self, path: path, limit: limit)
      return ""
    } catch {
      guard case .malformed(path, let reason) = error else { return "\(error)" }
      return reason
    }
  }

  @Test("A file of settings is checked") func aFileOfSettingsIsChecked() throws {
    let path = folder.file("settings.json")
    func reason(_ text: String, limit: Int = SizeLimit.settings) throws -> String {
      try replaceFile(at: path, with: text)
      return read(path, limit: limit)
    }
    #expect(try reason(#"{"inner":{"number":1}}"#) == "")
    #expect(try reason("{") == "it is not JSON")
    #expect(try reason("[]") == "it is not a JSON object of settings")
    #expect(try reason(#"{"inner":{}}"#) == "the setting 'inner.number' is missing")
    #expect(
      try reason(#"{"inner":{"number":"x"}}"#) == "the setting 'inner.number' has a value of the wrong type")
    #expect(try reason(#"{"inner":{"number":1,"more":2}}"#) == "it has the unknown setting 'inner.more'")
    #expect(try reason(#"{"inner":{"number":1}}"#, limit: 10).contains("more than 10 bytes"))
  }

  @Test("Of a large file that does not begin as it should little is read")
  func ofAStrangerLittleIsRead() throws {
    let path = folder.file("file")
    try replaceFile(at: path, with: "begin" + String(repeating: "x", count: 995))
    func bytes(_ limit: Int, unrecognized: Int, beginning: String) throws -> Int? {
      var file = try InputFile(path: path)
      return try file.bytes(limit: limit, ofUnrecognized: unrecognized, headLength: 5) {
        $0 == Array(beginning.utf8)
      }?.count
    }
    #expect(try bytes(1000, unrecognized: 10, beginning: "begin") == 1000)
    #expect(try bytes(1000, unrecognized: 1000, beginning: "other") == 1000)
    #expect(try bytes(1000, unrecognized: 999, beginning: "other") == nil)
    #expect(throws: FileError.tooLarge(path: path, size: 1000, limit: 999)) {
      try bytes(999, unrecognized: 10, beginning: "begin")
    }
  }

  @Test("A list of settings names the entry that is wrong") func aListNamesTheEntry() throws {
    let path = folder.file("list.json")
    func reason(_ text: String) throws -> String {
      try replaceFile(at: path, with: text)
      do throws(JSONFile.Failure) {
        _ = try JSONFile.read([Settings].self, path: path)
        return ""
      } catch {
        guard case .malformed(_, let reason) = error else { return "\(error)" }
        return reason
      }
    }
    #expect(try reason(#"[{"inner":{"number":1}}]"#) == "")
    #expect(try reason("{}") == "it is not a list")
    #expect(try reason(#"[{"inner":{"number":1}},7]"#) == "entry 2 has a value of the wrong type")
    #expect(try reason(#"[{"inner":{}}]"#) == "entry 1: the setting 'inner.number' is missing")
  }

  @Test(
    "The lowest limit of the control groups is the memory that there is",
    arguments: [
      ("0::/a/b\n", 300), ("0::/a\n", 500), ("0::/\n", nil), ("0::/a/none\n", 500), ("4:memory:/a\n", nil),
      ("", nil),
    ] as [(String, Int?)])
  func theLowestLimitOfTheControlGroups(groups: String, limit: Int?) throws {
    for (path, text) in [
      ("proc/self/cgroup", groups), ("sys/fs/cgroup/a/memory.max", "500\n"),
      ("sys/fs/cgroup/a/b/memory.max", "300\n"),
      ("sys/fs/cgroup/a/b/c/memory.max", "100\n"), ("sys/fs/cgroup/memory.max", "max\n"),
    ] {
      try makeFolder(folderName(of: folder.file(path)))
      try replaceFile(at: folder.file(path), with: text)
    }
    #expect(ProcessMemory.groupLimit(root: folder.path) == limit)
    try makeFolder(folder.file("sys/fs/cgroup/memory"))
    try replaceFile(at: folder.file("sys/fs/cgroup/memory/memory.limit_in_bytes"), with: "200\n")
    #expect(ProcessMemory.groupLimit(root: folder.path) == 200)
    #expect(ProcessMemory.groupLimit(root: folder.file("nowhere")) == nil)
    #expect(ProcessMemory.available > 1 << 20)
  }

  @Test("Work is shared without loss") func workIsSharedWithoutLoss() {
    let queue = WorkQueue<Int>(count: 100)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      while let part = queue.take() { queue.finish(part, part * part) }
    }
    #expect(queue.results == (0..<100).map { $0 * $0 })
    #expect(queue.take() == nil)
  }

  @Test("Bisection finds where a part begins") func bisectionFindsWhereAPartBegins() {
    for count in 0...9 {
      for first in 0...count {
        #expect(Array(0..<count).partitioningIndex { $0 >= first } == first)
      }
    }
    #expect([1, 2, 3, 4][2...].partitioningIndex { $0 > 3 } == 3)
  }
}
