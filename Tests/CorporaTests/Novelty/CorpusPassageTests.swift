import Groundwork
import Music
import TestSupport
import Testing
import Tokenization

@testable import Corpora

@Suite(.enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct CorpusPassageTests {
  @Test("A collection's pieces are found in its corpus, in twelve bytes a token at most")
  func aCollectionsPiecesAreFoundInItsCorpus() throws {
    let folder = try TemporaryFolder()
    let files = SharedData.files(under: "nottingham/midi", suffix: ".mid").prefix(60)
    let corpus = try CorpusBuilder(tokenizer: REMIConfiguration(), threadCount: 2).build(
      from: Array(files), to: folder.path)
    let index = try PassageIndex(corpus: corpus)
    #expect(index.byteCount <= 12 * corpus.tokenCount)
    for piece in corpus.pieces(in: .train).prefix(5) {
      let score = try corpus.tokenizer.decode(corpus.ids(ofPiece: piece))
      let name = try corpus.report().pieceNames[piece]
      for kind in PassageIndex.Kind.allCases {
        let found = try #require(try index.longestSharedPassage(of: score, kind))
        #expect(found.noteCount == score.passageLines[0].events.count)
        #expect(found.source == name || found.sourceNote == 0)
      }
    }
    for piece in corpus.pieces(in: .valid) {
      let score = try corpus.tokenizer.decode(corpus.ids(ofPiece: piece))
      let exact = try #require(try index.longestSharedPassage(of: score, .exact)).noteCount
      let transposed = try #require(try index.longestSharedPassage(of: score, .transposed)).noteCount
      #expect(exact <= transposed)
    }
  }
}
