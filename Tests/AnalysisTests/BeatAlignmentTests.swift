import Analysis
import Music
import Notation
import TestSupport
import Testing

@Suite("Beats and bar lines") struct BeatAlignmentTests {
  /// A song of 16 bars in 4/4: bass on the half bars, chords on the beats that change with the bar, a tune in eighths.
  static func song(shift: Int = 0, metre: TimeSignature? = .common, jumps: Int = 0) -> Score {
    let roots = [48, 45, 41, 43]
    var bass: [Note] = []
    var chords: [Note] = []
    var tune: [Note] = []
    for bar in 0..<16 {
      let start = bar * 1_920 + shift + (bar >= 8 ? jumps : 0)
      let root = roots[bar % 4]
      bass.append(Note(onset: start, duration: 1_900, pitch: root - 12, velocity: 80))
      for beat in 0..<4 {
        for interval in [0, bar % 4 == 1 ? 3 : 4, 7] {
          chords.append(
            Note(onset: start + beat * 480, duration: 460, pitch: root + 12 + interval, velocity: 70))
        }
      }
      for eighth in 0..<8 where eighth != 5 {
        tune.append(
          Note(
            onset: start + eighth * 240, duration: 230, pitch: root + 24 + [0, 4, 7, 12, 7, 4, 2, 0][eighth],
            velocity: 90))
      }
    }
    return Score(
      ticksPerQuarter: 480, tracks: [Track(notes: tune), Track(notes: chords), Track(notes: bass)],
      timeSignatures: metre.map { [TimeSignatureChange(tick: 0, timeSignature: $0)] } ?? [],
      length: 16 * 1_920 + shift)
  }

  @Test("A piece in time stays as it is") func inTime() {
    let score = Self.song()
    let alignment = BeatAlignment(of: score)
    #expect(alignment.reason == .inTime)
    #expect(alignment.shift == 0)
    #expect(alignment.shareBefore == 1)
    #expect(score.aligned(by: alignment) == score)
  }

  @Test(
    "A piece whose beats are late by any part of a beat is put back", arguments: [60, 100, 200, 300, 419])
  func late(shift: Int) {
    let alignment = BeatAlignment(of: Self.song(shift: shift))
    #expect(alignment.isNeeded)
    #expect(alignment.shift == -shift)
    #expect(alignment.shareAfter == 1)
    #expect(alignment.downbeatConfidence > 0.5)
    let late = Double(shift) / 480
    #expect(abs(alignment.lateness - (late < 0.5 ? late : late - 1)) < 1e-9)
    let moved = Self.song(shift: shift).aligned(by: alignment)
    #expect(moved.tracks == Self.song().tracks)
  }

  @Test(
    "A piece that counts beats alone gets bars where its harmony changes",
    arguments: [0, 480, 960, 1_440, 800])
  func beatsAlone(shift: Int) {
    let score = Self.song(shift: shift, metre: TimeSignature(1, 4))
    let moved = score.aligned(by: BeatAlignment(of: score))
    let onsets = moved.tracks[2].notes.map(\.onset)
    #expect(onsets.allSatisfy { $0 % 1_920 == 0 })
    #expect(moved.noteCount == score.noteCount)
  }

  @Test("What begins before the first bar line becomes a pickup") func pickup() {
    var score = Self.song(shift: 360, metre: TimeSignature(1, 4))
    score.tracks[0].notes.insert(Note(onset: 0, duration: 240, pitch: 67, velocity: 90), at: 0)
    let alignment = BeatAlignment(of: score)
    let moved = score.aligned(by: alignment)
    #expect(alignment.shift == 1_560)
    #expect(moved.tracks[0].notes.first?.onset == 1_560)
    #expect(moved.tracks[2].notes.first?.onset == 1_920)
    #expect(moved.pickup == 360)
  }

  @Test(
    "Where the beat jumps, what follows is moved by itself, and no note overtakes another",
    arguments: [-150, 90])
  func jump(ticks: Int) {
    let score = Self.song(shift: 300, jumps: ticks)
    let alignment = BeatAlignment(of: score)
    #expect(alignment.sectionCount == 2)
    #expect(alignment.shareAfter > 0.98)
    let ticks = (0...16_000).map { alignment.alignedTick($0) }
    #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(alignment.originalTick(alignment.alignedTick(30_000)) == 30_000)
  }

  @Test("Tempos, keys and metres stay at the beginning, and later ones move with the notes") func events() {
    var score = Self.song(shift: 200)
    score.tempos = [
      TempoChange(tick: 0, microsecondsPerQuarter: 600_000),
      TempoChange(tick: 2_120, microsecondsPerQuarter: 500_000),
    ]
    score.keys = [KeyChange(tick: 0, fifths: 2, isMinor: false)]
    score.tracks[0].controlChanges = [ControlChange(tick: 100, controller: 64, value: 127)]
    let moved = score.aligned(by: BeatAlignment(of: score))
    #expect(moved.tempos.map(\.tick) == [0, 1_920])
    #expect(moved.keys == score.keys)
    #expect(moved.timeSignatures == score.timeSignatures)
    #expect(moved.tracks[0].controlChanges.map(\.tick) == [0])
    #expect(moved.length == 16 * 1_920)
  }

  @Test("Drums alone, few notes and free playing are never moved") func untouched() {
    var drums = Self.song(shift: 100)
    for index in drums.tracks.indices { drums.tracks[index].isDrum = true }
    #expect(!BeatAlignment(of: drums).isNeeded)
    var generator = RepeatableGenerator(seed: 1)
    let notes = (0..<200).map { _ in
      Note(
        onset: Int.random(in: 0..<40_000, using: &generator), duration: 200,
        pitch: Int.random(in: 40..<80, using: &generator), velocity: 80)
    }.sorted()
    let free = Score(ticksPerQuarter: 480, tracks: [Track(notes: notes)], length: 40_300)
    #expect(BeatAlignment(of: free).reason == .noSteadyBeat)
    let few = Score(ticksPerQuarter: 480, tracks: [Track(notes: Array(notes.prefix(12)))], length: 40_300)
    #expect(BeatAlignment(of: few).reason == .tooFewNotes)
    #expect(BeatAlignment(of: Score(ticksPerQuarter: 1)).reason == .tooFewNotes)
  }

  @Test("Notes at the edge of time are no trap") func extremes() {
    var score = Self.song(shift: 200)
    score.tracks[0].notes.append(Note(onset: 1 << 40, duration: 1 << 40, pitch: 60, velocity: 1))
    let alignment = BeatAlignment(of: score)
    #expect(alignment.shift == -200)
    _ = score.aligned(by: alignment)
  }

  @Test(
    "Songs of POP909 lie on the grid after one shift",
    .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
  func pop909() throws {
    var (onGrid, before, notes) = (0.0, 0.0, 0.0)
    for path in SharedData.files(under: "pop909", suffix: ".mid").prefix(30) {
      let score = try ScoreReader.read(path: path).scores[0]
      let alignment = BeatAlignment(of: score)
      let count = Double(score.noteCount)
      onGrid += alignment.shareAfter * count
      before += alignment.shareBefore * count
      notes += count
    }
    #expect(before / notes < 0.65)
    #expect(onGrid / notes > 0.93)
  }

  @Test(
    "Collections that are in time come out unchanged",
    .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)),
    arguments: ["nottingham/midi", "multitrack", "js-fakes/midi"])
  func unchanged(collection: String) throws {
    for path in SharedData.files(under: collection, suffix: ".mid").prefix(25) {
      #expect(!BeatAlignment(of: try ScoreReader.read(path: path).scores[0]).isNeeded, "\(path)")
    }
  }
}
