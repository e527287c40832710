import Analysis
import MIDI
import Music
import Notation
import TestSupport
import Testing

@Suite("Roles of parts") struct PartRoleTests {
  /// A voice of quarter notes around a pitch.
  private static func voice(_ pitch: Int, size: Int = 1, name: String = "", program: Int? = nil) -> Track {
    let notes = (0..<32).flatMap { index in
      (0..<size).map {
        Note(onset: 480 * index, duration: 480, pitch: pitch + index % 3 + 4 * $0, velocity: 80)
      }
    }
    return Track(name: name, program: program, notes: notes)
  }

  private static func roles(_ tracks: Track...) -> [PartRole] {
    Score(ticksPerQuarter: 480, tracks: tracks).partRoles
  }

  @Test("A stated role is believed, whatever the notes are") func statedRole() {
    let notes = [Note(onset: 0, duration: 10, pitch: 30, velocity: 80)]
    let score = Score(
      ticksPerQuarter: 480,
      tracks: [Track(role: .melody, notes: notes), Track(notes: notes), Track(isDrum: true, notes: notes)])
    #expect(score.partRoles == [.melody, .bass, .drums])
  }

  @Test("Of the four voices of a chorale the highest is the melody and the lowest the bass") func chorale() {
    #expect(
      Self.roles(Self.voice(70), Self.voice(64), Self.voice(58), Self.voice(49))
        == [.melody, .other, .other, .bass])
  }

  @Test("A tune with chords is a melody and chords") func leadSheet() {
    #expect(Self.roles(Self.voice(70), Self.voice(50, size: 3)) == [.melody, .chords])
  }

  @Test("Names decide where they say what a part does") func names() {
    #expect(
      Self.roles(
        Self.voice(70, name: "MELODY"), Self.voice(72, name: "BRIDGE"),
        Self.voice(50, size: 2, name: "PIANO"),
        Self.voice(60, name: "Bass guitar"), Self.voice(60, name: "Bassoon"))
        == [.melody, .other, .chords, .bass, .other])
  }

  @Test("A bass program is the bass, and timpani are not") func programs() {
    #expect(
      Self.roles(Self.voice(40, program: 33), Self.voice(38, program: 47), Self.voice(72, program: 73))
        == [.bass, .other, .melody])
  }

  @Test("There is one melody, the more active of two high voices") func oneMelody() {
    var sparse = Self.voice(74)
    sparse.notes = Array(sparse.notes.prefix(3))
    #expect(Self.roles(sparse, Self.voice(70), Self.voice(52, size: 3)) == [.other, .melody, .chords])
  }

  @Test("Roles are the same after writing to MIDI and reading again", arguments: PartRole.allCases)
  func writtenAndRead(role: PartRole) throws {
    var track = Self.voice(60)
    track.role = role
    track.isDrum = role == .drums
    let score = Score(ticksPerQuarter: 480, tracks: [track, track], length: 15_360)
    let read = try Score(midi: MIDIFile(score: score))
    #expect(read.tracks.filter { !$0.notes.isEmpty }.allSatisfy { $0.role == role })
    #expect(read.partRoles.prefix(1) == [role])
  }

  @Test("Only names that a writer gives state a role") func namesThatStateNothing() throws {
    for (name, role) in [
      ("Melody", PartRole?.some(.melody)), ("Melody 2", .melody), ("Chords", .chords), ("MELODY", nil),
      ("Melody x", nil), ("Bass guitar", nil), ("Drums", nil), ("", nil),
    ] {
      let score = Score(ticksPerQuarter: 480, tracks: [Self.voice(60, name: name)], length: 15_360)
      #expect(try Score(midi: MIDIFile(score: score)).tracks.last?.role == role, "\(name)")
    }
  }
}
