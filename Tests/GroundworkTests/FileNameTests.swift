import Foundation
import Groundwork
import TestSupport
import Testing

/// Names of files are bytes, and come back as the bytes that they were.
@Suite struct FileNameTests {
  static let samples: [[UInt8]] = [
    Array("plain.mid".utf8), Array("Größe 🎵.mid".utf8), [0x63, 0x61, 0x66, 0xE9, 0x2E, 0x6D, 0x69, 0x64],
    [0xFF, 0xFE], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x8E], [0xED, 0xA0, 0x80],
    // A code point of those that stand for bytes, as a name of its own.
    [0xF4, 0x8F, 0xBF, 0xA9], Array("\u{10FF7F}".utf8), [0x61, 0xCC, 0x81, 0x80, 0x62],
  ]

  @Test("Any bytes are a name and come back", arguments: samples) func anyBytesAreANameAndComeBack(
    name: [UInt8]
  ) {
    #expect(FileName.bytes(FileName.string(name)) == name)
  }

  @Test("Different bytes are different names") func differentBytesAreDifferentNames() {
    #expect(Set(Self.samples.map { FileName.string($0) }).count == Self.samples.count)
  }

  @Test("What is text stays as it is") func whatIsTextStaysAsItIs() {
    #expect(FileName.string(Array("Größe 🎵.mid".utf8)) == "Größe 🎵.mid")
  }

  @Test("Files of any name are written, found and read") func filesOfAnyNameAreWrittenFoundAndRead() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/" + FileName.string([0x63, 0xE9])
    try replaceFile(at: path, with: "here")
    #expect(try readFile(path) == Array("here".utf8) && fileExists(path))
    #expect(try names(inFolder: folder.path).map { FileName.bytes($0) } == [[0x63, 0xE9]])
    #expect(try MappedFile(path: path).count == 4)
    try removeFile(path)
    #expect(try names(inFolder: folder.path).isEmpty)
  }

  @Test("What a terminal would obey is escaped") func whatATerminalWouldObeyIsEscaped() {
    let text = "a\u{1B}[31m\u{7}b\u{9B}c\td\n" + FileName.string([0xE9])
    #expect(FileName.printable(text) == "a\\x1B[31m\\x07b\\x9Bc\td\n\\xE9")
    #expect(FileName.printable("plain é 🎵") == "plain é 🎵")
    #expect(FileName.printable(json: "\"\(FileName.string([0xE9]))\u{9B}\"") == #""\\xE9\u009B""#)
  }
}
