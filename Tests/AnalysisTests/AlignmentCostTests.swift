import Analysis
import Music
import TestSupport
import Testing

@Suite("Alignment of large and odd pieces") struct AlignmentCostTests {
  @Test("Notes that are all held to the end are aligned at once", .timeLimit(.minutes(1)))
  func heldNotes() {
    var random = RepeatableGenerator(seed: 1)
    let end = 60_000 * 120
    let notes = (0..<60_000).map {
      Note(onset: $0 * 120, duration: end - $0 * 120, pitch: 40 + random.next(40), velocity: 80)
    }
    let score = Score(ticksPerQuarter: 480, tracks: [Track(notes: notes)], length: end)
    #expect(ContinuousClock().measure { _ = BeatAlignment(of: score) } < .seconds(20))
  }

  @Test("Ticks never change their order, however often the beat jumps") func ticksKeepTheirOrder() {
    let score = BeatAlignmentTests.song(shift: 200, jumps: -160)
    let alignment = BeatAlignment(of: score)
    let places = (0..<20_000).map { alignment.alignedTick($0 * 2) }
    #expect(places == places.sorted())
    #expect(places.first == alignment.alignedTick(0))
  }

  @Test("A pickup moves with its piece") func aPickupMoves() {
    var score = BeatAlignmentTests.song(shift: 1_440 + 100)
    score.pickup = 480
    let alignment = BeatAlignment(of: score)
    let moved = score.aligned(by: alignment)
    let first = moved.tracks.compactMap { $0.notes.first?.onset }.min() ?? 0
    #expect(alignment.isNeeded)
    #expect(moved.pickup == 0 || 1_920 - moved.pickup <= first)
  }

  @Test("Drums are no evidence for or against a key") func drumsAreNoEvidence() {
    let melody = [64, 66, 68, 69, 71, 73, 75, 76].enumerated().map {
      Note(onset: $0.offset * 480, duration: 480, pitch: $0.element, velocity: 80)
    }
    let beats = (0..<64).map { Note(onset: $0 * 60, duration: 30, pitch: 38, velocity: 80) }
    let score = Score(
      ticksPerQuarter: 480, tracks: [Track(notes: melody), Track(isDrum: true, notes: beats)],
      keys: [KeyChange(tick: 0, fifths: 0, isMinor: false)], length: 8 * 480)
    #expect(score.statingKey().preparation == .stated)
  }

  @Test("A piece's key is the one that it states, else the one that its notes suggest") func aPiecesKey() {
    let notes = [60, 62, 64, 65, 67, 69, 71, 72, 60, 64, 67, 60].enumerated().map {
      Note(onset: $0.offset * 480, duration: 480, pitch: $0.element, velocity: 80)
    }
    var score = Score(ticksPerQuarter: 480, tracks: [Track(notes: notes)], length: 12 * 480)
    #expect(score.key == PieceKey(tonic: 0, isMinor: false))
    score.keys = [KeyChange(tick: 0, fifths: -4, isMinor: true)]
    #expect(score.key == PieceKey(tonic: 5, isMinor: true))
    score.keys = [KeyChange(tick: 0, fifths: 5, isMinor: false)]
    #expect(score.key == PieceKey(tonic: 11, isMinor: false))
    #expect(Score(ticksPerQuarter: 480).key == nil)
  }
}
