import Music
import Testing

@testable import Analysis

@Suite("Published metrics") struct PublishedMetricsTests {
  /// The beginning of “Für Elise”, of which MusPy's own tests state the values that are expected here.
  private var fuerElise: Score {
    TestScore.piece(
      melody: TestScore.line([76, 75, 76, 75, 76, 71, 74, 72, 69], quarters: 0.5),
      timeSignature: TimeSignature(3, 8))
  }

  @Test("MusPy's metrics of pitch are those that MusPy states for its example") func musPyExample() {
    let values = describe(fuerElise)
    #expect(values["pitch_range"] == 7)
    #expect(values["n_pitches_used"] == 6)
    #expect(values["n_pitch_classes_used"] == 6)
    #expect(values["polyphony"] == 1)
    #expect(values["polyphony_rate"] == 0)
    #expect(values["scale_consistency"].isAbout(7.0 / 9))
    #expect(values["pitch_in_scale_rate"].isAbout(7.0 / 9))
    #expect(values["pitch_entropy"].isAbout(2.419_381_945_646_371_4))
    #expect(values["pitch_class_entropy"].isAbout(2.419_381_945_646_371_4))
    #expect(values["empty_beat_rate"] == 0)
    #expect(values["empty_measure_rate"] == 0)
    #expect(values["drum_in_pattern_rate"]?.isNaN == true)
    #expect(values["drum_pattern_consistency"]?.isNaN == true)
  }

  @Test("Polyphony counts sounding pitches while any sounds, its rate all time steps") func polyphony() {
    let notes =
      TestScore.chords([[60, 64, 67]], quarters: 2) + [
        Note(onset: 960, duration: 480, pitch: 60, velocity: 80)
      ]
      + [Note(onset: 1_920, duration: 480, pitch: 60, velocity: 80)]
    let values = describe(TestScore.piece(melody: [], chords: notes))
    // Three pitches for two quarters, one for another two; one quarter is silent.
    #expect(values["polyphony"].isAbout(2))
    #expect(values["polyphony_rate"].isAbout(0.4))
    #expect(values["empty_beat_rate"].isAbout(1.0 / 5))
  }

  @Test("Drums are on sixteenths or on triplets") func drums() {
    let triplets = [0, 160, 320, 480].map { Note(onset: $0, duration: 60, pitch: 42, velocity: 80) }
    let values = describe(TestScore.piece(melody: [], drums: triplets))
    #expect(values["drum_in_pattern_rate"] == 0.5)
    #expect(values["drum_pattern_consistency"] == 1)
    let sixteenths = [0, 120, 240, 360].map { Note(onset: $0, duration: 60, pitch: 42, velocity: 80) }
    #expect(describe(TestScore.piece(melody: [], drums: sixteenths))["drum_in_pattern_rate"] == 1)
  }

  @Test("Grooves are compared bar with next bar by MusPy, each with each by MusDr") func grooves() {
    let values = describe(
      TestScore.piece(
        melody: TestScore.line([
          (60, 1), (62, 1), (64, 1), (65, 1), (60, 2), (62, 2), (60, 1), (62, 1), (64, 1), (65, 1),
        ])))
    // Two of 48 places differ between the second bar and each of the others.
    #expect(values["groove_consistency"].isAbout(1 - 2.0 / 48))
    #expect(values["GS"].isAbout(1 - 4.0 / 3 / 48))
  }

  @Test("H1 and H4 are the mean entropies of bars and of four bars") func histogramEntropies() {
    let values = describe(
      TestScore.piece(
        melody: TestScore.line([60, 62, 64, 65, 60, 60, 60, 60, 60, 62, 64, 65, 60, 60, 72, 72, 67])))
    // 2, 0, 2, 0 and 0 bits; in the first four bars 10, 2, 2 and 2 notes, in the rest a single one.
    #expect(values["H1"].isAbout(4.0 / 5))
    let first = -(10.0 / 16 * -0.678_071_905_112_637_6 + 3 * 2.0 / 16 * -3)
    #expect(values["H4"].isAbout(first / 2))
  }

  @Test("Chord progressions are irregular by the share of different trigrams") func chordProgression() {
    let c = [48, 52, 55]
    let f = [48, 53, 57]
    let g = [47, 50, 55]
    let values = describe(
      TestScore.piece(
        melody: TestScore.line([72, 72, 74, 72, 72, 74, 72], quarters: 4),
        chords: TestScore.chords([c, f, g, c, f, g, c], quarters: 4)))
    // CFG, FGC, GCF, CFG, FGC
    #expect(values["CPI"].isAbout(3.0 / 5))
    #expect(values["chords"] == 3)
    #expect(values["chord_changes"].isAbout(6.0 / 7))
    #expect(values["chord_fit"] == 1)
    #expect(values["chords_in_scale"] == 1)
    #expect(values["tonic_chords"].isAbout(3.0 / 7))
  }

  @Test("The fitness of a segment that returns exactly is that of the published formula") func fitness() {
    // Four units, of which the last two repeat the first two: σ = 4, L = 4, γ = 4, M = 2, N = 4.
    let no = FitnessScape.penalty
    let repeated = FitnessScape(
      similarity: [1, no, 1, no, no, 1, no, 1, 1, no, 1, no, no, 1, no, 1], count: 4, unit: 1)
    #expect(Optional(repeated.highestByLength[1]).isAbout(0.5))
    // The whole piece explains nothing but itself, and one unit of four explains two: σ = L = γ = 2, M = 1.
    #expect(repeated.highestByLength[3] == 0)
    #expect(Optional(repeated.highestByLength[0]).isAbout(2 * 0.5 * 0.25 / 0.75))
    let through = FitnessScape(
      similarity: [1, no, no, no, no, 1, no, no, no, no, 1, no, no, no, no, 1], count: 4, unit: 1)
    #expect(through.highestByLength == [0, 0, 0, 0])
    #expect(repeated.highest(2...2) == repeated.highestByLength[1])
    #expect(repeated.highest(5...9).isNaN)
  }

  @Test("A path may pass through the piece at half and at double speed") func warpedPaths() {
    // Units 3...4 are the first three at a faster pace, by the steps (1, 2).
    let no = FitnessScape.penalty
    var matrix = [Float](repeating: no, count: 25)
    for unit in 0..<5 { matrix[unit * 6] = 1 }
    for (row, column) in [(3, 0), (4, 2)] {
      matrix[row * 5 + column] = 1
      matrix[column * 5 + row] = 1
    }
    let scape = FitnessScape(similarity: matrix, count: 5, unit: 1)
    // σ = 3 + 2, L = 5, γ = 5, M = 3.
    #expect(Optional(scape.highestByLength[2]).isAbout(0.4))
  }

  @Test("Pieces that return have more structure than those that do not") func structure() {
    let returning = describe(TestScore.form("ABCDABCDABCDABCD"))
    var pitch = 60
    let through = TestScore.line(
      (0..<64).map { step in
        pitch = 55 + (pitch * 7 + step * step) % 24
        return pitch
      })
    let other = describe(TestScore.piece(melody: through))
    for name in ["SI_mid", "SI_short"] {
      #expect(returning[name] ?? 0 > (other[name] ?? 1) + 0.2, "\(name)")
    }
  }

  @Test("The features of Yang and Lerch count notes, lengths and successions") func yangLerch() {
    let score = TestScore.piece(
      melody: TestScore.line([(60, 1), (64, 0.5), (64, 0.5), (60, 2), (72, 4.0 / 3)]))
    let features = YangLerchFeatures(score)
    #expect(features.pitchClassHistogram[0] == 0.6)
    #expect(features.pitchClassHistogram[4] == 0.4)
    #expect(features.pitchClassTransitions[0 * 12 + 4] == 0.25)
    #expect(features.pitchClassTransitions[4 * 12 + 4] == 0.25)
    #expect(features.pitchClassTransitions[0 * 12 + 0] == 0.25)
    #expect(features.noteLengthHistogram == [0, 0.2, 0.2, 0.4, 0, 0, 0, 0, 0, 0.2, 0, 0])
    #expect(features.noteLengthTransitions[2 * 12 + 3] == 0.25)
    let values = describe(score)
    #expect(values["average_pitch_shift"].isAbout(20.0 / 4))
    #expect(values["average_ioi"].isAbout(0.5))
    #expect(values["pitch_count_per_bar"] == 1.5)
    #expect(values["triplet_notes"] == 0.2)
    // After C comes E or C, after E comes E or C: a bit each.
    #expect(values["pitch_class_transition_entropy"].isAbout(1))
  }
}
