import Music
import Notation
import TestSupport
import Testing
import Tokenization

/// What becomes of real music in cells.
@Suite(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct CellsRoundTripTests {
  let tokenizer: CellsTokenizer

  init() throws { tokenizer = try CellsTokenizer() }

  static let folders = ["nottingham/midi", "pop909", "multitrack", "groove", "js-fakes/midi"]

  static func paths(_ folder: String, count: Int = 30) -> [String] {
    let all = SharedData.files(under: folder, suffix: ".mid")
    return stride(from: 0, to: all.count, by: max(1, all.count / count)).map { all[$0] }
  }

  @Test("What is decoded is the normalized score", arguments: folders)
  func whatIsDecodedIsTheNormalizedScore(_ folder: String) throws {
    var sum = NormalizationReport()
    for path in Self.paths(folder) {
      let score = try Score.read(midiPath: path).score
      let encoding = try tokenizer.encode(score)
      let normalized = try tokenizer.normalized(score)
      let spans = try tokenizer.spans(of: encoding.ids)
      #expect(spans.score == normalized.score, "\(path)")
      #expect(try tokenizer.encode(normalized.score).ids == encoding.ids, "\(path)")
      #expect(encoding.report == normalized.report, "\(path)")
      #expect(encoding.noteCount == normalized.score.noteCount, "\(path)")
      #expect(encoding.barCount == normalized.score.bars.count && encoding.barCount == spans.bars.count)
      #expect(abs(encoding.seconds - normalized.score.seconds) <= 1e-6 * encoding.seconds, "\(path)")
      for span in spans.notes {
        let track = normalized.score.tracks[span.place.track]
        #expect(track.notes[span.place.index] == span.decoded.note)
        #expect(track.isDrum == span.decoded.isDrum && track.program == span.decoded.program)
      }
      sum.add(encoding.report)
    }
    #expect(sum.keptShare >= 0.96, "\(folder) keeps \(sum.keptShare) of its notes")
    #expect(sum.keptNotes + sum.doublings + sum.unsupportedNotes == sum.notes, "all is accounted for")
  }

  @Test("Real music is allowed step by step", arguments: folders)
  func realMusicIsAllowedStepByStep(_ folder: String) throws {
    var mask = [Bool](repeating: false, count: tokenizer.vocabulary.count)
    for path in Self.paths(folder, count: 8) {
      let encoding = try tokenizer.encode(Score.read(midiPath: path).score)
      var grammar = tokenizer.makeGrammar()
      var barred: Int?
      for (index, id) in encoding.ids.enumerated() where barred == nil {
        grammar.allowed(into: &mask)
        if !mask[Int(id)] { barred = index }
        grammar.advance(id)
      }
      let place = barred.map {
        encoding.ids[max(0, $0 - 8)...$0].map { tokenizer.vocabulary.tokens[Int($0)] }
      }
      #expect(barred == nil, "\(path) leaves the grammar: \(place ?? [])")
      #expect(grammar.isFinished && grammar.noteCount == encoding.noteCount, "\(path)")
      #expect(grammar.barCount == encoding.barCount, "\(path)")
    }
  }
}
