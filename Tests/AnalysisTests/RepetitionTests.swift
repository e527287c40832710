import Analysis
import Music
import Testing

@Suite("Repetition of bars") struct RepetitionTests {
  @Test("Equal bars are counted by their distance") func byLag() {
    let values = describe(TestScore.form("ABABABAC"))
    #expect(values["melody_repeats_1"] == 0)
    #expect(values["melody_repeats_2"].isAbout(5.0 / 6))
    #expect(values["melody_repeats_4"].isAbout(3.0 / 4))
    #expect(values["melody_repeats_8"]?.isNaN == true)
    #expect(values["bars_repeat_2"].isAbout(5.0 / 6))
    #expect(values["distinct_melody_bars"].isAbout(100 * 3.0 / 8))
    #expect(values["melody_rhythm_repeats_1"] == 1)
    // Of eight bars the third to the seventh are copies.
    #expect(values["notes_in_repeated_bars"].isAbout(5.0 / 8))
    #expect(values["notes_in_repeated_rhythms"].isAbout(7.0 / 8))
  }

  @Test("A transposed bar has the same shape but not the same notes") func shapes() {
    let values = describe(TestScore.piece(melody: TestScore.line([60, 62, 64, 65, 67, 69, 71, 72])))
    #expect(values["melody_repeats_1"] == 0)
    #expect(values["melody_shape_repeats_1"] == 1)
    #expect(values["notes_in_repeated_shapes"] == 0.5)
  }

  @Test("A row of pitches may return in another rhythm") func pitchRows() {
    let even = TestScore.line([60, 62, 64, 65])
    let uneven = TestScore.line([(60, 1.5), (62, 0.5), (64, 1), (65, 1)]).map {
      Note(onset: $0.onset + 4 * 480, duration: $0.duration, pitch: $0.pitch, velocity: 80)
    }
    let values = describe(TestScore.piece(melody: even + uneven))
    #expect(values["melody_pitches_repeat_1"] == 1)
    #expect(values["melody_rhythm_repeats_1"] == 0)
    #expect(values["melody_repeats_1"] == 0)
  }

  @Test("An opening returns after four or eight bars, whatever the bars between do") func openings() {
    let values = describe(TestScore.form("ABCDABCBABDD"))
    #expect(values["opening_returns_4"].isAbout(3.0 / 4))
    #expect(values["opening_returns_8"].isAbout(3.0 / 4))
    // A piece of eleven bars has no four bars that are eight later.
    #expect(describe(TestScore.form("ABCDABCBABD"))["opening_returns_8"]?.isNaN == true)
    // A pickup is no part of the opening.
    var score = TestScore.form("ABCDDCBAABCD")
    score.tracks[0].notes =
      [Note(onset: 1440, duration: 480, pitch: 50, velocity: 80)]
      + score.tracks[0].notes.map {
        Note(onset: $0.onset + 1920, duration: $0.duration, pitch: $0.pitch, velocity: 80)
      }
    let late = describe(score)
    #expect(late["opening_returns_4"] == 0 && late["opening_returns_8"] == 1)
  }

  @Test("A bar that differs from an earlier one by a note varies it, and one that equals it does not")
  func varied() {
    // The third bar has three notes of the first and the fourth none; the last is a copy.
    let bars = [
      [60, 62, 64, 65], [67, 65, 64, 62], [60, 62, 64, 67], [72, 71, 69, 67], [60, 62, 64, 65],
    ]
    let values = describe(TestScore.piece(melody: TestScore.line(bars.flatMap(\.self))))
    #expect(values["varied_melody_bars"].isAbout(1.0 / 5))
    #expect(values["changed_similarity_4"]?.isNaN == true, "the only bar that has one four before equals it")
    let changed = describe(
      TestScore.piece(melody: TestScore.line((bars.prefix(4) + [bars[2]]).flatMap(\.self))))
    #expect(changed["changed_similarity_4"].isAbout(3.0 / 5), "three of five notes are in both")
  }

  @Test("Empty bars neither repeat nor are repeated") func emptyBars() {
    let values = describe(
      TestScore.piece(melody: TestScore.line([60, 62, 64, 65, nil, nil, nil, nil, 60, 62, 64, 65])))
    #expect(values["melody_repeats_1"] == 0)
    #expect(values["melody_repeats_2"] == 1)
    #expect(values["empty_melody_bars"].isAbout(1.0 / 3))
    #expect(values["empty_measure_rate"].isAbout(1.0 / 3))
  }

  @Test("Small differences of time are rounded away") func performed() {
    var score = TestScore.form("AA")
    score.tracks[0].notes = score.tracks[0].notes.enumerated().map { index, note in
      Note(
        onset: max(0, note.onset + index % 3 * 8 - 8), duration: note.duration, pitch: note.pitch,
        velocity: 80)
    }
    #expect(describe(score)["melody_repeats_1"] == 1)
  }

  @Test("Self-similarity is the share of notes that two bars have in common") func similarity() {
    // A and a share 62 and 64, but at other places; A and D share the first and the third note.
    let similarity = SelfSimilarity(TestScore.form("AaDA"))
    #expect(similarity.barCount == 4)
    #expect(similarity[0, 0] == 1)
    #expect(similarity[0, 1] == 0)
    #expect(Optional(similarity[0, 2]).isAbout(2.0 / 6))
    #expect(similarity[2, 0] == similarity[0, 2])
    #expect(similarity[3, 0] == 1)
    #expect(Optional(similarity.mean(atLag: 3)).isAbout(1))
    #expect(Optional(similarity.meanOfBestMatch).isAbout(4.0 / 9))
    #expect(Optional(similarity.mean).isAbout(5.0 / 18))
    #expect(SelfSimilarity(TestScore.form("AaDA"), aspect: .rhythm).mean == 1)
    #expect(SelfSimilarity(TestScore.form("AaDA")).mean(atLag: 4).isNaN)
  }

  @Test("Phrases end with long notes and where a passage returns") func phrases() {
    // Two bars that end with a half note, four times.
    let phrase: [(pitch: Int?, quarters: Double)] = [
      (60, 1), (62, 1), (64, 1), (65, 1), (67, 1), (65, 1), (64, 2),
    ]
    let other: [(pitch: Int?, quarters: Double)] = [
      (72, 1), (71, 1), (69, 1), (67, 1), (65, 1), (64, 1), (62, 2),
    ]
    let values = describe(TestScore.piece(melody: TestScore.line(phrase + other + phrase + other)))
    #expect(values["phrase_length"] == 2)
    #expect(values["phrase_length_deviation"] == 0)
    #expect(values["regular_phrases"] == 1)
    #expect(values["bar_count"] == 8)
    // Without long notes the return of the first four bars is what divides.
    let even = describe(TestScore.form("ABCDABCD"))
    #expect(even["phrase_length"] == 4)
  }
}
