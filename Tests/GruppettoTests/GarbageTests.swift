import Foundation
import Groundwork
import TestSupport
import Testing

/// What every command says of input that is no music, and what it leaves behind: one line, the right code, nothing.
@Suite struct GarbageTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
    try replaceFile(at: workshop("empty.mid"), with: "")
    try replaceFile(at: workshop("text.mid"), with: "this is no music\n")
    try replaceFile(at: workshop("truncated.mid"), with: Array("MThd\0\0".utf8))
    try FileManager.default.createDirectory(atPath: workshop("nothing"), withIntermediateDirectories: true)
    try replaceFile(at: workshop("nothing/readme.txt"), with: "no music here")
  }

  private static let garbage = ["empty.mid", "text.mid", "truncated.mid"]

  private static let readers: [[String]] = [
    ["inspect", "FILE"], ["tokenize", "FILE"], ["render", "FILE", "-o", "out.wav"],
    ["play", "FILE", "--device", "null"], ["detokenize", "FILE", "-o", "out.mid"],
    ["features", "FILE", "-o", "out.npy"], ["corpus", "info", "FILE"],
    ["corpus", "export", "FILE", "--npy", "arrays"],
  ]

  private static let users: [[String]] = [
    ["generate", "FILE", "-o", "x.mid"], ["model", "info", "FILE"],
    ["model", "report", "FILE", "-o", "x.html"],
    ["train", "FILE", "-o", "model"],
    ["corpus", "build", "FILE", "-o", "made"],
  ]

  private func expectRefusal(
    _ arguments: [String], code: Int32, naming name: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try workshop.names()
    let outcome = try workshop.run(arguments)
    #expect(outcome.exitCode == code, "\(arguments): \(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.errorLines.count == 1, "\(arguments): \(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.output.isEmpty, "\(arguments): \(outcome.output)", sourceLocation: sourceLocation)
    #expect(
      name.isEmpty || outcome.errors.contains(name), "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(
      try workshop.names() == before, "\(arguments) left something behind", sourceLocation: sourceLocation)
  }

  @Test("Garbage is refused", arguments: readers, garbage)
  func garbageIsRefused(command: [String], file: String) throws {
    try expectRefusal(command.map { $0 == "FILE" ? file : $0 }, code: 65, naming: file)
  }

  @Test(
    "A folder as standard input is unreadable",
    arguments: [["inspect", "-"], ["tokenize", "-"], ["detokenize", "-", "-o", "out.mid"]])
  func aFolderAsStandardInputIsUnreadable(command: [String]) throws {
    let line = ([workshop.program.path] + command).joined(separator: " ")
    let outcome = try workshop.shell("\(line) < /")
    #expect(outcome.exitCode == 66 && outcome.errors.contains("standard input"), "\(outcome.errors)")
  }

  @Test("A full disk under standard output is reported") func aFullDiskUnderStandardOutputIsReported() throws
  {
    let outcome = try workshop.shell("\(workshop.program.path) inspect short.abc > /dev/full")
    #expect(outcome.exitCode == 73 && outcome.errors.contains("standard output"), "\(outcome.errors)")
  }

  @Test("Music that lasts for days is not rendered") func musicThatLastsForDaysIsNotRendered() throws {
    // Two notes, a quarter of a billion ticks apart at 1 tick a quarter.
    let track: [UInt8] =
      [0, 0x90, 60, 80, 1, 0x80, 60, 0] + [
        0xFF, 0xFF, 0xFF, 0x7F, 0x90, 60, 80, 1, 0x80, 60, 0, 0, 0xFF, 0x2F, 0,
      ]
    let header: [UInt8] = Array("MThd".utf8) + [0, 0, 0, 6, 0, 0, 0, 1, 0, 1]
    try replaceFile(
      at: workshop("days.mid"),
      with: header + Array("MTrk".utf8) + [0, 0, 0, UInt8(track.count)] + track)
    try expectRefusal(["render", "days.mid", "-o", "out.wav"], code: 65, naming: "hours")
  }

  @Test("What is not there is missing", arguments: readers + users)
  func whatIsNotThereIsMissing(command: [String]) throws {
    try expectRefusal(command.map { $0 == "FILE" ? "absent.mid" : $0 }, code: 66, naming: "absent.mid")
  }

  @Test("No collection is made of garbage", arguments: garbage + ["nothing"])
  func noCollectionIsMadeOfGarbage(input: String) throws {
    try expectRefusal(["corpus", "build", input, "-o", "made"], code: 65)
    try expectRefusal(["train", input, "-o", "model", "--steps", "5"], code: 65)
  }

  @Test("A folder that is no model is refused") func aFolderThatIsNoModelIsRefused() throws {
    try expectRefusal(["generate", "nothing", "-o", "x.mid"], code: 66, naming: "nothing")
    try expectRefusal(["model", "info", "nothing"], code: 66, naming: "nothing")
    try expectRefusal(["continue", "nothing", "tunes/tune1.abc", "-o", "x.mid"], code: 66, naming: "nothing")
  }

  @Test("An output that cannot be written is reported before the work")
  func anOutputThatCannotBeWrittenIsReportedBeforeTheWork() throws {
    try expectRefusal(["render", "tunes/tune1.abc", "-o", "absent/out.wav"], code: 73, naming: "absent")
    try expectRefusal(["inspect", "tunes/tune1.abc", "--svg", "absent/out.svg"], code: 73, naming: "absent")
  }

  @Test(
    "A file that may not be read is named", .enabled(if: getuid() != 0, "skipped: root may read every file"))
  func aFileThatMayNotBeReadIsNamed() throws {
    chmod(workshop("tunes/tune1.abc"), 0)
    try expectRefusal(["inspect", "tunes/tune1.abc"], code: 66, naming: "tune1.abc")
  }

  @Test("A pipe is not waited for") func aPipeIsNotWaitedFor() throws {
    #expect(mkfifo(workshop("pipe.mid"), 0o600) == 0)
    for command in [["inspect", "pipe.mid"], ["features", "pipe.mid", "-o", "x.npy"]] {
      try expectRefusal(command, code: 66, naming: "it is not a regular file")
    }
  }

  @Test(
    "A full disk leaves nothing half written",
    .enabled(if: SmallDisk.isPossible, "skipped: the small disk that this test fills cannot be mounted here"))
  func aFullDiskLeavesNothingHalfWritten() throws {
    let disk = try SmallDisk(at: workshop("disk"), kilobytes: 16)
    // Its arrays are to be larger than the disk.
    try workshop.run(["corpus", "build", "tunes", "-o", "whole.corpus", "--tokenizer", "remi", "--quiet"])
    let commands = [
      ["render", "short.abc", "-o", "disk/out.wav"],
      ["render", "short.abc", "-o", "disk/out.flac"],
      ["corpus", "build", "tunes", "-o", "disk/corpus"],
      ["corpus", "export", "whole.corpus", "--npy", "disk/arrays"],
      ["train", "tunes", "-o", "disk/model", "--steps", "5"],
    ]
    for command in commands {
      let outcome = try workshop.run(command + ["--quiet"])
      #expect(outcome.exitCode == 73, "\(command): \(outcome.errors)")
      #expect(outcome.errorLines.count == 1 && outcome.errors.contains("no space left"), "\(outcome.errors)")
      let left = try disk.takeEverything()
      // A training that is stopped early leaves the folder from which it can be begun again.
      #expect(command[0] == "train" ? left.allSatisfy { !$0.hasSuffix(".part") } : left.isEmpty, "\(left)")
    }
  }
}

/// A disk that is soon full, while this object lives.
private final class SmallDisk {
  private let path: String

  static let isPossible: Bool = {
    guard getuid() == 0, let folder = try? TemporaryFolder() else { return false }
    return (try? SmallDisk(at: folder.file("disk"), kilobytes: 16)) != nil
  }()

  init(at path: String, kilobytes: Int) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard try Self.run("/bin/mount", ["-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", path]) else {
      throw CocoaError(.fileWriteNoPermission)
    }
  }

  deinit { _ = try? Self.run("/bin/umount", [path]) }

  /// Empties the disk and tells what was on it.
  func takeEverything() throws -> [String] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: path)
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      try FileManager.default.removeItem(atPath: path + "/" + name)
    }
    return names
  }

  private static func run(_ program: String, _ arguments: [String]) throws -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
