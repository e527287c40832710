import Music
import TestSupport
import Testing

@testable import Corpora

@Suite struct OriginalityTests {
  private static func tune(_ random: inout RepeatableGenerator, bars: Int = 32) -> Score {
    let notes = (0..<bars * 4).map {
      Note(onset: 12 * $0, duration: 12, pitch: 55 + random.number(0...20), velocity: 80)
    }
    return Score(ticksPerQuarter: 12, tracks: [Track(program: 0, notes: notes)], length: bars * 48)
  }

  @Test("Copies have no originality, new pieces much, and changed notes their share")
  func copiesHaveNoOriginality() throws {
    var random = RepeatableGenerator(seed: 1)
    let pieces = (0..<20).map { _ in Self.tune(&random) }
    let others = (0..<5).map { _ in Self.tune(&random) }
    let index = PassageIndex(pieces: pieces.map { ("", $0) })
    var changed = Array(pieces.prefix(5))
    for piece in changed.indices {
      // One note in eight is another, and all are in another key.
      for note in changed[piece].tracks[0].notes.indices {
        changed[piece].tracks[0].notes[note].pitch += note % 8 == 0 ? 30 : 2
      }
    }
    let copies = try OriginalityReport(of: Array(pieces.prefix(5)), human: others, in: index)
    #expect(copies.lengths.map(\.bars) == [1, 2, 4, 8, 16])
    for length in copies.lengths {
      let (ours, human) = (try #require(length.pieces), try #require(length.human))
      #expect(ours.highest == 0)
      #expect(length.bars < 4 || human.median > 0.5)
      #expect(length.bars < 4 || length.isWithinHumanBand == false)
      #expect(human.lowest <= human.lowerQuartile && human.upperQuartile <= human.highest)
    }
    for length in try OriginalityReport(of: changed, in: index).lengths where length.bars > 1 {
      #expect(abs(try #require(length.pieces).mean - 0.125) < 1e-9)
      #expect(length.human == nil && length.isWithinHumanBand == nil)
    }
  }

  @Test("Pieces shorter than an excerpt have none") func shortPiecesHaveNone() throws {
    var random = RepeatableGenerator(seed: 2)
    let piece = Self.tune(&random, bars: 3)
    let report = try OriginalityReport(of: [piece], in: PassageIndex(pieces: [("", piece)]))
    #expect(report.lengths.map { $0.pieces?.excerpts } == [3, 1, nil, nil, nil])
  }
}
