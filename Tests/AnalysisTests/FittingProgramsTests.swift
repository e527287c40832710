import Analysis
import Music
import Testing

@Suite("Programs for scores that name none") struct FittingProgramsTests {
  /// A tune from `lowest` upwards, with triads under it if asked for.
  func tune(from lowest: Int, chords: Bool, program: Int? = nil, name: String = "") -> Score {
    let steps = [0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 4, 0]
    var tracks = [
      Track(
        name: name, program: program,
        notes: steps.enumerated().map {
          Note(onset: 240 * $0, duration: 230, pitch: lowest + $1, velocity: 80)
        })
    ]
    if chords {
      tracks.append(
        Track(
          notes: (0..<4).flatMap { bar in
            [48, 52, 55].map { Note(onset: 960 * bar, duration: 900, pitch: $0, velocity: 64) }
          }))
    }
    return Score(ticksPerQuarter: 480, tracks: tracks)
  }

  @Test("A tune is played by a flute or a fiddle, and its chords by a guitar")
  func tunes() {
    let high = tune(from: 62, chords: true).withFittingPrograms()
    #expect(high.tracks.map(\.program) == [73, 24])
    let low = tune(from: 57, chords: true).withFittingPrograms()
    #expect(low.tracks.map(\.program) == [110, 24])
    #expect(tune(from: 67, chords: false).withFittingPrograms().tracks.map(\.program) == [73])
  }

  @Test("A score that names a program anywhere, or a keyboard, stays as it is")
  func named() {
    for score in [
      tune(from: 62, chords: true, program: 0), tune(from: 62, chords: true, name: "Piano right hand"),
    ] {
      #expect(score.withFittingPrograms() == score)
    }
  }

  @Test("Four voices without chords are strings")
  func voices() {
    let pitches = [72, 65, 58, 45]
    let score = Score(
      ticksPerQuarter: 480,
      tracks: pitches.map { pitch in
        Track(
          notes: (0..<16).map {
            Note(onset: 480 * $0, duration: 470, pitch: pitch + [0, 2, 4, 2][$0 % 4], velocity: 80)
          })
      })
    let programs = score.withFittingPrograms().tracks.map(\.program)
    #expect(programs == [40, 40, 40, 42], "\(programs)")
  }

  @Test("Nothing is changed but programs")
  func rest() {
    var score = tune(from: 62, chords: true).withFittingPrograms()
    for index in score.tracks.indices { score.tracks[index].program = nil }
    #expect(score == tune(from: 62, chords: true))
  }
}
