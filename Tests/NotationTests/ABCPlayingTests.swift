import Groundwork
import Music
import Notation
import Testing

/// The melody's letters in playing order; C D E F G A B in the octave of middle C.
private func played(_ body: String, header: String = "M:none\nL:1/8\nK:C") throws -> String {
  let book = try ABCBook(text: "X:1\n\(header)\n\(body)\n")
  let letters: [Int: Character] = [60: "C", 62: "D", 64: "E", 65: "F", 67: "G", 69: "A", 71: "B"]
  return String(try #require(book.tunes.first).score.tracks[0].notes.compactMap { letters[$0.pitch] })
}

@Suite struct ABCPlayingTests {
  @Test(
    "Repeats",
    arguments: [
      ("|:CD:|E|", "CDCDE"), ("CD:|E|", "CDCDE"), ("|:C:|:D:|", "CCDD"), ("|:C::D:|", "CCDD"),
      ("C::D:|", "CCDD"),
      ("C|C|C|C||D:|", "CCCCDCCCCD"), ("C||D:|", "CDCD"), ("C:|D|D|D|D|]E:|", "CCDDDDEE"), ("C:|D:|", "CCDD"),
      ("|:C|:D:|", "CCDD"), ("|:C||D:|", "CDCD"),
      ("|::C::|", "CCC"), ("|:C|D", "CD"), ("C:||:D:||", "CCDD"), ("C|:|D:|", "CDD"), ("C|D[|]:|E|", "CDCDE"),
      ("C|| || :|E|", "CCE"), ("C:|D|D|D|D||E|| :|F|", "CCDDDDEEF"),
      ("C|D|| :|E|", "CDCDE"),
    ])
  func repeats(body: String, expected: String) throws {
    #expect(try played(body) == expected)
  }

  @Test(
    "Variant endings",
    arguments: [
      ("|:C|1D:|2E||F", "CDCEF"), ("C[1D:|[2E|]F", "CDCEF"), ("|:C|1D:|2E:|F", "CDCEF"),
      ("|:C|1,3D:|2E:|4F|]G", "CDCECDCFG"), ("C||1D:|2E||", "CDCE"), ("|:C|1-3D:|4E||", "CDCDCDCE"),
      ("|:C|1D:|2E::F:|", "CDCEFF"),
      ("|:C|1D|2E||", "CDCE"), ("|:C|1D:|2E|:F|1G:|2A|]", "CDCEFGFA"), ("C|1D:|2E||F|1G:|2A||", "CDCEFGFA"),
    ])
  func variantEndings(body: String, expected: String) throws {
    #expect(try played(body) == expected)
  }

  @Test("Parts are played in their order") func partsArePlayedInTheirOrder() throws {
    #expect(try played("P:A\nC:|\nP:B\nD|", header: "P:ABA\nK:C") == "CCDCC")
    #expect(try played("P:A\nC|\nP:B\nD|", header: "P:A(AB)2B2\nK:C") == "CCDCDDD")
    #expect(try played("P:A\nC|\nP:B\nD|", header: "K:C") == "CD")
  }

  @Test("What held at a repeats beginning holds again") func whatHeldAtARepeatsBeginningHoldsAgain() throws {
    let score = try ABCBook(text: "X:1\nM:2/4\nL:1/4\nK:C\n|:CD|[M:3/4]EFG:|").tunes[0].score
    #expect(score.timeSignatures.map(\.timeSignature.numerator) == [2, 3, 2, 3])
    #expect(score.timeSignatures.map { $0.tick / score.ticksPerQuarter } == [0, 2, 5, 7])
  }

  @Test("A pickup is padded to a full bar and marked") func aPickupIsPaddedToAFullBarAndMarked() throws {
    let score = try ABCBook(text: "X:1\nM:3/4\nL:1/4\nK:C\nG|CDE|FG:|").tunes[0].score
    #expect(score.pickup == score.ticksPerQuarter)
    #expect(
      score.tracks[0].notes.map { $0.onset / score.ticksPerQuarter } == [
        2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
      ])
    #expect(score.timeSignatures.map(\.tick) == [0])
    #expect(try ABCBook(text: "X:1\nM:3/4\nL:1/4\nK:C\nCDE|FGA|").tunes[0].score.pickup == 0)
  }

  @Test("Voices are tracks and the first is the melody") func voicesAreTracksAndTheFirstIsTheMelody() throws {
    let text = """
      X:1
      T:Two
      M:4/4
      L:1/4
      K:C
      V:1 name="Flute"
      cdef|
      V:2
      C2D2|
      V:1
      g4|
      [V:2] E4|
      """
    let score = try ABCBook(text: text).tunes[0].score
    #expect(score.tracks.map(\.name) == ["Flute", "2"])
    #expect(score.tracks.map { $0.notes.map(\.pitch) } == [[72, 74, 76, 77, 79], [60, 62, 64]])
    #expect(score.tracks[1].notes.map { $0.onset / score.ticksPerQuarter } == [0, 2, 4])
  }

  @Test("Chord symbols become a track") func chordSymbolsBecomeATrack() throws {
    let score = try ABCBook(
      text: "X:1\nT:Song\nM:4/4\nL:1/4\nK:C\n\"C\"CDEF|GA\"G7/B\"Bc|\"^slow\"c4|\"N.C.\"c4|"
    ).tunes[0]
      .score
    #expect(score.tracks.map(\.name) == ["Song", ABCTune.accompanimentName])
    let chords = score.tracks[1].notes
    let quarter = score.ticksPerQuarter
    // Struck at the symbols and at the bar lines between: C, C, G7, G7; silence at last.
    #expect(Set(chords.map { $0.onset / quarter }) == [0, 4, 6, 8])
    #expect(chords.map { $0.onset + $0.duration }.max() == 12 * quarter)
    #expect(chords.filter { $0.onset == 0 }.map(\.pitch) == [36, 52, 55, 60])
    let seventh = chords.filter { $0.onset == 6 * quarter }.map(\.pitch)
    #expect(seventh.first == 47)
    #expect(Set(seventh.map { $0 % 12 }) == [11, 2, 5, 7])
  }

  @Test(
    "Chord qualities",
    arguments: [
      ("Am", [9, 0, 4]), ("F#m7b5", [6, 9, 0, 4]), ("Bbmaj7", [10, 2, 5, 9]), ("Edim", [4, 7, 10]),
      ("C+", [0, 4, 8]),
      ("Dsus4", [2, 7, 9]), ("G9", [7, 11, 2, 5, 9]), ("A6", [9, 1, 4, 6]), ("Cdim7", [0, 3, 6, 9]),
      ("Gm7/D", [7, 10, 2, 5]), ("D/f+", [6, 2, 9]), ("Eb/g", [7, 3, 10]),
    ])
  func chordQualities(symbol: String, pitchClasses: [Int]) throws {
    let tune = try ABCBook(text: "X:1\nK:C\n\"\(symbol)\"C").tunes[0]
    #expect(Set(tune.score.tracks[1].notes.map { $0.pitch % 12 }) == Set(pitchClasses))
    #expect(tune.warnings.isEmpty)
  }

  @Test("Words that are no chords are left alone") func wordsThatAreNoChordsAreLeftAlone() throws {
    let tune = try ABCBook(text: "X:1\nK:C\n\"4\"C\"Segno\"D\"D.C.\"E|").tunes[0]
    #expect(tune.score.tracks.count == 1)
    #expect(tune.warnings.isEmpty)
  }

  @Test("Syllables stand under their notes") func syllablesStandUnderTheirNotes() throws {
    let track = try ABCBook(text: "X:1\nM:none\nL:1/4\nK:C\nCDEF|\nw:Hel-lo * world~here").tunes[0].score
      .tracks[0]
    #expect(
      track.otherEvents.map { String(decoding: $0.payload, as: UTF8.self) } == ["Hel-", "lo", "world here"])
    #expect(track.otherEvents.map(\.tick) == [0, 480, 1440])
    #expect(track.otherEvents.allSatisfy { $0.type == 5 })
  }

  @Test("A program of AMIDI directive is kept") func aProgramOfAMIDIDirectiveIsKept() throws {
    let track = try ABCBook(text: "X:1\nK:C\n%%MIDI program 73\n%%MIDI drum d2 36\nC").tunes[0].score.tracks[
      0]
    #expect(track.program == 73)
  }
}
