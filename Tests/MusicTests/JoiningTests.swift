import Music
import TestSupport
import Testing

@Suite struct JoiningTests {
  private func randomScores(_ seed: UInt64, count: Int = 100) -> [Score] {
    var scores = RandomScores(seed: seed)
    return (0..<count).map { _ in scores.next() }
  }

  private func orderedNotes(_ score: Score) -> [[Note]] { score.tracks.map { $0.notes.sorted() } }

  @Test("Slices of bars make the score again") func slicesOfBarsMakeTheScoreAgain() {
    var generator = RepeatableGenerator(seed: 1)
    for score in randomScores(1) {
      let bars = score.bars
      let middle = generator.number(0...bars.count)
      let cut = middle < bars.count ? bars[middle].start : score.length
      let halves = [
        score.slice(bars: 0..<middle, boundary: .keep), score.slice(bars: middle..., boundary: .keep),
      ]
      guard middle < bars.count else { continue }
      let again = Score.concatenated(halves)
      #expect(orderedNotes(again) == orderedNotes(score))
      #expect(again.length == score.length && again.ticksPerQuarter == score.ticksPerQuarter)
      #expect(again.title == score.title && again.markers == score.markers)
      #expect(again.bars.map(\.start) == score.bars.map(\.start))
      #expect(again.otherEvents == score.otherEvents)
      for tick in 0..<score.length {
        #expect(abs(again.timeMap.seconds(at: tick) - score.timeMap.seconds(at: tick)) < 1e-9)
        #expect(again.keys.last { $0.tick <= tick }?.fifths == score.keys.last { $0.tick <= tick }?.fifths)
      }
      for (before, after) in zip(score.tracks, again.tracks) {
        #expect(before.name == after.name && before.channel == after.channel)
        for tick in 0..<max(1, score.length) {
          var (old, new) = (Sound(before, at: tick), Sound(after, at: tick))
          if old.program == nil { (old.bank, new.bank) = ([], []) }
          #expect(old == new, "tick \(tick), cut at \(cut): \(before) became \(after)")
        }
      }
    }
  }

  @Test("Clipped slices make the score again but for the notes that were cut")
  func clippedSlicesMakeTheScoreAgain() {
    for score in randomScores(2) {
      let bars = score.bars
      let slices = bars.indices.map { score.slice(bars: $0..<$0 + 1) }
      let again = Score.concatenated(slices)
      let lines = bars.map(\.start)
      let whole = score.tracks.flatMap { track in
        track.notes.filter { note in !lines.contains { note.onset < $0 && $0 < note.end } }
      }
      let notes = again.tracks.flatMap(\.notes)
      #expect(Set(whole).isSubset(of: Set(notes)))
      func sounding(_ notes: [Note]) -> Int { notes.reduce(0) { $0 + $1.duration } }
      #expect(sounding(notes) == sounding(score.tracks.flatMap(\.notes)))
      if !slices.isEmpty { #expect(again.length == score.length) }
    }
  }

  @Test("Joined scores sound as they do alone") func joinedScoresSoundAsTheyDoAlone() {
    var generator = RepeatableGenerator(seed: 3)
    let scores = randomScores(3)
    for (first, second) in zip(scores, scores.dropFirst().shuffled(using: &generator)) where first.length > 0
    {
      let joined = first.concatenated(with: second)
      #expect(joined.length == first.length + second.length)
      #expect(joined.noteCount == first.noteCount + second.noteCount)
      let seconds = first.seconds + second.seconds
      #expect(abs(joined.seconds - seconds) < 1e-9)
      #expect(joined.bars.count == first.bars.count + second.bars.count)
      for track in joined.tracks { #expect(track.notes == track.notes.sorted()) }
      let onsets = joined.tracks.flatMap(\.notes).map(\.onset).sorted()
      let expected =
        first.tracks.flatMap(\.notes).map(\.onset)
        + second.tracks.flatMap(\.notes).map { $0.onset + first.length }
      #expect(onsets == expected.sorted())
    }
    #expect(Score.concatenated([]).length == 0)
    #expect(Score.concatenated([scores[0]]) == scores[0])
  }

  @Test("What one score leaves does not color the next") func whatOneScoreLeavesDoesNotColorTheNext() {
    func score(_ controls: [(Int, Int)], bend: Int, tempo: Int?) -> Score {
      Score(
        ticksPerQuarter: 4,
        tracks: [
          Track(
            name: "Piano", program: 0, channel: 0,
            notes: [Note(onset: 0, duration: 4, pitch: 60, velocity: 9)],
            controlChanges: controls.map { ControlChange(tick: 8, controller: $0.0, value: $0.1) },
            pitchBends: [PitchBend(tick: 9, value: bend)])
        ], tempos: tempo.map { [TempoChange(tick: 0, microsecondsPerQuarter: $0)] } ?? [], length: 18)
    }
    let first = score([(64, 127), (7, 20), (101, 0), (100, 0), (6, 12), (20, 5)], bend: 99, tempo: 300_000)
    let joined = first.concatenated(with: score([], bend: 0, tempo: nil))
    #expect(joined.tracks.count == 1)
    let sound = Sound(joined.tracks[0], at: 18)
    #expect(sound.controllers == [7: 100, 20: 5] && sound.bend == 0)
    #expect(sound.parameters[[1, 0, 0, 6]] == 2)
    #expect(joined.tempos.map(\.microsecondsPerQuarter) == [300_000, 500_000])
    // The first score ends within a bar.
    #expect(joined.timeSignatures == [TimeSignatureChange(tick: 18, timeSignature: .common)])
  }

  @Test("Tracks continue in the tracks that are like them") func tracksContinueInTheTracksThatAreLikeThem() {
    func score(_ tracks: [(String, Int?, Int?)]) -> Score {
      Score(
        ticksPerQuarter: 4,
        tracks: tracks.map {
          Track(
            name: $0.0, program: $0.1, channel: $0.2,
            notes: [Note(onset: 0, duration: 4, pitch: 60, velocity: 9)])
        }, length: 16)
    }
    let first = score([("Flute", 73, 0), ("Piano", 0, 1), ("Piano", 0, 1), ("", 5, nil)])
    let joined = first.concatenated(
      with: score([("Piano", 0, 1), ("Flute", 72, 0), ("Piano", 0, 1), ("Oboe", 68, 1), ("", 6, nil)]))
    #expect(joined.tracks.map(\.notes.count) == [2, 2, 2, 1, 1, 1])
    #expect(joined.tracks[0].programChanges == [ProgramChange(tick: 16, program: 72)])
    // The channel of the oboe is the pianos'.
    #expect(joined.tracks[4].name == "Oboe" && joined.tracks[4].channel == nil)
    #expect(joined.tracks[4].notes[0].onset == 16 && joined.tracks[5].program == 6)
  }

  @Test("Times go to common ticks") func timesGoToCommonTicks() {
    let notes = (0..<7).map { Note(onset: $0 * 5, duration: 5, pitch: 60, velocity: 9) }
    func score(_ ticks: Int) -> Score {
      Score(ticksPerQuarter: ticks, tracks: [Track(notes: notes)], length: 40)
    }
    let exact = score(480).concatenated(with: score(1_024))
    #expect(exact.ticksPerQuarter == 15_360)
    #expect(abs(exact.seconds - score(480).seconds - score(1_024).seconds) < 1e-9)
    let rounded = score(960).concatenated(with: score(1_001))
    #expect(rounded.ticksPerQuarter == 960 * 34)
    #expect(abs(rounded.seconds - score(960).seconds - score(1_001).seconds) < 1 / 32_640.0)
    #expect(score(1).concatenated(with: score(32_767)).ticksPerQuarter == 32_767)
    // Notes that touch still touch.
    for ticks in [1, 7, 96, 1_000, 32_767] {
      let other = score(480).rescaled(ticksPerQuarter: ticks).tracks[0].notes
      #expect(other.allSatisfy { $0.duration > 0 })
      if ticks >= 96 { #expect(zip(other, other.dropFirst()).allSatisfy { $0.end == $1.onset }) }
    }
    for score in randomScores(4, count: 100) {
      #expect(score.rescaled(ticksPerQuarter: 480).rescaled(ticksPerQuarter: 4) == score)
    }
    let far = Score(ticksPerQuarter: 1, length: .max).rescaled(ticksPerQuarter: 32_767)
    #expect(far.length > 1 << 60)
  }

  @Test("Merged scores sound together") func mergedScoresSoundTogether() {
    let scores = randomScores(5)
    for (first, second) in zip(scores, scores.dropFirst()) {
      let both = first.merged(with: second)
      #expect(both.noteCount == first.noteCount + second.noteCount)
      #expect(both.tracks.count == first.tracks.count + second.tracks.count)
      #expect(both.length == max(first.length, second.length))
      #expect(both.tempos == (first.tempos.isEmpty ? second.tempos : first.tempos))
      let channels = first.tracks.compactMap(\.channel)
      #expect(
        both.tracks.dropFirst(first.tracks.count).allSatisfy { $0.channel.map(channels.contains) != true })
    }
    let upbeat = Score(ticksPerQuarter: 4, length: 16, pickup: 4)
    #expect(upbeat.merged(with: Score(ticksPerQuarter: 8, length: 32, pickup: 16)).pickup == 16)
  }
}
