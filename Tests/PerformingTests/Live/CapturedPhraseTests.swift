import Music
import Performing
import Synthesis
import TestSupport
import Testing

@Suite("What is played in")
struct CapturedPhraseTests {
  @Test("A phrase has the notes that were played, and those that are held")
  func aPhraseHasItsNotes() {
    var phrase = CapturedPhrase()
    phrase.take(.noteOn(key: 60, velocity: 70), channel: 2, at: moment(0))
    phrase.take(.noteOn(key: 64, velocity: 71), channel: 2, at: moment(0.5))
    phrase.take(.noteOn(key: 60, velocity: 0), channel: 2, at: moment(0.6))
    #expect(phrase.notes.count == 2 && phrase.heldCount == 1)
    #expect(phrase.notes[0].end == moment(0.6) && phrase.notes[0].velocity == 70)
    #expect(phrase.heldNotes.map(\.pitch) == [64])
    #expect(phrase.lastActivity == moment(0.6))
  }

  @Test(
    "A key that goes down twice ends its first note, and one that was not down means nothing when it goes up")
  func keysAreTakenAsTheyCome() {
    var phrase = CapturedPhrase()
    phrase.take(.noteOff(key: 50), channel: 0, at: moment(0))
    #expect(phrase.isEmpty && phrase.revision == 0)
    phrase.take(.noteOn(key: 60, velocity: 80), channel: 0, at: moment(1))
    phrase.take(.noteOn(key: 60, velocity: 80), channel: 0, at: moment(2))
    #expect(phrase.notes.map(\.end) == [moment(2), nil])
    // The clock of a port ran backwards.
    phrase.take(.noteOff(key: 60), channel: 0, at: moment(1.5))
    #expect(phrase.notes[1].end == moment(2) && phrase.heldCount == 0)
  }

  @Test("All notes off ends the notes of its channel alone, and so may who listens end those that got stuck")
  func allNotesCanBeEnded() {
    var phrase = CapturedPhrase()
    for channel in 0..<2 { phrase.take(.noteOn(key: 60, velocity: 80), channel: channel, at: moment(0)) }
    phrase.take(.control(123, value: 0), channel: 0, at: moment(1))
    #expect(phrase.heldNotes.map(\.channel) == [1])
    phrase.endHeldNotes(at: moment(2))
    #expect(phrase.heldCount == 0 && phrase.notes[1].end == moment(2))
  }

  @Test("Of thousands of notes the last are kept, and reading them takes no time worth mentioning")
  func tooManyNotesAreForgotten() throws {
    var phrase = CapturedPhrase()
    var random = RepeatableGenerator(seed: 1)
    for index in 0..<10_000 {
      let time = moment(Double(index) * 0.01)
      let key = random.number(0...127)
      phrase.take(
        random.isTrue() ? .noteOn(key: key, velocity: random.number(0...127)) : .noteOff(key: key),
        channel: random.number(0...15), at: time)
    }
    #expect(phrase.notes.count <= CapturedPhrase.mostNotes && phrase.forgottenCount > 0)
    #expect(phrase.heldNotes.allSatisfy { $0.end == nil })
    let reading = try #require(PhraseReader().read(phrase, heldUntil: moment(100)))
    #expect(reading.score.tracks.allSatisfy { $0.notes == $0.notes.sorted() })
    let longest = reading.score.tracks.flatMap(\.notes).map(\.duration).max() ?? 0
    #expect(longest <= 4 * 4 * PhraseReader.ticksPerQuarter)
    #expect(reading.score.tracks.flatMap(\.notes).allSatisfy { $0.duration > 0 && $0.onset >= 0 })
  }

  @Test("A phrase that is begun anew keeps the keys that are down")
  func aNewPhraseKeepsHeldKeys() {
    var phrase = phrase(played([(0, 1, 60), (1, 1, 62)], period: 0.5))
    phrase.take(.noteOn(key: 64, velocity: 80), channel: 0, at: moment(2))
    phrase.restart(at: moment(3))
    #expect(phrase.notes.map(\.pitch) == [64] && phrase.notes[0].onset == moment(3))
    phrase.take(.noteOff(key: 64), channel: 0, at: moment(4))
    #expect(phrase.notes[0].end == moment(4))
    phrase.removeAll()
    #expect(phrase.isEmpty && phrase.lastActivity == nil)
  }
}

@Suite("Beats of what is played in")
struct PhraseReadingTests {
  /// The notes of a reading: beat, length in beats, pitch.
  private func notes(_ reading: PhraseReading?) -> [[Double]] {
    (reading?.score.tracks.first?.notes ?? []).map {
      [Double($0.onset) / 480, Double($0.duration) / 480, Double($0.pitch)]
    }
  }

  @Test("A tune that is played freely is written as it was meant", arguments: [80.0, 95, 120, 150])
  func aTuneIsWrittenAsMeant(tempo: Double) throws {
    var random = RepeatableGenerator(seed: UInt64(tempo))
    let moves = (0..<64).map { _ in Double(random.number(-12...12)) / 1000 }
    let events = played(tuneInG, period: 60 / tempo) { moves[$0] }
    let reading = try #require(PhraseReader().read(phrase(events), heldUntil: moment(100)))
    #expect(notes(reading) == tuneInG.map { [$0.beat, $0.length, Double($0.pitch)] })
    #expect(abs(reading.beats.quartersPerMinute / tempo - 1) < 0.03)
    #expect(reading.barCount == 4 && reading.score.tracks[0].role == .melody)
    #expect(reading.score.length == 4 * 4 * 480)
  }

  @Test("Who gets slower is followed")
  func whoGetsSlowerIsFollowed() throws {
    let events = tuneInG.flatMap { note -> [PlayedEvent] in
      // From 120 to about 105 a minute.
      func seconds(_ beat: Double) -> Double { 0.5 * (beat + 0.0045 * beat * beat) }
      return [
        PlayedEvent(seconds: seconds(note.beat), message: .noteOn(key: note.pitch, velocity: 80)),
        PlayedEvent(seconds: seconds(note.beat + note.length) - 0.03, message: .noteOff(key: note.pitch)),
      ]
    }.sorted { $0.seconds < $1.seconds }
    let reading = try #require(PhraseReader().read(phrase(events), heldUntil: moment(100)))
    #expect(notes(reading) == tuneInG.map { [$0.beat, $0.length, Double($0.pitch)] })
    #expect((100...112).contains(reading.beats.quartersPerMinute))
  }

  @Test("Triplets are told from sixteenths at a tempo that is known")
  func tripletsAreTold() throws {
    let beats: [Double] = [0, 1.0 / 3, 2.0 / 3, 1, 1.25, 1.5, 1.75, 2, 7.0 / 3, 8.0 / 3, 3, 3.5]
    let events = played(beats.map { ($0, 0.2, 60 + Int($0 * 12) % 7) }, period: 0.6)
    let reading = try #require(
      PhraseReader(beat: .tempo(100)).read(phrase(events), heldUntil: moment(100)))
    #expect(notes(reading).map { Int(($0[0] * 12).rounded()) } == beats.map { Int(($0 * 12).rounded()) })
  }

  @Test("An upbeat that is announced comes before the bar line")
  func anUpbeatComesBeforeTheBarLine() throws {
    let events = played([(0, 1, 62), (1, 2, 67), (3, 2, 71), (5, 3, 74)], period: 0.5)
    let reading = try #require(
      PhraseReader(beat: .tempo(120), firstBeat: 3).read(phrase(events), heldUntil: moment(100)))
    #expect(notes(reading).map { $0[0] } == [3, 4, 6, 8])
    #expect(reading.barCount == 3)
  }

  @Test("Given beats decide, wherever a phrase begins")
  func givenBeatsDecide() throws {
    // Beat 100 is at 50 seconds; the phrase begins on the second beat of the bar that follows beat 104.
    let map = BeatMap(at: moment(50), beat: 100, period: 0.5)
    let events = played([(0, 1, 60), (1, 0.5, 62), (1.5, 1.5, 64)], period: 0.5, start: 52.51)
    let reading = try #require(PhraseReader(beat: .map(map)).read(phrase(events), heldUntil: moment(100)))
    #expect(notes(reading).map { $0[0] } == [1, 2, 2.5])
    #expect(reading.firstBar == 26)
    #expect(abs(reading.beats.beat(at: moment(52.5)) - 1) < 1e-6)
  }

  @Test("Chords that are spread a little are one, and a bass that is held below a tune stays")
  func chordsAreOne() throws {
    var events = played([(0, 4, 48), (0, 1, 64), (0, 1, 67), (1, 1, 65), (2, 2, 64)], period: 0.5) {
      [0, 0.01, 0.02, 0, 0][$0]
    }
    events.sort { $0.seconds < $1.seconds }
    let reading = try #require(
      PhraseReader(beat: .tempo(120)).read(phrase(events), heldUntil: moment(100)))
    #expect(notes(reading) == [[0, 4, 48], [0, 1, 64], [0, 1, 67], [1, 1, 65], [2, 2, 64]])
    #expect(reading.score.tracks[0].role == nil)
  }

  @Test("Nothing is read of nothing, and one note is a bar")
  func oneNoteIsABar() throws {
    #expect(PhraseReader().read(CapturedPhrase(), heldUntil: moment(0)) == nil)
    let reading = try #require(
      PhraseReader().read(phrase(played([(0, 1, 60)], period: 0.5)), heldUntil: moment(1)))
    #expect(reading.barCount == 1 && reading.score.noteCount == 1)
  }

  @Test("Beats and moments are each other's, before, between and after what is known")
  func beatsAndMomentsAgree() {
    var map = BeatMap(at: moment(1), beat: 2, period: 0.5)
    map.append(BeatMap.Anchor(time: moment(2), beat: 4))
    map.append(BeatMap.Anchor(time: moment(4), beat: 6))
    // Neither back in time nor back in beats.
    map.append(BeatMap.Anchor(time: moment(3), beat: 7))
    map.append(BeatMap.Anchor(time: moment(5), beat: 5))
    map.setPeriod(0.25)
    #expect(map.anchors.count == 3)
    for (seconds, beat) in [(0.75, 1.0), (1, 2), (1.5, 3), (3, 5), (4, 6), (5, 10)] {
      #expect(abs(map.beat(at: moment(seconds)) - beat) < 1e-6)
      #expect(map.time(atBeat: beat) == moment(seconds))
    }
    #expect(abs(map.moved(by: -2).beat(at: moment(1))) < 1e-6)
  }
}
