import Corpora
import Groundwork
import MIDI
import Music
import Notation
import TestSupport
import Testing
import Tokenization

@Suite struct ProgramsByNameTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes a piece of 150 bars whose tracks are these; returns the programs that the corpus of it distinguishes, drums as 128.
  private func programs(of tracks: [Track], given programs: [String: Int]) throws -> (Set<Int>, Corpus) {
    var score = Score(ticksPerQuarter: 480, tracks: tracks)
    for index in score.tracks.indices {
      score.tracks[index].notes = (0..<600).map {
        Note(onset: $0 * 480, duration: 480, pitch: 40 + ($0 * $0 + index) % 40, velocity: 90)
      }
    }
    try replaceFile(at: folder.file("piece.mid"), with: MIDIFile(score: score).encoded())
    let corpus = try CorpusBuilder(programs: programs).build(
      from: [folder.file("piece.mid")], to: folder.file("made"))
    let found = try corpus.tokenizer.decode(corpus.ids(ofPiece: 0)).tracks
    return (Set(found.map { $0.isDrum ? 128 : $0.program ?? 0 }), corpus)
  }

  @Test("Tracks without a program or with program zero get one")
  func tracksWithoutAProgramOrWithProgramZeroGetOne() throws {
    let tracks = [
      Track(name: "MELODY"), Track(name: "Bridge", program: 0), Track(name: "PIANO", program: 0),
    ]
    let (found, corpus) = try programs(of: tracks, given: ["melody": 73, "BRIDGE": 48, "PIANO": 0])
    #expect(found == [73, 48, 0])
    #expect(try corpus.report().unusedPrograms.isEmpty)
  }

  @Test("Tracks of another program and drums keep theirs") func tracksOfAnotherProgramAndDrumsKeepTheirs()
    throws
  {
    let tracks = [
      Track(name: "MELODY", program: 40), Track(name: "DRUMS", isDrum: true), Track(name: "BASS"),
    ]
    let (found, corpus) = try programs(of: tracks, given: ["MELODY": 73, "DRUMS": 5, "BASS": 32])
    #expect(found == [40, 128, 32])
    #expect(try corpus.report().unusedPrograms == ["DRUMS", "MELODY"])
  }

  @Test("A name that no track has is reported") func aNameThatNoTrackHasIsReported() throws {
    let (_, corpus) = try programs(of: [Track(name: "MELODY")], given: ["MELDOY": 73])
    #expect(try corpus.info().changes == ["no track without a program is named 'MELDOY'"])
  }
}
