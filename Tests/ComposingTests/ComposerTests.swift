import Arithmetic
import Groundwork
import Music
import Recurrent
import Synchronization
import TestSupport
import Testing
import Tokenization
import Training

@testable import Composing

@Suite struct ComposerTests {
  /// A model whose weights are as they were first drawn: it writes anything that the grammar lets it.
  static func untrainedModel(instruments: REMIConfiguration.Instruments = .programs) throws -> MusicModel {
    try model(REMIConfiguration(instruments: instruments))
  }

  /// A model of any tokenizer whose network is random.
  static func model(_ configuration: any TokenizerConfiguration) throws -> MusicModel {
    let tokenizer = try configuration.makeTokenizer()
    let network = LanguageModelShape(embeddingSize: 8, hiddenSize: 16, layerCount: 2, dropout: 0)
    let settings = ModelPreset(network: network, training: TrainingConfiguration(budget: .steps(1)))
    return MusicModel(
      folder: ModelFolder(path: "/nowhere"),
      description: ModelDescription(program: "test", preset: "test", settings: settings),
      tokenizer: tokenizer,
      network: Network(
        configuration: LanguageModelConfiguration(network, for: tokenizer),
        seed: 1))
  }

  /// Four bars of 3/4 with a chord on each beat.
  static let primer: Score = {
    let notes = (0..<12).flatMap { beat in
      [60, 64, 67].map { Note(onset: 480 * beat, duration: 480, pitch: $0 + beat % 3, velocity: 80) }
    }
    return Score(
      ticksPerQuarter: 480, tracks: [Track(name: "chords", program: 0, notes: notes)],
      tempos: [TempoChange(tick: 0, microsecondsPerQuarter: 600_000)],
      timeSignatures: [TimeSignatureChange(tick: 0, timeSignature: TimeSignature(3, 4))], length: 12 * 480,
      title: "Chords")
  }()

  @Test("As many bars as asked for whatever the seed") func asManyBarsAsAskedForWhateverTheSeed() throws {
    let composer = try Composer(model: try Self.untrainedModel())
    for seed in UInt64(1)...50 {
      let bars = [1, 2, 5][Int(seed) % 3]
      let piece = try composer.compose(CompositionOptions(seed: seed, bars: bars))
      #expect(piece.bars == bars, "seed \(seed)")
      #expect(piece.score.bars.count == bars, "seed \(seed)")
      #expect(piece.stopReason == .barsWritten)
      #expect(piece.notes > 0 && piece.notes == piece.score.noteCount)
      #expect(piece.score.lastNoteEnd <= piece.score.bars[bars - 1].end, "seed \(seed)")
      #expect(piece.tokens == piece.ids.count - 1)
      #expect(piece.nllPerToken > 0 && piece.nllPerToken.isFinite)
      #expect(piece.seconds > 0)
    }
  }

  @Test("What is written reads without repair") func whatIsWrittenReadsWithoutRepair() throws {
    let model = try Self.untrainedModel()
    let composer = try Composer(model: model)
    for seed in UInt64(1)...10 {
      let piece = try composer.compose(CompositionOptions(seed: seed, bars: 3))
      #expect(try model.tokenizer.encode(piece.score).ids == piece.ids)
    }
  }

  @Test("The seed decides") func theSeedDecides() throws {
    let composer = try Composer(model: try Self.untrainedModel())
    let first = try composer.compose(CompositionOptions(seed: 7, bars: 4))
    _ = try composer.compose(CompositionOptions(seed: 8, bars: 2))
    let again = try composer.compose(CompositionOptions(seed: 7, bars: 4))
    let other = try composer.compose(CompositionOptions(seed: 9, bars: 4))
    #expect(first.ids == again.ids && first.score == again.score && first.nllPerToken == again.nllPerToken)
    #expect(first.ids != other.ids)
    #expect(Composer.seeds(from: 7, count: 3) == [7, 8, 9])
  }

  @Test("Without a length it ends by itself or at the limit") func withoutALengthItEndsByItselfOrAtTheLimit()
    throws
  {
    let composer = try Composer(model: try Self.untrainedModel())
    for seed in UInt64(1)...4 {
      let piece = try composer.compose(CompositionOptions(seed: seed))
      #expect((1...Composer.barLimit).contains(piece.bars))
      #expect(piece.stopReason == (piece.bars == Composer.barLimit ? .barLimit : .modelEnded))
      #expect(piece.score.lastNoteEnd <= piece.score.bars[piece.bars - 1].end)
    }
  }

  @Test("A model that never ends is stopped after 64 bars") func aModelThatNeverEndsIsStoppedAfter64Bars()
    throws
  {
    let model = try Self.untrainedModel()
    // A bias that no other logit reaches keeps the end away.
    try Self.setOutputBias(of: model, id: model.tokenizer.vocabulary.roles.end, to: -100)
    let piece = try Composer(model: model).compose(CompositionOptions(seed: 1))
    #expect(piece.bars == 64)
    #expect(piece.stopReason == .barLimit)
  }

  @Test("A model that only wants to end still writes a note") func aModelThatOnlyWantsToEndStillWritesANote()
    throws
  {
    let model = try Self.untrainedModel()
    try Self.setOutputBias(of: model, id: model.tokenizer.vocabulary.roles.end, to: 100)
    let composer = try Composer(model: model)
    for seed in UInt64(1)...10 {
      #expect(try composer.compose(CompositionOptions(seed: seed)).notes >= 1)
      #expect(try composer.compose(CompositionOptions(seed: seed, bars: 3)).bars == 3)
    }
  }

  static func setOutputBias(of model: MusicModel, id: Int32, to value: Float) throws {
    let entry = try #require(try model.network.parameters.entries.first { $0.name == "output.bias" })
    try model.network.parameters.values[entry.range.lowerBound + Int(id)] = value
  }

  @Test("A primer that is kept is at the beginning") func aPrimerThatIsKeptIsAtTheBeginning() throws {
    let model = try Self.untrainedModel()
    let piece = try Composer(model: model).compose(
      CompositionOptions(seed: 3, bars: 2, primer: Self.primer, keepsPrimer: true))
    #expect(piece.bars == 6)
    #expect(piece.score.bars.count == 6)
    #expect(piece.score.title == "Chords")
    let given = try model.tokenizer.encode(Self.primer).ids.dropLast()
    #expect(piece.ids.starts(with: given))
    #expect(piece.tokens == piece.ids.count - given.count)
  }

  @Test("A primer that is not kept sets time signature and tempo")
  func aPrimerThatIsNotKeptSetsTimeSignatureAndTempo() throws {
    let model = try Self.untrainedModel()
    let composer = try Composer(model: model)
    let kept = try composer.compose(
      CompositionOptions(seed: 3, bars: 2, primer: Self.primer, keepsPrimer: true))
    let piece = try composer.compose(CompositionOptions(seed: 3, bars: 2, primer: Self.primer))
    #expect(piece.ids == kept.ids)
    #expect(piece.bars == 2)
    #expect(piece.score.bars.count == 2)
    let start = kept.score.bars[4].start
    #expect(piece.notes == kept.score.tracks.flatMap(\.notes).count { $0.onset >= start })
    #expect(piece.score.tempos.first?.tick == 0)
  }

  @Test("Invalid options are refused") func invalidOptionsAreRefused() throws {
    let composer = try Composer(model: try Self.untrainedModel())
    #expect(throws: ComposingError.self) { try composer.compose(CompositionOptions(seed: 1, bars: 0)) }
    #expect(throws: ComposingError.self) {
      try composer.compose(CompositionOptions(seed: 1, sampling: SamplingPreset(temperature: 0)))
    }
    #expect(throws: ComposingError.self) {
      try composer.compose(CompositionOptions(seed: 1, bars: 1, primer: Score(ticksPerQuarter: 480)))
    }
  }

  /// A piece has at most 65,536 bars; a primer of 45 bytes can have nearly as many.
  @Test("A primer that leaves no room for more is refused") func aPrimerThatLeavesNoRoomForMoreIsRefused()
    throws
  {
    let composer = try Composer(model: try Self.untrainedModel())
    func primer(bars: Int) -> Score {
      let notes = [Note(onset: 4 * (bars - 1), duration: 1, pitch: 60, velocity: 80)]
      return Score(ticksPerQuarter: 1, tracks: [Track(program: 0, notes: notes)])
    }
    for bars in [nil, 36] {
      let error = #expect(throws: ComposingError.self) {
        try composer.compose(CompositionOptions(seed: 1, bars: bars, primer: primer(bars: 65_501)))
      }
      guard case .primerTooLong(65_501, let limit, let more) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(more == bars ?? 64 && limit == 65_536 - more && error?.kind == .badInput)
    }
    let several = composer.compose(
      [CompositionOptions(seed: 1, bars: 36, primer: primer(bars: 65_501))], threadCount: 1)
    #expect(throws: ComposingError.self) { try several[0].get() }
    #expect(throws: Never.self) {
      try PieceBeginning(
        CompositionOptions(seed: 1, bars: 35, primer: primer(bars: 65_501)), tokenizer: REMITokenizer())
    }
  }

  @Test("Pieces beside each other are those one by one", arguments: WeightFormat.allCases, [1, 2])
  func piecesBesideEachOtherAreThoseOneByOne(format: WeightFormat, threadCount: Int) throws {
    let composer = try Composer(model: try Self.untrainedModel(), format: format)
    var options = Composer.seeds(from: 20, count: 2 * threadCount * Composer.piecesPerThread + 3).map {
      CompositionOptions(seed: $0, bars: 1 + Int($0 % 3))
    }
    options[3].primer = Self.primer
    options[4].bars = 0
    let pieces = composer.compose(options, threadCount: threadCount)
    #expect(pieces.count == options.count)
    for (index, piece) in pieces.enumerated() {
      if index == 4 {
        #expect(throws: ComposingError.self) { try piece.get() }
      } else {
        let alone = try composer.compose(options[index]), piece = try piece.get()
        #expect(piece.ids == alone.ids && piece.score == alone.score, "piece \(index)")
        #expect(piece.nllPerToken == alone.nllPerToken && piece.seed == options[index].seed)
      }
    }
  }

  @Test("Several pieces can be stopped and their number is reported")
  func severalPiecesCanBeStoppedAndTheirNumberIsReported() throws {
    let composer = try Composer(model: try Self.untrainedModel())
    let options = Composer.seeds(from: 1, count: 5).map { CompositionOptions(seed: $0, bars: 1) }
    let cancellation = Cancellation(), told = Mutex([Double]())
    _ = composer.compose(options, threadCount: 2) { report in told.withLock { $0.append(report.completed) } }
    #expect(told.withLock { $0.sorted() } == [1, 2, 3, 4, 5])
    cancellation.request()
    for piece in composer.compose(options, threadCount: 2, cancellation: cancellation) {
      #expect(throws: ComposingError.self) { try piece.get() }
    }
    #expect(composer.compose([], threadCount: 2).isEmpty)
  }

  @Test("It can be stopped") func itCanBeStopped() throws {
    let composer = try Composer(model: try Self.untrainedModel())
    let cancellation = Cancellation()
    cancellation.request()
    #expect(throws: ComposingError.self) {
      try composer.compose(CompositionOptions(seed: 1, bars: 4), cancellation: cancellation)
    }
  }
}
