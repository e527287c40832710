import Music
import Testing

@Suite struct TransformationTests {
  let score = Score(
    ticksPerQuarter: 480,
    tracks: [
      Track(notes: [
        Note(onset: 10, duration: 470, pitch: 60, velocity: 80),
        Note(onset: 500, duration: 3, pitch: 126, velocity: 80),
      ]),
      Track(isDrum: true, notes: [Note(onset: 0, duration: 10, pitch: 36, velocity: 90)]),
    ],
    keys: [KeyChange(tick: 0, fifths: 0, isMinor: false)], length: 960)

  @Test("Transposing moves pitches and keys but no drums") func transposingMovesPitchesAndKeysButNoDrums() {
    let up = score.transposed(by: 2)
    #expect(up.tracks[0].notes.map(\.pitch) == [62])
    #expect(up.tracks[1].notes == score.tracks[1].notes)
    #expect(up.keys[0].fifths == 2)
    #expect(score.transposed(by: 6).keys[0].fifths == 6)
    #expect(score.transposed(by: -1).keys[0].fifths == 5)
    #expect(score.transposed(by: 1).keys[0].fifths == -5)
  }

  @Test("Transposing there and back is the identity in the middle")
  func transposingThereAndBackIsTheIdentityInTheMiddle() {
    var middle = score
    middle.tracks[0].notes.removeLast()
    for semitones in -12...12 {
      #expect(middle.transposed(by: semitones).transposed(by: -semitones) == middle)
    }
  }

  @Test("Quantizing moves to the grid and keeps every note") func quantizingMovesToTheGridAndKeepsEveryNote()
  {
    let grid = score.quantized(toMultiplesOf: 120)
    #expect(grid.tracks[0].notes.map(\.onset) == [0, 480])
    #expect(grid.tracks[0].notes.map(\.duration) == [480, 120])
    #expect(grid.quantized(toMultiplesOf: 120) == grid)
  }

  @Test("Transposing far out of reach leaves nothing but drums") func transposingFarOutOfReach() {
    for semitones in [128, -128, .max, .min] {
      let far = score.transposed(by: semitones)
      #expect(far.tracks[0].notes.isEmpty && far.tracks[1] == score.tracks[1])
      #expect((-5...6).contains(far.keys[0].fifths))
    }
  }

  @Test("Random scores come back from every transposition that loses no note")
  func randomScoresComeBackFromEveryTransposition() {
    var scores = RandomScores(seed: 6)
    for _ in 0..<100 {
      var score = scores.next()
      for index in score.keys.indices { score.keys[index].fifths = min(max(score.keys[index].fifths, -5), 6) }
      for semitones in [-60, -13, -1, 0, 7, 12, 63] {
        #expect(score.transposed(by: semitones).transposed(by: -semitones) == score)
      }
      #expect(score.transposed(by: 65).noteCount <= score.noteCount)
    }
  }

  @Test("Tracks are left out by what they are") func tracksAreLeftOutByWhatTheyAre() {
    let melody = score.withoutTracks(where: \.isDrum)
    #expect(melody.tracks == [score.tracks[0]] && melody.length == score.length)
  }
}
