import Music
import Testing

@Suite struct ScoreSummaryTests {
  @Test("A score is summed up") func aScoreIsSummedUp() {
    let notes = [60, 64, 67, 72, 65, 69, 67, 71, 74, 60, 64, 67].enumerated().map {
      Note(onset: $0.offset * 480, duration: 480, pitch: $0.element, velocity: 80)
    }
    let score = Score(
      ticksPerQuarter: 480, tracks: [Track(name: "Flute", program: 73, notes: notes)],
      tempos: [TempoChange(tick: 960, microsecondsPerQuarter: 1_000_000)],
      timeSignatures: [TimeSignatureChange(tick: 0, timeSignature: TimeSignature(3, 4))],
      keys: [KeyChange(tick: 0, fifths: 0, isMinor: false)], length: 12 * 480, title: "Tune")
    let summary = ScoreSummary(score)
    #expect(summary.bars == 4 && summary.notes == 12 && summary.seconds == 1 + 10)
    #expect(summary.tempos.map(\.tick) == [0, 960] && summary.tempos.map(\.beatsPerMinute) == [120, 60])
    #expect(summary.timeSignatures.map { "\($0.tick): \($0.numerator)/\($0.denominator)" } == ["0: 3/4"])
    #expect(summary.key == "C major" && summary.keySignature == "C major" && summary.title == "Tune")
    #expect(summary.tracks.map(\.name) == ["Flute"] && summary.tracks.map(\.program) == [73])
    #expect(summary.tracks.map(\.notes) == [12] && !summary.tracks[0].isDrum)
  }
}
