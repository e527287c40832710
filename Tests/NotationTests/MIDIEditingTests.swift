import MIDI
import Music
import Notation
import Testing

@Suite struct MIDIEditingTests {
  private static func file() throws -> MIDIFile {
    let score = Score(
      ticksPerQuarter: 96,
      tracks: [
        Track(
          name: "one", program: 5, channel: 0,
          notes: (0..<8).map { Note(onset: 96 * $0, duration: 96, pitch: 60 + $0 % 2, velocity: 80) },
          controlChanges: [ControlChange(tick: 100, controller: 7, value: 90)]),
        Track(
          name: "two", program: 6, channel: 3,
          notes: (0..<4).map { Note(onset: 192 * $0, duration: 200, pitch: 48, velocity: 70) }),
      ], length: 768)
    return try MIDIFile(score: score)
  }

  @Test("An edit takes out and puts in notes, and leaves every other event where it is")
  func anEditLeavesEveryOtherEvent() throws {
    let file = try Self.file()
    let score = try Score(midi: file)
    let gone = score.tracks[0].notes[2..<4]
    let new = [
      Note(onset: 192, duration: 96, pitch: 61, velocity: 33),
      Note(onset: 300, duration: 84, pitch: 70, velocity: 34),
    ]
    let edit = ScoreEdit(
      changes: [.init(track: 0, removed: Array(gone), added: new)],
      newTracks: [
        Track(name: "three", program: 40, notes: [Note(onset: 0, duration: 96, pitch: 50, velocity: 60)])
      ])
    let edited = try file.applying(edit)
    let read = try Score(midi: edited)
    #expect(read.tracks.count == 3)
    #expect(read.tracks[0].notes == (score.tracks[0].notes.filter { !gone.contains($0) } + new).sorted())
    #expect(read.tracks[1] == score.tracks[1])
    #expect(read.tracks[2].notes == edit.newTracks[0].notes && read.tracks[2].program == 40)
    #expect(read.tracks[2].channel != 0 && read.tracks[2].channel != 3)
    #expect(read.tracks[0].notes == score.applying(edit).tracks[0].notes)
    func others(_ track: MIDITrack) -> [MIDIEvent] { track.events.filter { $0.status & 0xE0 != 0x80 } }
    for (before, after) in zip(file.tracks, edited.tracks) {
      #expect(others(before).map(\.tick) == others(after).map(\.tick))
      #expect(others(before).map(\.status) == others(after).map(\.status))
    }
    #expect(try MIDIFile(bytes: edited.encoded()).tracks == edited.tracks)
  }

  @Test("An edit of nothing leaves a file as it is") func anEditOfNothingLeavesAFile() throws {
    let file = try Self.file()
    #expect(try file.applying(ScoreEdit()).tracks == file.tracks)
  }
}
