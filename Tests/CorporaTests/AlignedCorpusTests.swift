import Analysis
import Corpora
import Groundwork
import MIDI
import Music
import Notation
import TestSupport
import Testing

@Suite("Corpora of pieces that are off their beats") struct AlignedCorpusTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes two songs, one on its beats and one 200 ticks late.
  private func write() throws -> String {
    for (index, shift) in [0, 200].enumerated() {
      var notes: [Note] = []
      for bar in 0..<120 {
        let start = bar * 1_920 + shift
        let root = [48, 45, 41, 43][(bar + index) % 4]
        notes.append(Note(onset: start, duration: 1_900, pitch: root - 12, velocity: 80))
        for eighth in 0..<8 {
          for interval in [0, 4, 7] {
            notes.append(
              Note(onset: start + eighth * 240, duration: 230, pitch: root + 12 + interval, velocity: 70))
          }
        }
      }
      let score = Score(ticksPerQuarter: 480, tracks: [Track(notes: notes)], length: 120 * 1_920 + shift)
      try makeFolder(folder.file("music"))
      try replaceFile(at: folder.file("music/\(index).mid"), with: MIDIFile(score: score).encoded())
    }
    return folder.file("music")
  }

  @Test("A corpus counts the pieces that it moved, and leaves them where it is told to")
  func counts() throws {
    let music = try write()
    let aligned = try CorpusRequest().builder(testShare: 0, threadCount: 1)
      .build(from: [music], to: folder.file("aligned"))
    #expect(try aligned.report().alignedPieces == 1)
    #expect(try aligned.info().alignedPieces == 1)
    #expect(try aligned.info().changes.contains { $0.contains("1 of 2 pieces were shifted") })
    let asItIs = try CorpusRequest(align: false).builder(testShare: 0, threadCount: 1)
      .build(from: [music], to: folder.file("asItIs"))
    #expect(try asItIs.report().isAligned == false)
    #expect(try asItIs.info().alignedPieces == nil)
    #expect(asItIs.fingerprint != aligned.fingerprint)
  }

  @Test("A request remembers whether pieces are aligned") func request() throws {
    let path = folder.file("request.json")
    try CorpusRequest(align: false).write(to: path)
    #expect(try CorpusRequest(path: path) == CorpusRequest(align: false))
  }
}
