import MIDI
import Music
import Notation
import Testing

/// A change of program.
private func program(_ tick: Int, _ number: Int, channel: Int = 0) -> (Int, MIDIMessage) {
  (tick, .programChange(channel: channel, program: number))
}

@Suite("Notes and changes of program at one tick")
struct ProgramOrderTests {
  @Test("A note keeps the program that held before a change that follows it at its tick")
  func changeBehindANote() throws {
    let midi = midiFile([
      program(0, 5), strike(0, 60), strike(48, 60, 0), strike(96, 62), program(96, 40), strike(120, 62, 0),
      strike(144, 64), strike(160, 64, 0),
    ])
    let track = try #require(try Score(midi: midi).tracks.first)
    #expect(track.program == 5)
    #expect(track.programChanges == [ProgramChange(tick: 97, program: 40)])
    #expect(track.notes.map(\.onset) == [0, 96, 144])
  }

  @Test("A change before the note of its tick holds for the note, and comes back from a file that is written")
  func changeBeforeANote() throws {
    let track = Track(
      program: 5, channel: 0,
      notes: [0, 96].map { Note(onset: $0, duration: 48, pitch: 60, velocity: 64) },
      programChanges: [ProgramChange(tick: 96, program: 40)])
    let score = Score(ticksPerQuarter: 96, tracks: [track], length: 144)
    let again = try Score(midi: MIDIFile(bytes: MIDIFile(score: score).encoded()))
    #expect(again.tracks == [track])
  }

  @Test("A score with a change after the note of its tick comes back from a file that is written")
  func lateChangesComeBack() throws {
    let midi = midiFile([
      strike(0, 60), program(0, 7), strike(10, 60, 0), strike(20, 60), strike(30, 60, 0), strike(40, 61),
      program(40, 8), program(40, 9), strike(50, 61, 0),
    ])
    let score = try Score(midi: midi)
    #expect(score.tracks.map(\.program) == [nil])
    #expect(
      score.tracks.map(\.programChanges) == [
        [
          ProgramChange(tick: 1, program: 7), ProgramChange(tick: 41, program: 8),
          ProgramChange(tick: 41, program: 9),
        ]
      ])
    #expect(try Score(midi: MIDIFile(bytes: MIDIFile(score: score).encoded())) == score)
  }

  @Test("Notes on both sides of a change at one tick sound with a program each")
  func notesOnBothSides() throws {
    let midi = midiFile([
      program(0, 5), (0, .controlChange(channel: 0, controller: 7, value: 90)), strike(0, 60), program(0, 40),
      strike(0, 64), strike(48, 60, 0), strike(48, 64, 0), strike(96, 67), strike(100, 67, 0),
    ])
    let score = try Score(midi: midi)
    #expect(score.tracks.map(\.program) == [5, 40])
    #expect(score.tracks.map { $0.notes.map(\.pitch) } == [[60, 67], [64]])
    #expect(score.tracks[0].programChanges == [ProgramChange(tick: 1, program: 40)])
    #expect(score.tracks[1].controlChanges == score.tracks[0].controlChanges)
    #expect(score.tracks[1].channel == nil)
    let again = try Score(midi: MIDIFile(bytes: MIDIFile(score: score).encoded()))
    #expect(again.tracks.map(\.program) == [5, 40])
    #expect(again.tracks.map(\.notes) == score.tracks.map(\.notes))
  }

  @Test("Drums stay on their channel")
  func drums() throws {
    let midi = midiFile([
      strike(0, 36, channel: 9), program(0, 16, channel: 9), strike(0, 42, channel: 9),
      strike(9, 36, 0, channel: 9), strike(9, 42, 0, channel: 9),
    ])
    let score = try Score(midi: midi)
    #expect(score.tracks.map(\.notes.count) == [2])
    #expect(score.tracks[0].programChanges == [ProgramChange(tick: 1, program: 16)])
  }

  @Test("A change on another channel leaves a note alone")
  func otherChannels() throws {
    let midi = midiFile([strike(0, 60), program(0, 40, channel: 1), strike(0, 64, channel: 1)])
    let score = try Score(midi: midi)
    #expect(score.tracks.map(\.program) == [nil, 40])
    #expect(score.tracks.allSatisfy { $0.programChanges.isEmpty })
  }

  @Test(
    "A part without a program takes the last one that another track set on its channel before its first note")
  func programsOfOtherTracks() throws {
    let setup = (0..<50).map { program($0 * 10, $0) }
    let parts = (0..<50).map { [strike($0 * 10 + 5, 60), strike($0 * 10 + 7, 60, 0)] }
    let score = try Score(midi: midiFile(setup, parts[0], parts[7], parts[49]))
    #expect(score.tracks.filter { !$0.notes.isEmpty }.map(\.program) == [0, 7, 49])
  }
}
