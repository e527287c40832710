import Analysis
import Music
import Testing

@Suite("Musical descriptors") struct MusicalDescriptorTests {
  private static let tonic = [48, 52, 55]
  private static let subdominant = [41, 48, 57]
  private static let dominant = [43, 47, 50]

  @Test("Endings tell the tonic, the last note's length and place, and the last chord") func endings() {
    let melody = TestScore.line([(67, 1), (65, 1), (64, 1), (62, 1), (64, 1), (62, 1), (60, 2)])
    let score = TestScore.piece(
      melody: melody,
      chords: TestScore.chords([Self.tonic, Self.subdominant, Self.dominant, Self.tonic], quarters: 2))
    let values = describe(score)
    #expect(values["ends_on_tonic"] == 1)
    #expect(values["ends_on_key_tonic"] == 1)
    #expect(values["last_melody_note_length"] == 2)
    #expect(values["last_note_relative_length"] == 2)
    #expect(values["last_note_on_downbeat"] == 0)
    #expect(values["last_note_on_beat"] == 1)
    #expect(values["last_bass_on_tonic"] == 1)
    #expect(values["last_chord_is_tonic"] == 1)
    #expect(values["ends_by_step"] == 1)
    let leap = describe(TestScore.piece(melody: TestScore.line([(60, 1), (62, 1), (64, 1), (60, 1)])))
    #expect(leap["ends_by_step"] == 0)
    let open = describe(score.slice(bars: 0..<1))
    #expect(open["last_chord_is_tonic"] == 0)
    #expect(open["last_bass_on_tonic"] == 0)
  }

  @Test("An ending on the relative minor's tonic is one on the tonic") func minorEnding() {
    let values = describe(TestScore.piece(melody: TestScore.line([76, 74, 72, 71, 72, 74, 71, 69])))
    #expect(values["ends_on_tonic"] == 1)
  }

  @Test("Pickups are what is left of the first bar") func pickups() {
    let bar: [Int?] = [60, 64, 67, 64]
    let values = describe(
      TestScore.piece(melody: TestScore.line([nil, nil, nil, 67] + bar + bar + bar + bar)))
    #expect(values["pickup_length"] == 1)
    #expect(values["has_pickup"] == 1)
    #expect(values["silence_before"] == 1.5)
    #expect(values["opens_on_tonic"] == 0)
    #expect(values["opens_on_tonic_triad"] == 1)
    #expect(values["whole_phrases"] == 1)
    var stated = TestScore.piece(melody: TestScore.line(bar))
    #expect(describe(stated)["has_pickup"] == 0)
    stated.pickup = 480
    #expect(describe(stated)["pickup_length"] == 1)
  }

  @Test("A note that sounds over a stronger place is syncopated") func syncopation() {
    let values = describe(
      TestScore.piece(melody: TestScore.line([(72, 0.5), (72, 1), (72, 0.5), (72, 2)])))
    #expect(values["melody_syncopation"] == 0.25)
    #expect(values["onsets_on_beats"] == 0.5)
    #expect(values["onsets_on_divisions"] == 0.5)
    #expect(values["onsets_on_downbeats"] == 0.25)
  }

  @Test("In compound time eighths divide the beat and sixteenths the eighths") func compoundTime() {
    let values = describe(
      TestScore.piece(
        melody: TestScore.line([(72, 0.5), (72, 0.5), (72, 0.5), (72, 1), (72, 0.25), (72, 0.25)]),
        timeSignature: TimeSignature(6, 8)))
    #expect(values["onsets_on_beats"].isAbout(2.0 / 6))
    #expect(values["onsets_on_divisions"].isAbout(3.0 / 6))
    #expect(values["onsets_on_subdivisions"].isAbout(1.0 / 6))
    #expect(values["onsets_on_triplets"] == 0)
  }

  @Test("Melody notes are chord tones where the chord has them") func chordTones() {
    let values = describe(
      TestScore.piece(
        melody: TestScore.line([72, 74, 76, 77]), chords: TestScore.chords([Self.tonic], quarters: 4)))
    #expect(values["melody_on_chord_tones"] == 0.5)
    #expect(values["strong_melody_on_chord_tones"] == 1)
    #expect(describe(TestScore.form("AB"))["melody_on_chord_tones"]?.isNaN == true)
  }

  @Test("Broken chords are recognized by their bar") func brokenChords() {
    let values = describe(
      TestScore.piece(
        melody: TestScore.line([76, 76], quarters: 4),
        chords: TestScore.line([48, 52, 55, 52, 43, 47, 50, 47], quarters: 1)))
    #expect(values["chords"] == 2)
    #expect(values["chord_changes"] == 0.5)
  }

  @Test("Parallel fifths and octaves are counted for each chord of four voices") func parallels() {
    let values = describe(
      TestScore.piece(
        melody: [],
        chords: TestScore.chords([[48, 55, 64, 72], [50, 57, 65, 74], [50, 57, 65, 74]], quarters: 1)))
    #expect(values["parallel_fifths"] == 0.5)
    #expect(values["parallel_octaves"] == 0.5)
    #expect(values["inner_voice_seconds"] == 1)
    #expect(values["bass_seconds"] == 1)
    #expect(describe(TestScore.form("AB"))["parallel_fifths"]?.isNaN == true)
  }

  @Test("The melody of several melodic parts is the highest") func highestVoice() {
    let soprano = TestScore.line([72, 74, 76, 72])
    let alto = TestScore.line([(64, 0.5), (65, 0.5), (67, 1), (67, 1), (64, 1)])
    let score = Score(
      ticksPerQuarter: 480, tracks: [Track(role: .melody, notes: alto), Track(role: .melody, notes: soprano)])
    let values = describe(score)
    #expect(values["melody_height"].isAbout(73.5))
    #expect(values["melody_notes"] == 4)
    #expect(values["seconds"].isAbout(2.0 / 3))
    #expect(values["thirds"].isAbout(1.0 / 3))
    #expect(values["repeated_pitches"] == 0)
  }

  @Test("Four bars may fit a scale that is not the piece's") func scales() {
    let c = [60, 62, 64, 65, 67, 69, 71, 72]
    let fSharp = c.map { $0 + 6 }
    let values = describe(
      TestScore.piece(melody: TestScore.line(c + c + c + c + fSharp + fSharp)))
    #expect(values["scale_in_worst_4_bars"] ?? 0 < 1)
    // The last four bars of twelve are in F sharp, which shares F and B with C: two of seven, and three of eight notes at most.
    #expect(values["key_in_worst_4_bars"].isAbout(2.0 / 8))
    #expect(values["scale_changes"] ?? 0 > 0)
    #expect(describe(TestScore.piece(melody: TestScore.line(c)))["scale_in_worst_4_bars"] == 1)
  }

  @Test("Instruments, parts, velocities and tempo are counted") func sound() {
    var score = TestScore.piece(
      melody: TestScore.line([60, 62, 64, 65]), chords: TestScore.chords([[48, 52]], quarters: 4))
    score.tracks[0].program = 73
    score.tracks.append(Track(program: 40))
    score.tracks[0].notes[0].velocity = 100
    score.tempos = [
      TempoChange(tick: 0, microsecondsPerQuarter: 1_000_000),
      TempoChange(tick: 960, microsecondsPerQuarter: 500_000),
    ]
    let values = describe(score)
    #expect(values["instruments"] == 2)
    #expect(values["parts"] == 2)
    #expect(values["parts_at_once"] == 2)
    #expect(values["velocities"] == 2)
    #expect(values["velocity"].isAbout(500.0 / 6))
    #expect(values["tempo"] == 60)
    #expect(values["tempo_changes"] == 1)
    #expect(values["length"].isAbout(3))
  }
}
