import Foundation
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

  @Test("The end of a piece and that of its last note are distinguished") func theTwoEndsAreToldApart() throws
  {
    var score = Score(
      ticksPerQuarter: 480,
      tracks: [Track(notes: [Note(onset: 0, duration: 960, pitch: 60, velocity: 80)])], length: 4_800)
    let summary = ScoreSummary(score)
    #expect(summary.seconds == 5 && summary.lastNoteSeconds == 1)
    let text = String(decoding: try JSONEncoder().encode(summary), as: UTF8.self)
    #expect(text.contains("\"lastNoteSeconds\":1") && text.contains("\"metres\":["))
    // A score that was put together without a length ends with its last note.
    score.length = 0
    #expect(score.seconds == 1)
    #expect(ScoreSummary(Score(ticksPerQuarter: 1)).lastNoteSeconds == 0)
  }

  @Test("What no music has is summed up and drawn without a trap") func absurdScoresAreSummedUpAndDrawn() {
    let end = 1 << 59
    var score = Score(
      ticksPerQuarter: 1,
      tracks: [
        Track(notes: [
          Note(onset: end, duration: 1, pitch: 60, velocity: 80),
          Note(onset: 0, duration: 1, pitch: 300, velocity: 80),
          Note(onset: 0, duration: end, pitch: -20, velocity: 0),
        ])
      ],
      tempos: [0, 1, 0xFF_FFFF, -5].map { TempoChange(tick: 0, microsecondsPerQuarter: $0) }, length: end)
    for signature in [TimeSignature(1, 256), TimeSignature(255, 1)] {
      // Many changes, as a file of 65,535 time signatures has them, each with more bars than there are integers.
      score.timeSignatures = (0..<65_535).map {
        TimeSignatureChange(tick: $0 % 7 == 0 ? -$0 : $0 << 42, timeSignature: signature)
      }
      let summary = ScoreSummary(score)
      #expect(summary.bars > 0 && summary.seconds.isFinite)
      let bars = score.bars
      #expect(bars[bars.count - 1].end > 0 && bars.position(of: .max).bar >= 0)
      #expect(PianoRoll().svg(of: score, title: "").hasPrefix("<svg"))
      #expect(score.slice(bars: 0..<2).length <= end)
    }
    score.tempos = [TempoChange(tick: 0, microsecondsPerQuarter: 0)]
    #expect(PianoRoll().svg(of: score, title: "").hasPrefix("<svg"))
    #expect(score.timeMap.tick(atSeconds: .nan) == 0 && score.timeMap.tick(atSeconds: .infinity) == .max)
  }
}
