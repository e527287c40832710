import Analysis
import Music
import Notation
import TestSupport
import Testing

@Suite("Preparing a score") struct ScorePreparationTests {
  /// Scales of a key up and down, the tonic longest.
  private static func scales(tonic: Int, isMinor: Bool = false, keys: [KeyChange] = []) -> Score {
    let scale = isMinor ? [0, 2, 3, 5, 7, 8, 11, 12] : [0, 2, 4, 5, 7, 9, 11, 12]
    let notes = (0..<8).flatMap { round in
      scale.enumerated().map { index, step in
        Note(
          onset: (round * 8 + index) * 480, duration: step % 12 == 0 ? 480 : 240, pitch: 60 + tonic + step,
          velocity: 80)
      }
    }
    return Score(ticksPerQuarter: 480, tracks: [Track(notes: notes)], keys: keys, length: 64 * 480)
  }

  @Test("The key of scales is found, for every tonic and both modes") func detection() {
    for tonic in 0..<12 {
      for isMinor in [false, true] {
        let key = KeyDetection(Self.scales(tonic: tonic, isMinor: isMinor))
        #expect(key?.tonic == tonic && key?.isMinor == isMinor)
      }
    }
    #expect(KeyDetection(Score(ticksPerQuarter: 480)) == nil)
  }

  @Test("A key is added where none is stated") func added() {
    let (score, what) = Self.scales(tonic: 2).statingKey()
    #expect(what == .added)
    #expect(score.keys == [KeyChange(tick: 0, fifths: 2, isMinor: false)])
  }

  @Test("A stated key is believed, C major least") func stated() {
    let dorian = [KeyChange(tick: 0, fifths: 1, isMinor: true)]
    #expect(Self.scales(tonic: 2, keys: dorian).statingKey().preparation == .stated)
    let byDefault = [KeyChange(tick: 0, fifths: 0, isMinor: false)]
    let (score, what) = Self.scales(tonic: 4, keys: byDefault).statingKey()
    #expect(what == .replaced)
    #expect(score.keys == [KeyChange(tick: 0, fifths: 4, isMinor: false)])
    let later = [KeyChange(tick: 960, fifths: 2, isMinor: false)]
    #expect(Self.scales(tonic: 2, keys: later).statingKey().score.keys.map(\.tick) == [0])
    let modulating = [byDefault[0], KeyChange(tick: 9_600, fifths: 4, isMinor: false)]
    #expect(Self.scales(tonic: 4, keys: modulating).statingKey().preparation == .stated)
  }

  @Test("A preparation moves and keys a piece, or neither") func preparation() {
    let song = BeatAlignmentTests.song(shift: 200)
    let prepared = ScorePreparation().prepare(song)
    #expect(prepared.isMoved)
    #expect(prepared.shiftAtEnd == -200)
    #expect(prepared.key == .added)
    #expect(ScorePreparation().prepare(prepared.score).score == prepared.score)
    let same = ScorePreparation(aligns: false, statesKey: false).prepare(song)
    #expect(same.score == song)
    #expect(same.shiftAtEnd == 0)
  }

  @Test(
    "Key signatures of songs and tunes are found",
    .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)),
    arguments: ["pop909-cl", "nottingham/midi"])
  func measured(collection: String) throws {
    var (right, count) = (0, 0)
    for path in SharedData.files(under: collection, suffix: ".mid").prefix(60) {
      let score = try ScoreReader.read(path: path).scores[0]
      guard let stated = score.keys.first, Set(score.keys.map(\.fifths)).count == 1 else { continue }
      count += 1
      if let found = KeyDetection(score), (found.fifths - stated.fifths) % 12 == 0 { right += 1 }
    }
    #expect(10 * right >= 9 * count && count > 30)
  }
}
