import Foundation
import Groundwork
import MIDI
import Music
import Notation
import TestSupport
import Testing

@Suite struct ScoreReaderTests {
  private let tune = Array(
    "X:1\nT:One\nM:4/4\nL:1/4\nK:C\nCDEF|\n\nX:2\nT:Two\nM:4/4\nL:1/4\nK:C\nGABc|\n".utf8)

  @Test("A tune book gives its tunes") func aTuneBookGivesItsTunes() throws {
    let reading = try ScoreReader.read(bytes: tune, name: "book.abc")
    #expect(reading.scores.map(\.title) == ["One", "Two"])
    #expect(reading.scores.map(\.noteCount) == [4, 4])
  }

  @Test("Where the name says nothing the content does") func whereTheNameSaysNothingTheContentDoes() throws {
    #expect(try ScoreReader.read(bytes: tune, name: "-").scores.count == 2)
    let midi = try MIDIFile(score: ScoreReader.read(bytes: tune, name: "-").scores[0]).encoded()
    #expect(try ScoreReader.read(bytes: midi, name: "-").scores[0].noteCount == 4)
    #expect(throws: ScoreError.unknownKind(path: "-")) {
      try ScoreReader.read(bytes: Array("hello".utf8), name: "-")
    }
    #expect(throws: ScoreError.unknownKind(path: "-")) { try ScoreReader.read(bytes: [], name: "-") }
  }

  @Test("Errors name the file") func errorsNameTheFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("x.mid")
    try replaceFile(at: path, with: "no music")
    let error = #expect(throws: MIDIError.self) { try ScoreReader.read(path: path) }
    #expect(error?.file == path && error?.message.hasPrefix(path) == true)
    #expect(throws: FileError.notFound(path: path + "x")) { try ScoreReader.read(path: path + "x") }
  }

  @Test("Files are looked at before they are read, and read within limits")
  func filesAreLookedAtBeforeTheyAreRead() throws {
    let folder = try TemporaryFolder()
    for name in ["x.mid", "x.abc", "x"] {
      let path = folder.file(name)
      try replaceFile(at: path, with: "no music")
      #expect(truncate(path, 1 << 40) == 0)
      #expect(throws: ScoreError.unknownKind(path: path)) { try ScoreReader.read(path: path) }
    }
    let path = folder.file("x.mid")
    #expect(throws: MIDIError.inFile(path: path, .notMIDI(offset: 0))) { try MIDIFile(path: path) }
    try replaceFile(at: path, with: "MThd")
    #expect(truncate(path, 1 << 40) == 0)
    let tooLarge = FileError.tooLarge(path: path, size: 1 << 40, limit: SizeLimit.music)
    #expect(throws: tooLarge) { try MIDIFile(path: path) }
    #expect(throws: tooLarge) { try ScoreReader.read(path: path) }
    try replaceFile(at: folder.file("tune.abc"), with: tune)
    #expect(try ScoreReader.read(path: folder.file("tune.abc"), limit: tune.count).scores.count == 2)
    #expect(throws: FileError.self) {
      try ScoreReader.read(path: folder.file("tune.abc"), limit: tune.count - 1)
    }
  }

  @Test(
    "Endings decide what is music",
    arguments: [("a.MID", true), ("b.tar.abc", true), ("c", false), ("d.mid/e", false), ("f.txt", false)])
  func endingsDecideWhatIsMusic(path: String, isMusic: Bool) {
    #expect(ScoreReader.canRead(path) == isMusic)
  }
}
