import Music
import Testing

/// What musicians write in a line: chords, scales, instruments, lengths.
@Suite struct RequestTextTests {
  @Test(
    "Chord symbols",
    arguments: [
      ("C", 0, [0, 4, 7], 0), ("Dm7", 2, [0, 3, 7, 10], 2), ("F#m7b5", 6, [0, 3, 6, 10], 6),
      ("Bbmaj7", 10, [0, 4, 7, 11], 10), ("G7", 7, [0, 4, 7, 10], 7), ("C/E", 0, [0, 4, 7], 4),
      ("C6/9", 0, [0, 4, 7, 9, 2], 0), ("Am/F#", 9, [0, 3, 7], 6), ("E7b9", 4, [0, 4, 7, 10, 1], 4),
      ("Asus4", 9, [0, 5, 7], 9), ("B°7", 11, [0, 3, 6, 9], 11), ("Dø", 2, [0, 3, 6, 10], 2),
      ("Faug", 5, [0, 4, 8], 5),
    ] as [(String, Int, [Int], Int)])
  func chordSymbols(text: String, root: Int, intervals: [Int], bass: Int) throws {
    let chord = try ChordSymbol(text)
    #expect(chord.root == root && chord.intervals == intervals && chord.bass == bass)
    #expect(chord.description == text)
  }

  @Test(
    "Faults have their place",
    arguments: [
      ("Dm7 Hx | C", 5), ("Dm7 Gfoo", 6), ("C/Q", 3), ("C | | G", 5), ("% | C", 1), ("Dm7  Cmaj8", 7),
    ])
  func faultsHaveTheirPlace(text: String, position: Int) {
    let error = #expect(throws: MusicTextError.self) { try ChordProgression(text) }
    guard case .unexpected(_, _, _, let found, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found == position)
    #expect(error?.message.contains("character \(position)") == true)
  }

  @Test("Chords are shared out among bars") func chordsAreSharedOutAmongBars() throws {
    let chords = try ChordProgression("| Dm7 G7 | Cmaj7 | % |")
    #expect(chords.bars.map { $0.map(\.description) } == [["Dm7", "G7"], ["Cmaj7"], ["Cmaj7"]])
    #expect(chords.chords(inBar: 3).map(\.description) == ["Dm7", "G7"])
    #expect(ChordProgression.starts(count: 2, length: 48, beats: 4) == [0, 24])
    #expect(ChordProgression.starts(count: 2, length: 36, beats: 3) == [0, 12])
    #expect(throws: MusicTextError.self) { try ChordProgression("  ") }
  }

  @Test(
    "Scales",
    arguments: [
      ("Dm", 2, Scale.Kind.minor), ("D", 2, .major), ("D dorian", 2, .dorian), ("f# minor", 6, .minor),
      ("Bb major pentatonic", 10, .majorPentatonic), ("Am pentatonic", 9, .minorPentatonic),
      ("E blues", 4, .blues),
      ("C pentatonic", 0, .majorPentatonic), ("A harmonic minor", 9, .harmonicMinor), ("Cmaj", 0, .major),
    ] as [(String, Int, Scale.Kind)])
  func scales(text: String, tonic: Int, kind: Scale.Kind) throws {
    let scale = try Scale(text)
    #expect(scale.tonic == tonic && scale.kind == kind)
  }

  @Test(
    "A scale that nobody knows is refused with those that there are",
    arguments: ["H", "D dorain", "Dx", "", "D m x"])
  func anUnknownScale(text: String) {
    let error = #expect(throws: MusicTextError.self) { try Scale(text) }
    #expect(error?.message.contains("\n") == false)
  }

  @Test("Instruments by the names that musicians use") func instruments() throws {
    #expect(try InstrumentName("violin").programs == [40])
    #expect(try InstrumentName("Fiddle").programs.first == 110)
    #expect(try InstrumentName("guitars").programs.first == 24)
    #expect(try InstrumentName("flute/recorder").programs == [73, 74])
    #expect(try InstrumentName("Acoustic Guitar (steel)").programs == [25])
    #expect(try InstrumentName("drums").isDrums)
    #expect(try InstrumentName("sax").programs.count == 4)
    #expect(try InstrumentName("reed").programs.count == 8)
    let error = #expect(throws: MusicTextError.self) { try InstrumentName("violn") }
    #expect(error?.message.contains("violin") == true)
  }

  @Test("Lengths of notes") func lengths() throws {
    #expect(NoteLength("1/4") == NoteLength(1, 4) && NoteLength("2/8") == NoteLength(1, 4))
    #expect(NoteLength("1/4.") == NoteLength(3, 8) && NoteLength("1/8t") == NoteLength(1, 12))
    #expect(
      NoteLength("1/16")?.exactUnits(perQuarter: 12) == 3
        && NoteLength(1, 64).exactUnits(perQuarter: 4) == nil)
    #expect(NoteLength(1, 64).unitsRoundedUp(perQuarter: 4) == 1)
    #expect(["", "0/4", "1/0", "x", "1/4/4"].allSatisfy { NoteLength($0) == nil })
    #expect(NoteLength(1, 8) < NoteLength(1, 4))
  }
}
