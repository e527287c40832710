import Groundwork
import Music
import Notation
import TestSupport
import Testing

@Suite("Formats of scores")
struct ScoreFormatTests {
  private let score = Score(
    ticksPerQuarter: 96, tracks: [Track(notes: [Note(onset: 0, duration: 96, pitch: 60, velocity: 64)])],
    length: 96)

  @Test("Each format is found by the endings that it names", arguments: ScoreReader.formats.indices)
  func endings(index: Int) throws {
    let format = ScoreReader.formats[index]
    for ending in format.fileEndings {
      let name = "music/a.b.\(ending.uppercased())"
      #expect(ScoreReader.format(ofFileNamed: name)?.name == format.name)
      #expect(try ScoreReader.format(ofFileNamed: name, firstBytes: []).name == format.name)
      #expect(ScoreReader.fileEndings.contains(ending))
    }
  }

  @Test("The first bytes tell the format where the name does not")
  func firstBytes() throws {
    let midi = try MIDIFormat().encode(score).bytes
    #expect(try ScoreReader.format(ofFileNamed: "-", firstBytes: Array(midi.prefix(4))).name == "a MIDI file")
    let tune = Array("% from a book\nX:1\nK:C\nC".utf8)
    #expect(try ScoreReader.format(ofFileNamed: "-", firstBytes: tune).name == "a tune book")
    #expect(throws: ScoreError.unknownKind(path: "-")) {
      try ScoreReader.format(ofFileNamed: "-", firstBytes: [0, 1, 2])
    }
    #expect(
      ScoreError.unknownKind(path: "x").message
        == "x: neither a MIDI file (.mid .midi .rmi .kar) nor a tune book (.abc)")
  }

  @Test("A score is written in the format that the name's ending stands for, where that can be written")
  func writing() throws {
    let folder = try TemporaryFolder()
    try score.write(to: folder.file("a.mid"))
    #expect(try ScoreReader.read(path: folder.file("a.mid")).scores.map(\.noteCount) == [1])
    #expect(throws: ScoreError.notWritable(format: "a tune book")) {
      try score.write(to: folder.file("a.abc"))
    }
    #expect(throws: ScoreError.self) { try score.write(to: folder.file("a.txt")) }
  }

  @Test("A reading tells whether the file was damaged, and how")
  func damage() throws {
    var bytes = try MIDIFormat().encode(score).bytes
    #expect(try !ScoreReader.read(bytes: bytes, name: "a.mid").isDamaged)
    bytes.removeLast(6)
    let reading = try ScoreReader.read(bytes: bytes, name: "a.mid")
    #expect(reading.isDamaged && reading.damage.map(\.rule) == ["truncated"])
    let tune = Array("X:1\nK:C\n-C D|\n".utf8)
    let sloppy = try ScoreReader.read(bytes: tune, name: "a.abc")
    #expect(!sloppy.isDamaged && !sloppy.warnings.isEmpty)
  }
}
