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

  @Test("A piece without a steady beat among others that have one is learned from, and never validated on")
  func freePieces() throws {
    let folder = folder.file("free")
    try makeFolder(folder)
    for index in 0..<8 {
      var random = RepeatableGenerator(seed: UInt64(index))
      var notes: [Note] = []
      for step in 0..<400 {
        // The last one is played with no regard for its beats.
        let onset = index == 7 ? step * 171 + Int.random(in: 0..<120, using: &random) : step * 240
        notes.append(
          Note(onset: onset, duration: 200, pitch: 48 + Int.random(in: 0..<24, using: &random), velocity: 80))
      }
      try replaceFile(
        at: "\(folder)/\(index).mid",
        with: MIDIFile(score: Score(ticksPerQuarter: 480, tracks: [Track(notes: notes)])).encoded())
    }
    for valid in [0.1, 0.5, 0.9] {
      var builder = try CorpusRequest().builder(testShare: 0, threadCount: 1)
      builder.fractions = SplitFractions(valid: valid, test: 0)
      let corpus = try builder.build(from: [folder], to: self.folder.file("corpus\(valid)"))
      let report = try corpus.report()
      let free = try #require(report.pieceNames.firstIndex { $0.hasSuffix("7.mid") })
      #expect(report.freePieces == 1 && corpus.pieces[free].split == .train)
      #expect(corpus.pieces.contains { $0.split == .valid })
      #expect(try corpus.info().changes.contains { $0.contains("1 of 8 pieces follow no steady beat") })
    }
    let asItIs = try CorpusRequest(align: false).builder(testShare: 0, threadCount: 1)
      .build(from: [folder], to: self.folder.file("asItIs"))
    #expect(try asItIs.report().freePieces == 0)
  }

  @Test("A request remembers whether pieces are aligned") func request() throws {
    let path = folder.file("request.json")
    try CorpusRequest(align: false).write(to: path)
    #expect(try CorpusRequest(path: path) == CorpusRequest(align: false))
  }
}
