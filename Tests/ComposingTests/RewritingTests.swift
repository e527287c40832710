import Music
import Testing
import Tokenization

@testable import Composing

/// Cells that are said note by note and turn out to be copies of earlier ones.
@Suite("Rewriting while composing") struct RewritingTests {
  /// A model that knows nothing, of so few pitches and durations that its cells are often alike.
  private func model() throws -> MusicModel {
    var configuration = CellsConfiguration()
    configuration.pitchRange = 58...70
    configuration.maximumDuration = 12
    configuration.longestLag = 8
    configuration.velocityCount = 1
    configuration.parts = [.init(role: .bass, program: 32), .init(role: .melody, program: 73)]
    let model = try ComposerTests.model(configuration)
    let roles = model.tokenizer.vocabulary.roles
    // References would hide what is looked for, and long cells are seldom alike.
    for id in roles.ids(of: .repetition) { try ComposerTests.setOutputBias(of: model, id: id, to: -4) }
    for token in ["Position", "And"] {
      for (id, name) in model.tokenizer.vocabulary.tokens.enumerated() where name.hasPrefix(token + "_") {
        try ComposerTests.setOutputBias(of: model, id: Int32(id), to: -8)
      }
    }
    for token in ["Bar_None", "Notes_None"] {
      let id = try #require(model.tokenizer.vocabulary.id(of: token))
      try ComposerTests.setOutputBias(of: model, id: id, to: 4)
    }
    return model
  }

  @Test("A piece is written as its score is encoded, and copies are references")
  func aPieceIsWrittenAsItsScoreIsEncoded() throws {
    let model = try model()
    let composer = try Composer(model: model)
    var references = 0
    for seed in UInt64(0)..<20 {
      let piece = try composer.compose(CompositionOptions(seed: seed, bars: 24))
      #expect(try model.tokenizer.encode(piece.score).ids == piece.ids, "seed \(seed)")
      #expect(piece.surprisals.count == piece.ids.count - piece.givenCount)
      let before = try composer.surprisals(of: piece.score)
      for (a, b) in zip(piece.surprisals, before.surprisals.dropFirst()) {
        #expect(abs(a - b) < 1e-3, "seed \(seed): \(a) is not \(b)")
      }
      references += piece.ids.count { model.tokenizer.vocabulary.roles[$0].contains(.repetition) }
    }
    #expect(references > 20)
  }

  @Test("Bars that are given out hold the notes of the piece, once") func barsHoldTheNotesOnce() throws {
    let model = try model()
    for seed in UInt64(0)..<6 {
      let session = try CompositionSession(model: model, CompositionOptions(seed: seed, bars: 24))
      var bars: [Int: [Note]] = [:]
      while let bar = try session.nextBar() { bars[bar.number] = bar.notes.map(\.note) }
      let score = try session.finish().score
      let expected = score.tracks.flatMap(\.notes).sorted()
      #expect(bars.values.flatMap(\.self).sorted() == expected, "seed \(seed)")
      #expect(try Composer(model: model).compose(CompositionOptions(seed: seed, bars: 24)).score == score)
    }
  }

  @Test("Pieces side by side are those that are composed alone") func piecesSideBySide() throws {
    let composer = try Composer(model: model())
    let options = (UInt64(0)..<9).map { CompositionOptions(seed: $0, bars: 12) }
    let together = composer.compose(options, threadCount: 2)
    for (options, piece) in zip(options, together) {
      #expect(try piece.get().ids == composer.compose(options).ids)
    }
  }
}
