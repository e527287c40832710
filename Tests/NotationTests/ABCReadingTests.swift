import Groundwork
import Music
import Notation
import Testing

/// Notes as `pitch@onset` in sixteenths, so that a test reads like the music.
private func sketch(_ track: Track, _ score: Score) -> [String] {
  track.notes.map { note in
    let unit = score.ticksPerQuarter / 4
    return "\(note.pitch)@\(note.onset / unit)+\(note.duration / unit)"
  }
}

private func read(_ body: String, header: String = "M:4/4\nL:1/8\nK:C") throws -> ABCTune {
  try #require(try ABCBook(text: "X:1\nT:Test\n\(header)\n\(body)\n", ornaments: .ignore).tunes.first)
}

private func pitches(_ body: String, header: String = "M:none\nL:1/8\nK:C") throws -> [Int] {
  try read(body, header: header).score.tracks[0].notes.map(\.pitch)
}

/// Onsets and lengths in sixteenths.
private func rhythm(_ body: String, header: String = "M:none\nL:1/8\nK:C") throws -> [String] {
  let score = try read(body, header: header).score
  return sketch(score.tracks[0], score).map { String($0.drop { $0 != "@" }) }
}

@Suite struct ABCNoteTests {
  @Test("Octaves and accidentals") func octavesAndAccidentals() throws {
    #expect(
      try pitches("C,, C, C c c' c'' ^C _D =B ^^F __B") == [36, 48, 60, 72, 84, 96, 61, 61, 71, 67, 69])
  }

  @Test("An accidental holds for its letter to the bar's end")
  func anAccidentalHoldsForItsLetterToTheBarsEnd() throws {
    #expect(try pitches("^FfF=F f|F") == [66, 78, 66, 65, 77, 65])
    let octaves = "%%propagate-accidentals octave\n^FfF|F"
    #expect(try pitches(octaves) == [66, 77, 66, 65])
  }

  @Test("Lengths are multiples of the unit") func lengthsAreMultiplesOfTheUnit() throws {
    #expect(try rhythm("C D2 E/ F/2 G3/2 A4") == ["@0+2", "@2+4", "@6+1", "@7+1", "@8+3", "@11+8"])
    #expect(try rhythm("C//C/4", header: "L:1/4\nK:C") == ["@0+1", "@1+1"])
  }

  @Test("Broken rhythm moves length between two notes") func brokenRhythmMovesLengthBetweenTwoNotes() throws {
    #expect(try rhythm("C>D E<F") == ["@0+3", "@3+1", "@4+1", "@5+3"])
    #expect(try rhythm("C2>>D2 [CE]2<z2") == ["@0+7", "@7+1", "@8+2", "@8+2"])
    #expect(try read("C>D2").warnings.map(\.column) == [2])
  }

  @Test("Ties join notes across bars and carry the accidental")
  func tiesJoinNotesAcrossBarsAndCarryTheAccidental() throws {
    let tied = try read("^F4-F4-|F4 F4|[CE]4-[CE]4|", header: "M:4/4\nL:1/8\nK:C")
    #expect(sketch(tied.score.tracks[0], tied.score) == ["66@0+24", "65@24+8", "60@32+16", "64@32+16"])
  }

  @Test("Tuplets take the time that the metre gives them") func tupletsTakeTheTimeThatTheMetreGivesThem()
    throws
  {
    let score = try read("(3CDE (3:2:4CDEF (5CDEFG", header: "M:none\nL:1/8\nK:C").score
    let third = score.ticksPerQuarter / 3
    #expect(
      score.tracks[0].notes.map(\.duration) == Array(repeating: third, count: 7)
        + Array(repeating: score.ticksPerQuarter / 5, count: 5))
    let compound = try read("(5CDEFG", header: "M:6/8\nL:1/8\nK:C").score
    #expect(
      compound.tracks[0].notes.map(\.duration)
        == Array(repeating: compound.ticksPerQuarter * 3 / 10, count: 5))
    #expect(try rhythm("(2CD (4CDEF") == ["@0+3", "@3+3", "@6+1", "@7+1", "@9+1", "@10+1"])
  }

  @Test("Ticks are fine enough for every tuplet") func ticksAreFineEnoughForEveryTuplet() throws {
    #expect(try read("CDEF").score.ticksPerQuarter == 480)
    let odd = try read("(7:4:7CDEFGAB (9:8:9CDEFGABcd", header: "M:none\nL:1/8\nK:C").score
    #expect(odd.ticksPerQuarter % 480 == 0)
    #expect(odd.tracks[0].notes.last.map(\.end) == odd.ticksPerQuarter * 6)
  }

  @Test("Chords keep inner lengths and the first leads") func chordsKeepInnerLengthsAndTheFirstLeads() throws
  {
    #expect(try rhythm("[C2E]2 G [GG]") == ["@0+8", "@0+4", "@8+2", "@10+2"])
  }

  @Test("Grace notes decorations and spacers take no time") func graceNotesDecorationsAndSpacersTakeNoTime()
    throws
  {
    let played = try rhythm("{ABc}C .D ~E !trill!F (G A) y3 +fermata+B uvHTMc `d")
    #expect(played == (0..<9).map { "@\($0 * 2)+2" })
  }

  @Test("Rests of many bars follow the metre") func restsOfManyBarsFollowTheMetre() throws {
    #expect(try rhythm("Z2|z2 C x C", header: "M:3/4\nL:1/8\nK:C") == ["@28+2", "@32+2"])
  }

  @Test("Overlays sound together") func overlaysSoundTogether() throws {
    #expect(try rhythm("C4 D4 & E8|F8|", header: "M:4/4\nL:1/8\nK:C") == ["@0+8", "@0+16", "@8+8", "@16+16"])
  }

  @Test("Dynamics set the velocity") func dynamicsSetTheVelocity() throws {
    let notes = try read("!p!C !ff!D").score.tracks[0].notes
    #expect(notes[0].velocity < 80 && notes[1].velocity > 80)
  }
}

@Suite struct ABCFieldTests {
  @Test(
    "Keys",
    arguments: [
      ("C", 0, false), ("G", 1, false), ("Bb", -2, false), ("F#m", 3, true), ("A minor", 0, true),
      ("Ddor", 0, true),
      ("D Mixolydian", 1, false), ("E phr", 0, true), ("Flyd", 0, false), ("B loc", 0, true),
      ("EMin", 1, true),
      ("Cion", 0, false), ("A aeolian", 0, true), ("HP", 2, false), ("none", 0, false), ("", 0, false),
      ("Ebmaj", -3, false),
    ])
  func keys(value: String, fifths: Int, isMinor: Bool) throws {
    let tune = try read("CDEF", header: "M:4/4\nK:\(value)")
    #expect(tune.score.keys == [KeyChange(tick: 0, fifths: fifths, isMinor: isMinor)])
    #expect(tune.warnings.isEmpty)
  }

  @Test("Keys with accidentals of their own") func keysWithAccidentalsOfTheirOwn() throws {
    #expect(try pitches("FCG", header: "K:D =c") == [66, 60, 67])
    #expect(try pitches("FCG", header: "K:Dmix^g") == [66, 60, 68])
    #expect(try pitches("FCGB", header: "K:D exp ^g_b") == [65, 60, 68, 70])
    #expect(try pitches("FCB", header: "K:D clef=bass octave=-1") == [54, 49, 59])
  }

  @Test(
    "Metres", arguments: [("C", 4, 4), ("C|", 2, 2), ("6/8", 6, 8), ("2+3/8", 5, 8), ("(2+2+3)/16", 7, 16)])
  func metres(value: String, numerator: Int, denominator: Int) throws {
    let score = try read("C", header: "M:\(value)\nK:C").score
    #expect(
      score.timeSignatures == [
        TimeSignatureChange(tick: 0, timeSignature: TimeSignature(numerator, denominator))
      ])
  }

  @Test("The metre gives the unit length") func theMetreGivesTheUnitLength() throws {
    #expect(try rhythm("C", header: "M:2/4\nK:C") == ["@0+1"])
    #expect(try rhythm("C", header: "M:3/4\nK:C") == ["@0+2"])
    #expect(try rhythm("C", header: "M:none\nK:C") == ["@0+2"])
  }

  @Test(
    "Tempos",
    arguments: [
      ("1/4=120", 500_000), ("3/8=60", 666_667), ("\"Allegro\" 1/4=100", 600_000),
      ("1/4=100 \"fast\"", 600_000),
      ("120", 1_000_000), ("C=120", 1_000_000), ("C3=40", 1_000_000), ("1/4 3/8 1/4=24", 714_286),
    ])
  func tempos(value: String, microseconds: Int) throws {
    let tune = try read("C", header: "L:1/8\nQ:\(value)\nK:C")
    #expect(tune.score.tempos == [TempoChange(tick: 0, microsecondsPerQuarter: microseconds)])
    #expect(tune.warnings.isEmpty)
  }

  @Test("Fields in lines of their own and inline") func fieldsInLinesOfTheirOwnAndInline() throws {
    let score = try read("C4|[M:3/4][K:D]F6|\nL:1/4\nQ:1/4=60\nC3|", header: "M:2/4\nL:1/8\nK:C").score
    #expect(sketch(score.tracks[0], score) == ["60@0+8", "66@8+12", "61@20+12"])
    #expect(score.timeSignatures.map(\.tick) == [0, 2 * score.ticksPerQuarter])
    #expect(score.keys.map(\.fifths) == [0, 2])
    #expect(score.tempos.map(\.tick) == [5 * score.ticksPerQuarter])
  }

  @Test("Titles are UTF-8 or Latin-1 with accents") func titlesAreUTF8OrLatin1WithAccents() throws {
    #expect(
      try ABCBook(text: "X:1\nT:S\\'ile \\\"uber \\ss &eacute;\nK:C\nC").tunes[0].title == "Síle über ß é")
    let latin = Array("X:1\nT:Caf".utf8) + [0xE9] + Array("\nK:C\nC".utf8)
    #expect(try ABCBook(bytes: latin).tunes[0].title == "Café")
    #expect(try ABCBook(text: "\u{FEFF}X:1\nT:Ó Briain\nK:C\nC").tunes[0].title == "Ó Briain")
  }

  @Test("A book is a tune after every number") func aBookIsATuneAfterEveryNumber() throws {
    let book = try ABCBook(
      text:
        "%abc-2.1\nM:3/4\nO:Ireland\n\nX:1\nT:One\nR:waltz\nK:C\nC6|\n\ntext between\n\nX:22\nT:Two\nK:D\nF6|\nX:3\nT:Empty\n\n"
    )
    #expect(book.tunes.map(\.number) == [1, 22])
    #expect(book.tunes.map(\.title) == ["One", "Two"])
    #expect(book.tunes.map(\.origin) == ["Ireland", "Ireland"])
    #expect(book.tunes[0].rhythm == "waltz")
    #expect(
      book.tunes[1].score.timeSignatures == [TimeSignatureChange(tick: 0, timeSignature: TimeSignature(3, 4))]
    )
    #expect(book.warnings.map(\.line) == [17])
  }

  @Test("Line ends of every kind and comments are read") func lineEndsOfEveryKindAndCommentsAreRead() throws {
    let book = try ABCBook(
      text: "X:1\r\nK:C % key\r\n%%scale 0.7\r\nC D \\\r\nE | % end\r\n\r\nX:2\rK:C\rC\r")
    #expect(book.tunes.map { $0.score.tracks[0].notes.count } == [3, 1])
  }

  @Test("What is no ABC is refused with its place") func whatIsNoABCIsRefusedWithItsPlace() {
    let first = #expect(throws: ABCError.self) { try ABCBook(text: "Dear diary,\n", file: "a.abc") }
    #expect(first == .notABC(file: "a.abc", line: 1, column: 1))
    let second = #expect(throws: ABCError.self) { try ABCBook(text: "\nX:1\nT:Nothing\n", file: nil) }
    #expect(second == .noMusic(file: nil, line: 2, column: 1))
    #expect(throws: ABCError.self) { try ABCBook(bytes: []) }
    #expect(throws: ABCError.self) { try ABCBook(bytes: Array("X:1\nK:C\nC".utf8) + [0]) }
  }

  @Test("Warnings name line and column") func warningsNameLineAndColumn() throws {
    let tune = try read("CD ? E|\nC2 \"Gx\"D6 |")
    #expect(tune.warnings.map { [$0.line, $0.column] } == [[6, 4], [7, 4]])
    let long = try read("C8|C9|C7|C8|]")
    #expect(long.warnings.map { [$0.line, $0.column] } == [[6, 6], [6, 9]])
  }
}
