import Evaluation
import Music
import TestSupport
import Testing

@Suite struct DegradationTests {
  private static func tune(seed: UInt64) -> Score {
    var random = RepeatableGenerator(seed: seed)
    var onset = 0
    let notes = (0..<64).map { _ in
      let duration = 120 * random.number(1...4)
      defer { onset += duration }
      return Note(onset: onset, duration: duration, pitch: 60 + random.number(0...4), velocity: 80)
    }
    let drums = Track(isDrum: true, notes: [Note(onset: 0, duration: 60, pitch: 36, velocity: 90)])
    return Score(
      ticksPerQuarter: 480, tracks: [drums, Track(program: 0, notes: notes)], length: onset)
  }

  @Test(
    "Each kind of error is what it is called, in any of fifty pieces", arguments: Degradation.allCases)
  func eachKindOfErrorIsWhatItIsCalled(kind: Degradation) throws {
    for seed in UInt64(1)...50 {
      let before = Self.tune(seed: seed)
      var random = RepeatableGenerator(seed: seed)
      let result = try #require(kind.planted(in: before, using: &random))
      let old = before.tracks[1].notes, new = result.score.tracks[1].notes
      #expect(result.track == 1 && result.score.tracks[0] == before.tracks[0])
      #expect(new == new.sorted())
      let (gone, come) = (old.filter { !new.contains($0) }, new.filter { !old.contains($0) })
      switch kind {
      case .pitchShift:
        #expect(gone.count == 1 && come == [result.note])
        #expect(gone[0].onset == come[0].onset && gone[0].duration == come[0].duration)
        #expect((21...108).contains(come[0].pitch) && come[0].pitch != gone[0].pitch)
      case .timeShift:
        #expect(gone[0].duration == come[0].duration && gone[0].pitch == come[0].pitch)
        #expect((48...960).contains(abs(gone[0].onset - come[0].onset)))
      case .onsetShift: #expect(gone[0].end == come[0].end && gone[0].onset != come[0].onset)
      case .offsetShift: #expect(gone[0].onset == come[0].onset && gone[0].end != come[0].end)
      case .addNote: #expect(gone.isEmpty && come == [result.note])
      case .removeNote: #expect(gone.count == 1 && come.isEmpty && result.note == nil)
      case .splitNote:
        #expect(new.count == old.count + 1 && gone.count == 1 && come.count == 2)
        #expect(come.reduce(0) { $0 + $1.duration } == gone[0].duration)
      case .joinNotes:
        #expect(new.count == old.count - 1 && gone.count == 2 && come.count == 1)
        #expect(come[0].end == gone[1].end && come[0].onset == gone[0].onset)
      }
      // Notes of one pitch do not overlap.
      for (index, note) in new.enumerated() {
        #expect(!new[(index + 1)...].contains { $0.pitch == note.pitch && $0.onset < note.end })
      }
    }
  }

  @Test("The same random numbers plant the same error, where they are told to") func theSameError() throws {
    let score = Self.tune(seed: 1)
    var first = RepeatableGenerator(seed: 9), second = RepeatableGenerator(seed: 9)
    for kind in Degradation.allCases {
      let one = kind.planted(in: score, at: 960..<6000, using: &first)
      #expect(one == kind.planted(in: score, at: 960..<6000, using: &second))
      if let one, kind != .joinNotes, kind != .splitNote, kind != .timeShift, kind != .onsetShift {
        #expect((960..<6000).contains(one.tick))
      }
    }
    #expect(Degradation.pitchShift.planted(in: Score(ticksPerQuarter: 480), using: &first) == nil)
  }
}
