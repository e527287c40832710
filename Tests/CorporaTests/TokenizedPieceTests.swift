import Corpora
import Groundwork
import Synchronization
import TestSupport
import Testing
import Tokenization

@Suite struct TokenizedPieceTests {
  private let folder: TemporaryFolder
  private let tokenizer: REMITokenizer

  init() throws {
    folder = try TemporaryFolder()
    tokenizer = try REMITokenizer()
  }

  /// From BOS to EOS, `count` ids in all.
  private func piece(_ number: Int, count: Int) -> TokenizedPiece {
    let roles = tokenizer.vocabulary.roles
    let music = (0..<Int32(roles.count)).filter { roles[$0].isDisjoint(with: .special) }
    let inner = (0..<count - 2).map { music[($0 * 7 + number) % music.count] }
    return TokenizedPiece(
      name: "piece \(number)", ids: [roles.beginning] + inner + [roles.end], noteCount: number)
  }

  @Test("Pieces of tokens are read as they were written") func piecesOfTokensAreReadAsTheyWereWritten() throws
  {
    let pieces = (0..<30).map { piece($0, count: 2 + 5 * $0) }
    try Corpus.write(pieces, tokenizer: tokenizer, to: folder.file("made"))
    let corpus = try Corpus(path: folder.file("made"))
    #expect(corpus.vocabulary == tokenizer.vocabulary)
    #expect(corpus.pieces.indices.map { corpus.ids(ofPiece: $0) } == pieces.map(\.ids))
    #expect(corpus.pieces.map(\.noteCount) == Array(0..<30))
    #expect(!corpus.pieces(in: .train).isEmpty && !corpus.pieces(in: .valid).isEmpty)
    #expect(try corpus.report().pieceNames == pieces.map(\.name))
  }

  @Test(
    "A piece that is none is refused and named",
    arguments: [
      "", "BOS", "BOS Bar", "Bar EOS", "BOS PAD EOS", "BOS EOS EOS", "BOS BOS EOS", "BOS -1 EOS",
      "BOS 100000 EOS",
    ])
  func aPieceThatIsNoneIsRefusedAndNamed(tokens: String) throws {
    let ids = try tokens.split(separator: " ").map { token in
      try Int32(token) ?? #require(tokenizer.vocabulary.id(of: token + "_None"))
    }
    let pieces = [piece(1, count: 20), TokenizedPiece(name: "odd one", ids: ids)]
    #expect(throws: CorpusError.invalidPiece(name: "odd one")) {
      try Corpus.write(pieces, tokenizer: tokenizer, to: folder.file("made"))
    }
    #expect(!Corpus.exists(at: folder.file("made")))
  }

  @Test("Opening a large corpus shows how far it is") func openingALargeCorpusShowsHowFarItIs() throws {
    let pieces = (0..<10).map { piece($0, count: 1_000_000) }
    try Corpus.write(pieces, tokenizer: tokenizer, to: folder.file("made"))
    let reports = Mutex<[ProgressReport]>([])
    _ = try Corpus(path: folder.file("made")) { report in reports.withLock { $0.append(report) } }
    let found = reports.withLock { $0 }
    #expect(found.count == 3 && found.allSatisfy { $0.activity == "opening" && $0.unit == "MB" })
    #expect(found.last?.completed == found.last?.total)
    let cancellation = Cancellation()
    cancellation.request()
    #expect(throws: CorpusError.cancelled) {
      try Corpus(path: folder.file("made"), cancellation: cancellation)
    }
  }
}
