import Composing
import Corpora
import Groundwork
import Music
import Notation
import Recurrent
import TestSupport
import Testing
import Tokenization
import Training

/// Tokenizers that the package does not know: they are trained and composed with like its own.
@Suite struct TokenizerTests {
  /// Tunes of eight bars within the scale, each different.
  static let tunes = tunes(noteCount: 32)

  /// The same with this many notes, each a quarter.
  static func tunes(noteCount: Int) -> [Score] {
    (0..<24).map { tune(number: $0, noteCount: noteCount) }
  }

  private static func tune(number tune: Int, noteCount: Int) -> Score {
    let notes = (0..<noteCount).map { index in
      Note(
        onset: 480 * index, duration: 480,
        pitch: Scale.pitches[(index * (tune % 5 + 1) + tune + index / 4) % Scale.pitches.count],
        velocity: 80)
    }
    return Score(
      ticksPerQuarter: 480, tracks: [Track(program: 0, notes: notes)], tempos: [.standard],
      timeSignatures: [.standard], length: noteCount * 480)
  }

  static let remi = REMIConfiguration(instruments: .single(program: 0))

  /// REMI, pairs of its ids, an attribute before it, an attribute before pairs, ten tokens.
  static func configurations() throws -> [any TokenizerConfiguration] {
    let tokenizer = try remi.makeTokenizer()
    let pieces = try tunes.map { try tokenizer.encode($0).ids }
    let pairs = try BytePairs(remi, count: 12, in: pieces)
    return [remi, pairs, Density(remi), Density(pairs), Scale()]
  }

  static let registry = TokenizerRegistry.standard.adding(BytePairs.self).adding(Density.self)
    .adding(Scale.self)

  @Test("Tokenizers around others write, read and know their notes")
  func tokenizersAroundOthersWriteReadAndKnowTheirNotes() throws {
    for configuration in try Self.configurations() {
      let tokenizer = try configuration.makeTokenizer()
      let vocabulary = tokenizer.vocabulary
      #expect(try Vocabulary(json: vocabulary.json(), tokenizers: Self.registry) == vocabulary)
      for tune in Self.tunes {
        let encoding = try tokenizer.encode(tune)
        let normalized = try tokenizer.normalized(tune).score
        #expect(try tokenizer.decode(encoding.ids) == normalized)
        #expect(encoding.ids.first == vocabulary.roles.beginning && encoding.ids.last == vocabulary.roles.end)
        let spans = try tokenizer.spans(of: encoding.ids)
        #expect(spans.score == normalized && spans.notes.count == encoding.noteCount)
        #expect(spans.bars.count == encoding.barCount)
        for span in spans.notes {
          #expect(normalized.tracks[span.place.track].notes[span.place.index] == span.decoded.note)
          #expect(
            encoding.ids[span.decoded.ids].contains { vocabulary.roles[$0].contains(.pitch) },
            "\(configuration.name)")
        }
      }
    }
  }

  @Test("Pairs shorten a piece and stand for a bar line where they have one")
  func pairsShortenAPiece() throws {
    let tokenizer = try Self.configurations()[1].makeTokenizer()
    let below = try Self.remi.makeTokenizer()
    let shorter = try tokenizer.encode(Self.tunes[0]).ids.count
    #expect(try 3 * shorter < 2 * below.encode(Self.tunes[0]).ids.count)
    let roles = tokenizer.vocabulary.roles
    #expect(roles.barLines.count > 1 && roles.barLines.contains { roles[$0] == [.barLine, .timeSignature] })
  }

  @Test("Each is trained, opened by its name and composed with", arguments: 0..<5)
  func eachIsTrainedOpenedByItsNameAndComposedWith(number: Int) throws {
    let configuration = try Self.configurations()[number]
    let folder = try TemporaryFolder()
    let tokenizer = try configuration.makeTokenizer()
    let pieces = try Self.tunes.enumerated().map { index, tune in
      TokenizedPiece(name: "\(index)", ids: try tokenizer.encode(tune).ids)
    }
    try Corpus.write(pieces, tokenizer: tokenizer, to: folder.file("corpus"))
    let corpus = try Corpus(path: folder.file("corpus"), tokenizers: Self.registry)
    let settings = ModelPreset(
      network: LanguageModelShape(embeddingSize: 8, hiddenSize: 16, layerCount: 1, dropout: 0),
      training: TrainingConfiguration(
        budget: .steps(8), learningRate: 1e-2, batchSize: 4, truncationLength: 16))
    var training = try MusicTraining(
      path: folder.file("model"), preset: "tiny", settings: settings, existing: .refuse, program: "test")
    _ = try training.run(on: TrainingPieces(corpus: corpus), threadCount: 1)

    let isKnown = number == 0
    if !isKnown { #expect(throws: ComposingError.self) { try MusicModel(path: folder.file("model")) } }
    let model = try MusicModel(path: folder.file("model"), tokenizers: Self.registry)
    let composer = try Composer(model: model)
    let hasBars = model.tokenizer.vocabulary.roles.hasBars
    for seed in UInt64(1)...6 {
      let bars = hasBars && seed > 2 ? Int(seed) - 2 : nil
      let piece = try composer.compose(CompositionOptions(seed: seed, bars: bars))
      #expect(piece.notes > 0 && piece.ids.last == model.tokenizer.vocabulary.roles.end)
      if let bars { #expect(piece.bars == bars && piece.score.bars.count == bars) }
      if number == 0 || number == 1 || number == 4 {
        #expect(try model.tokenizer.encode(piece.score).ids == piece.ids, "\(configuration.name)")
      }
      let next = try composer.compose(
        CompositionOptions(seed: seed, bars: hasBars ? 2 : nil, primer: piece.score))
      #expect(next.notes > 0 && next.ids.count > next.givenCount)
    }
    let several = composer.compose(
      Composer.seeds(from: 1, count: 3).map { CompositionOptions(seed: $0) }, threadCount: 2)
    for (seed, piece) in zip(UInt64(1)..., several) {
      #expect(try piece.get().ids == composer.compose(CompositionOptions(seed: seed)).ids)
    }
  }

  @Test("A corpus is built for a tokenizer from outside and leaves out tokens without information")
  func aCorpusIsBuiltForATokenizerFromOutside() throws {
    let folder = try TemporaryFolder()
    let workshop = folder.file("tunes.abc")
    let book = (1...12).map { number in
      let bars = (0..<24).map { bar in
        (0..<4).map { beat in
          String("CDEFGABcdef".shuffledCharacter(number * number + bar * (number % 5 + 1) + beat * beat))
        }.joined()
      }
      return "X:\(number)\nT:\(number)\nM:4/4\nL:1/4\nK:C\n" + bars.joined(separator: "|") + "|]\n"
    }
    try replaceFile(at: workshop, with: book.joined(separator: "\n"))
    let corpus = try CorpusBuilder(tokenizer: Density(REMIConfiguration())).build(
      from: [workshop], to: folder.file("corpus"))
    #expect(corpus.vocabulary.configuration is Density)
    #expect(!corpus.vocabulary.tokens.contains { $0.hasPrefix("Program") }, "one program says nothing")
    for piece in corpus.pieces.indices {
      let ids = corpus.ids(ofPiece: piece)
      #expect(try corpus.tokenizer.encode(corpus.tokenizer.decode(ids)).ids == ids)
      #expect(corpus.vocabulary.roles[ids[1]] == .attribute)
    }
    #expect(throws: TokenizationError.unknownTokenizer("density", known: ["cells", "remi"])) {
      try Corpus(path: folder.file("corpus"))
    }
  }

  @Test("A model is trained in one call, the same each time, and can be written and read")
  func aModelIsTrainedInOneCall() throws {
    let folder = try TemporaryFolder()
    let files = try Self.tunes(noteCount: 128).enumerated().map { index, tune in
      try tune.write(to: folder.file("tune\(index).mid"))
      return folder.file("tune\(index).mid")
    }
    var settings = ModelPreset.quick
    settings.network.hiddenSize = 16
    settings.training.budget = .steps(8)
    for configuration in [Scale(), Self.remi] as [any TokenizerConfiguration] {
      let models = try (1...2).map {
        try MusicModel.trained(on: files, tokenizer: configuration, settings: settings, threadCount: $0)
      }
      #expect(
        models[0].folder == nil && models[0].tokenizer.vocabulary.configuration.name == configuration.name)
      let pieces = try models.map { try Composer(model: $0).compose(CompositionOptions(seed: 3)) }
      #expect(pieces[0].notes > 0 && pieces[0].ids == pieces[1].ids)
      let path = folder.file(configuration.name)
      try models[0].write(to: path, program: "test")
      let read = try MusicModel(path: path, tokenizers: Self.registry)
      #expect(try Composer(model: read).compose(CompositionOptions(seed: 3)).ids == pieces[0].ids)
      #expect(throws: Never.self) { _ = try ModelReport(path: path, tokenizers: Self.registry) }
    }
    let cancellation = Cancellation()
    let error = #expect(throws: ComposingError.self) {
      try MusicModel.trained(on: files, settings: settings, cancellation: cancellation) { report in
        if report.activity != "reading" { cancellation.request() }
      }
    }
    #expect(error?.kind == .interrupted)
    #expect(throws: FileError.self) { try MusicModel.trained(on: [folder.file("none")], settings: settings) }
  }

  @Test("A piece begins with the attribute that is asked for")
  func aPieceBeginsWithTheAttributeThatIsAskedFor()
    throws
  {
    let model = try ComposerTests.model(Density(Self.remi))
    let asked = try #require(model.tokenizer.vocabulary.id(of: "Density_many"))
    let piece = try Composer(model: model).compose(
      CompositionOptions(seed: 1, bars: 2, opening: [asked]))
    #expect(piece.ids[1] == asked && piece.givenCount == 2 && piece.bars == 2)
    for opening in [[-1], [asked, asked], [model.tokenizer.vocabulary.roles.end], [0], [Int32.max]] {
      #expect(throws: ComposingError.self) {
        try Composer(model: model).compose(CompositionOptions(seed: 1, bars: 2, opening: opening))
      }
    }
    #expect(throws: ComposingError.self) {
      try Composer(model: model).compose(
        CompositionOptions(seed: 1, bars: 2, primer: ComposerTests.primer, opening: [asked]))
    }
  }

  @Test("A piece without bars ends at the most tokens, and no number of bars can be asked of it")
  func aPieceWithoutBarsEndsAtTheMostTokens() throws {
    let model = try ComposerTests.model(Scale())
    #expect(throws: ComposingError.self) {
      try Composer(model: model).compose(CompositionOptions(seed: 1, bars: 4))
    }
    // A bias that no other logit reaches keeps the end away.
    try ComposerTests.setOutputBias(of: model, id: model.tokenizer.vocabulary.roles.end, to: -100)
    let piece = try Composer(model: model).compose(CompositionOptions(seed: 1))
    // The end is one of them where nothing else is left.
    #expect(piece.stopReason == .tokenLimit && piece.tokens == 4097)
    #expect(try model.tokenizer.encode(piece.score).ids == piece.ids)
  }
}

extension String {
  /// A character of the string, far away for numbers near each other.
  fileprivate func shuffledCharacter(_ number: Int) -> Character {
    self[index(startIndex, offsetBy: number * 5 % count)]
  }
}
