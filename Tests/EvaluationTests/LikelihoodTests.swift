import Composing
import Foundation
import Groundwork
import Music
import TestSupport
import Testing
import Tokenization

@testable import Evaluation

@Suite("Likelihood") struct LikelihoodTests {
  private let model: MusicModel

  init() throws { model = try Examples.model() }

  @Test("Pieces side by side are as surprising as each by itself")
  func piecesSideBySideAreAsSurprisingAsEachByItself() throws {
    // More pieces than streams, shorter and longer than a window.
    let scores = Examples.tunes(40, bars: 1...12, seed: 1)
    let pieces = try Examples.pieces(scores, model)
    let predictions = try TokenPredictor(model: model, threadCount: 3).predictions(
      of: pieces.map(\.ids), cancellation: Cancellation(), progress: nil)
    let composer = try Composer(model: model)
    for (piece, prediction) in zip(pieces, predictions) {
      let expected = try composer.surprisals(of: piece.score)
      #expect(expected.ids == piece.ids && prediction.surprisals.count == piece.ids.count - 1)
      for (a, b) in zip(prediction.surprisals, expected.surprisals.dropFirst()) {
        #expect(abs(a - b) < 1e-4, "\(piece.name)")
      }
    }
  }

  @Test("The parts add up to the whole, in every unit") func thePartsAddUpToTheWhole() throws {
    let scores = Examples.tunes(5, bars: 2...9, seed: 2)
    let likelihood = try Likelihood(of: try Examples.pieces(scores, model), model: model)
    let surprisals = try scores.map { try Composer(model: model).surprisals(of: $0) }
    #expect(abs(likelihood.nats - surprisals.reduce(0) { $0 + $1.total }) < 1e-2)
    #expect(likelihood.tokens == surprisals.reduce(0) { $0 + $1.ids.count - 1 })
    #expect(likelihood.notes == scores.reduce(0) { $0 + $1.noteCount })
    #expect(likelihood.bars == scores.reduce(0) { $0 + $1.bars.count })
    #expect(likelihood.beats == Double(4 * likelihood.bars))
    #expect(abs(likelihood.seconds - likelihood.beats / 2) < 1e-9)
    #expect(abs(likelihood.parts.reduce(0) { $0 + $1.nllPerNote } - likelihood.nllPerNote) < 1e-9)
    #expect(likelihood.parts.reduce(0) { $0 + $1.tokens } == likelihood.tokens)
    #expect(abs(likelihood.bitsPerToken - likelihood.nllPerToken / log(2)) < 1e-12)
    let loudness = try #require(likelihood.parts.first { $0.kind == .loudness })
    #expect(loudness.tokens == likelihood.notes)
    #expect(likelihood.nllPerNoteOfPitchAndTime < likelihood.nllPerNote - loudness.nllPerNote + 1e-9)
    // Random weights know next to nothing, and know that.
    #expect(abs(likelihood.entropyPerToken - log(Double(model.tokenizer.vocabulary.count))) < 0.2)
  }

  @Test("The number of threads changes nothing") func theNumberOfThreadsChangesNothing() throws {
    let pieces = try Examples.pieces(Examples.tunes(9, bars: 1...6, seed: 3), model)
    let (alone, together) = (
      try Likelihood(of: pieces, model: model, threadCount: 1),
      try Likelihood(of: pieces, model: model, threadCount: 4)
    )
    #expect(alone == together)
  }

  @Test("It can be stopped") func itCanBeStopped() throws {
    let pieces = try Examples.pieces(Examples.tunes(2, seed: 4), model)
    let cancellation = Cancellation()
    cancellation.request()
    #expect(throws: EvaluationError.self) {
      try Likelihood(of: pieces, model: model, cancellation: cancellation)
    }
  }

  @Test("It is written with the means that follow from it, and read again") func itIsWrittenAndReadAgain()
    throws
  {
    let likelihood = try Likelihood(
      of: try Examples.pieces(Examples.tunes(2, seed: 5), model), model: model)
    let json = try JSONEncoder().encode(likelihood)
    #expect(try JSONDecoder().decode(Likelihood.self, from: json) == likelihood)
    let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    for name in ["nllPerToken", "nllPerNote", "nllPerBeat", "nllPerBar", "nllPerSecond", "bitsPerToken"] {
      #expect(object[name] is Double, "\(name)")
    }
  }

  @Test("A calibrated model has no error, one that is too sure has its excess") func calibrationErrors() {
    // Half of the predictions at 0.75 come true, all at 0.25 and 1 as often as they should.
    let confidences = Array(repeating: 0.75, count: 4) + Array(repeating: 0.25, count: 4) + [1, 1]
    let hits = [true, true, false, false] + [true, false, false, false] + [true, true]
    let calibration = Calibration(confidences: confidences, hits: hits)
    #expect(abs(calibration.expectedError - 0.4 * 0.25) < 1e-12)
    #expect(calibration.bins.map(\.count) == [0, 0, 4, 0, 0, 0, 0, 4, 0, 2])
    #expect(calibration.bins[7].accuracy == 0.5 && calibration.bins[7].confidence == 0.75)
    #expect(calibration.bins[0].accuracy == nil && calibration.accuracy == 0.5)
    #expect(Calibration(confidences: [], hits: []).expectedError == 0)
  }

  @Test("Tokens are of one kind each, whatever their roles") func tokensAreOfOneKindEach() {
    #expect(TokenKind([.barLine]) == .time && TokenKind([.position, .timeSignature]) == .time)
    #expect(TokenKind([.pitch]) == .pitch && TokenKind([.pitch, .duration]) == .several)
    #expect(TokenKind([.repetition, .pitch]) == .repetition && TokenKind([]) == .other)
    #expect(TokenKind([.end]) == .end && TokenKind([.attribute]) == .attribute)
  }
}
