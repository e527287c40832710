import Groundwork
import MIDI
import TestSupport
import Testing

@Suite("Writing files")
struct WritingTests {
  @Test("a text is added behind what begins a file, and read back")
  func texts() throws {
    var midi = MIDIFile(tracks: [])
    midi.addText("Grüße")
    #expect(midi.texts == ["Grüße"] && midi.tracks.count == 1 && midi.tracks[0].length == 0)
    var track = MIDITrack()
    track.append(.meta(.text(.trackName, Array("name".utf8))), at: 0)
    track.append(.noteOn(channel: 0, key: 60, velocity: 64), at: 96)
    track.end(at: 200)
    midi = MIDIFile(tracks: [track, track])
    midi.addText("one")
    midi.addText("two")
    let read = try MIDIFile(bytes: midi.encoded())
    #expect(read.texts == ["one", "two"] && read.warnings.isEmpty)
    #expect(read.tracks[0].events.map(\.tick) == [0, 0, 0, 96] && read.tracks[0].length == 200)
    #expect(read.tracks[1] == track)
  }

  @Test("a file made by hand has the bytes that the standard wants")
  func bytes() {
    var track = MIDITrack()
    track.append(.meta(.tempo(500_000)), at: 0)
    track.append(.noteOn(channel: 0, key: 60, velocity: 64), at: 0)
    track.append(.noteOn(channel: 0, key: 60, velocity: 0), at: 96)
    track.append(.systemExclusive([0x7E, 0xF7]), at: 96)
    track.append(.programChange(channel: 0, program: 3), at: 224)
    track.append(.programChange(channel: 0, program: 4), at: 224)
    track.append(.pitchBend(channel: 1, value: -1), at: 224)
    track.end(at: 230)
    let midi = MIDIFile(format: .singleTrack, division: .ticksPerQuarter(96), tracks: [track])
    #expect(
      midi.encoded()
        == file(
          """
          00 FF 51 03 07 A1 20
          00 90 3C 40
          60 90 3C 00
          00 F0 02 7E F7
          81 00 C0 03
          00 C0 04
          00 E1 7F 3F
          06 FF 2F 00
          """))
    #expect(
      midi.encoded(options: MIDIWritingOptions(runningStatus: .always))
        == file(
          """
          00 FF 51 03 07 A1 20
          00 90 3C 40
          60 3C 00
          00 F0 02 7E F7
          81 00 C0 03
          00 04
          00 E1 7F 3F
          06 FF 2F 00
          """))
  }

  @Test("a pause longer than a delta time is bridged")
  func longPause() throws {
    var track = MIDITrack()
    track.append(.noteOn(channel: 0, key: 60, velocity: 64), at: 0)
    track.append(.noteOn(channel: 0, key: 60, velocity: 64), at: 1 << 30)
    let bytes = MIDIFile(format: .singleTrack, tracks: [track]).encoded(
      options: MIDIWritingOptions(runningStatus: .always))
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages().last == TimedMessage(1 << 30, .noteOn(channel: 0, key: 60, velocity: 64)))
    #expect(midi.warnings.isEmpty)
  }

  @Test("events may be added to a track that was read")
  func append() throws {
    var midi = try MIDIFile(bytes: file("00 FF 01 02 68 69 60 FF 2F 00"))
    midi.tracks[0].append(.meta(.text(.lyric, [0x61])), at: 10)
    #expect(
      midi.messages() == [
        TimedMessage(0, .meta(.text(.text, [0x68, 0x69]))), TimedMessage(10, .meta(.text(.lyric, [0x61]))),
      ])
    #expect(midi.tracks[0].length == 96)
    #expect(try MIDIFile(bytes: midi.encoded()) == midi)
  }

  @Test("a file is written whole")
  func path() throws {
    let folder = try TemporaryFolder()
    let midi = try MIDIFile(bytes: file("00 90 3C 40 60 3C 00 00 FF 2F 00"))
    try midi.write(to: folder.file("a.mid"))
    #expect(try MIDIFile(path: folder.file("a.mid")) == midi)
  }
}

@Suite("The text of meta events")
struct TextTests {
  @Test(
    "UTF-8, Shift-JIS and Latin-1 are distinguished",
    arguments: [
      ("Für Elise", [UInt8]("Für Elise".utf8)),
      ("春の海", [0x8F, 0x74, 0x82, 0xCC, 0x8A, 0x43]),
      ("さくら ABC", [0x82, 0xB3, 0x82, 0xAD, 0x82, 0xE7, 0x20, 0x41, 0x42, 0x43]),
      ("Für Elise", [0x46, 0xFC, 0x72, 0x20, 0x45, 0x6C, 0x69, 0x73, 0x65]),
      ("café", [0x63, 0x61, 0x66, 0xE9]),
      ("été", [0xE9, 0x74, 0xE9]),
      ("don’t", [0x64, 0x6F, 0x6E, 0x92, 0x74]),
      ("plain", Array("plain".utf8) + [0]),
      ("", []),
    ])
  func decoding(text: String, bytes: [UInt8]) {
    #expect(MIDIText.decode(bytes) == text)
  }
}
