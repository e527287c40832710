import Groundwork
import Music
import Notation
import Testing

/// The first track of one tune.
private func track(
  _ body: String, header: String = "M:4/4\nL:1/8\nK:C", ornaments: ABCOrnaments = .play
) throws -> Track {
  try score(body, header: header, ornaments: ornaments).tracks[0]
}

private func score(
  _ body: String, header: String = "M:4/4\nL:1/8\nK:C", ornaments: ABCOrnaments = .play
) throws -> Score {
  try #require(try ABCBook(text: "X:1\n\(header)\n\(body)\n", ornaments: ornaments).tunes.first).score
}

/// What signs before notes do; A is key 69 and lasts 240 ticks as an eighth.
@Suite struct ABCOrnamentTests {
  @Test(
    "A trill alternates in thirty seconds",
    arguments: ["TA2", "!trill!A2", "+trill+A2", "U:n=!trill!\nnA2", "!trill!(A2B2)"])
  func aTrillAlternatesInThirtySeconds(body: String) throws {
    let notes = try track(body).notes.prefix(8)
    #expect(notes.map(\.pitch) == [71, 69, 71, 69, 71, 69, 71, 69])
    #expect(notes.map(\.onset) == Array(stride(from: 0, to: 480, by: 60)))
    #expect(notes.allSatisfy { $0.duration == 60 })
  }

  @Test("A trill follows its tuplet its tie and its broken rhythm")
  func aTrillFollowsItsTupletItsTieAndItsBrokenRhythm() throws {
    #expect(try track("(3TABc").notes.map(\.onset) == [0, 80, 160, 320])
    #expect(try track("TA2-A2 B").notes.count == 17)
    #expect(try track("TA>B c2").notes.map(\.onset) == [0, 60, 120, 180, 240, 300, 360, 480])
    #expect(try track("A2-TA2").notes.map(\.duration) == [960])
  }

  @Test(
    "The note above is that of the key",
    arguments: [
      ("TB2", 72), ("Tc2", 74), ("TE2", 65), ("[K:D]TB2", 73), ("[K:D]^cTB2", 73), ("_c2TB2", 72),
    ])
  func theNoteAboveIsThatOfTheKey(body: String, upper: Int) throws {
    let notes = try track(body).notes
    #expect(notes[notes.count - 8].pitch == upper || notes.first?.pitch == upper)
  }

  @Test("A roll on a dotted quarter turns round its note") func aRollOnADottedQuarterTurnsRoundItsNote()
    throws
  {
    let jig = "M:6/8\nL:1/8\nK:D"
    for body in ["~F3 GFE", "!roll!F3 GFE", "RF3 GFE"] {
      let notes = try track(body, header: jig).notes.prefix(5)
      #expect(notes.map(\.pitch) == [66, 67, 66, 64, 66])
      #expect(notes.map(\.onset) == [0, 240, 300, 480, 540])
      #expect(notes.map(\.end) == [240, 300, 480, 540, 720])
    }
    // Three unit lengths are what makes it a roll.
    #expect(try track("~F3", header: "M:3/4\nL:1/4\nK:D").notes.count == 5)
  }

  @Test("A roll on the lowest notes of all stays within MIDI's keys", arguments: ["C", "D", "B"])
  func aRollOnTheLowestNotes(letter: String) throws {
    for header in ["L:1/8\nK:C", "L:1/8\nK:C transpose=-12", "L:1/8\nK:Cb"] {
      let notes = try track("~\(letter),,,,,,,3", header: header).notes
      #expect(notes.count == 5 && notes.allSatisfy { (0...127).contains($0.pitch) })
    }
  }

  @Test("A roll on another note is a cut") func aRollOnAnotherNoteIsACut() throws {
    let notes = try track("~A2B2").notes
    #expect(notes.map(\.pitch) == [71, 69, 71])
    #expect(notes.map(\.onset) == [0, 60, 480])
    #expect(try track("E-~E2").notes.map(\.onset) == [0, 240, 300])
    #expect(try track("E3-~E3").notes.map(\.onset) == [0, 720, 780])
  }

  @Test("A trill is no slower in a slow tune") func aTrillIsNoSlowerInASlowTune() throws {
    #expect(try track("TA2", header: "L:1/8\nQ:1/4=60\nK:C").notes.count == 16)
    #expect(try track("TA2", header: "L:1/8\nQ:1/4=200\nK:C").notes.count == 4)
  }

  @Test("A sign without a note after it is skipped") func aSignWithoutANoteAfterItIsSkipped() throws {
    for body in ["T(A2B2)", "~ A2B2", "H\"C\"A2B2"] {
      let tune = try ABCBook(text: "X:1\nM:4/4\nL:1/8\nK:C\n\(body)|\n").tunes[0]
      #expect(tune.score.tracks[0].notes.map(\.onset) == [0, 480])
      #expect(tune.warnings.count == 1)
    }
  }

  @Test("A fermata takes its note out of a broken rhythm") func aFermataTakesItsNoteOutOfABrokenRhythm()
    throws
  {
    #expect(try track("A>HB c2").notes.map(\.onset) == [0, 240, 720])
    #expect(try track("A>HB c2", ornaments: .ignore).notes.map(\.onset) == [0, 360, 480])
  }

  @Test("A fermata holds every voice and its bar") func aFermataHoldsEveryVoiceAndItsBar() throws {
    let text = "V:1\nAB Hc2 d4|efga b4|\nV:2\nA4 B4|c4 d4|"
    let held = try score(text)
    let quarter = held.ticksPerQuarter
    #expect(held.tracks[0].notes.map { 2 * $0.onset / quarter } == [0, 1, 2, 6, 10, 11, 12, 13, 14])
    #expect(held.tracks[1].notes.map { 2 * $0.onset / quarter } == [0, 6, 10, 14])
    #expect(held.timeSignatures.map(\.timeSignature.numerator) == [5, 4])
    #expect(held.timeSignatures.map { $0.tick / quarter } == [0, 5])
    #expect(held.bars.count == 2)
    #expect(try score(text, ornaments: .ignore).timeSignatures.map(\.timeSignature.numerator) == [4])
  }

  @Test("A fermata within a pickup makes the pickup longer") func aFermataWithinAPickupMakesThePickupLonger()
    throws
  {
    let held = try score("HG2|CDEF GABc|d8|")
    #expect(held.pickup == 2 * held.ticksPerQuarter)
    #expect(held.bars.count == 3)
  }

  @Test("A held trill is no slower") func aHeldTrillIsNoSlower() throws {
    let notes = try track("HTA2 B2").notes
    #expect(notes.count == 17)
    #expect(notes.dropLast().allSatisfy { $0.duration == 60 })
  }

  @Test("The notes of a chord begin one after the other") func theNotesOfAChordBeginOneAfterTheOther() throws
  {
    let notes = try track("[CEG]2 c2").notes
    #expect(notes.map(\.onset) == [0, 10, 20, 480])
    #expect(notes.map(\.end) == [480, 480, 480, 960])
    // What is tied begins on the beat.
    #expect(try track("[CE]-[CE] c2").notes.map(\.onset) == [0, 0, 480])
  }

  @Test("A staccato note is half as long") func aStaccatoNoteIsHalfAsLong() throws {
    #expect(try track(".A.B c2").notes.map(\.duration) == [120, 120, 480])
    #expect(try track(".A-.A c2").notes.map(\.onset) == [0, 240, 480])
    #expect(try track(".(AB) .| .A").notes.map(\.duration) == [240, 240, 120])
  }

  @Test(
    "Ornaments are left out on demand", arguments: ["TA2", "~A3", "HA2", ".A", "[Ace]", "U:T=!tenuto!\nTA2"])
  func ornamentsAreLeftOutOnDemand(body: String) throws {
    let plain = try track(body, ornaments: .ignore).notes
    #expect(Set(plain.map(\.onset)) == [0])
    #expect(plain.allSatisfy { $0.duration == plain[0].duration })
  }

  @Test("A user symbol takes a letter's meaning") func aUserSymbolTakesALettersMeaning() throws {
    #expect(try track("U:T=!tenuto!\nTA2").notes.count == 1)
  }
}
