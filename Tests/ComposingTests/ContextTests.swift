import Arithmetic
import Foundation
import Groundwork
import Music
import Recurrent
import TestSupport
import Testing
import Tokenization
import Training

@testable import Composing

/// Models that are told something beside the ids: trained, resumed, read back and composed with.
@Suite struct ContextTests {
  private let tokenizer: any Tokenizer
  /// Training and validation pieces of notes at random places.
  private let pieces: [[Int32]]

  init() throws {
    let tokenizer = try Placed(Density(REMIConfiguration(instruments: .single(program: 0)))).makeTokenizer()
    var random = RandomStream(seed: 1, name: "notes")
    pieces = try (0..<8).map { piece in
      let notes = (0..<16 + 4 * piece).map { _ in
        Note(
          onset: 120 * random.integer(below: 100), duration: 240, pitch: 50 + random.integer(below: 20),
          velocity: 64)
      }
      return try tokenizer.encode(
        Score(ticksPerQuarter: 480, tracks: [Track(program: 0, notes: notes)], length: 12_480)
      ).ids
    }
    self.tokenizer = tokenizer
  }

  private func trainingPieces() -> TrainingPieces {
    TrainingPieces(
      name: "notes", fingerprint: "1", tokenizer: tokenizer, training: PieceIDs(Array(pieces.prefix(6))),
      validation: PieceIDs(Array(pieces.suffix(2))))
  }

  /// What the network is to be told beside each id of a piece.
  private func contexts(of ids: [Int32], by tokenizer: any Tokenizer) throws -> [[Int32]] {
    var context = try #require(tokenizer.makeContext())
    var features = [Int32](repeating: 7, count: tokenizer.contextFeatures.count)
    return ids.map { id in
      context.advance(id)
      context.write(into: &features)
      return features
    }
  }

  private func source(batchSize: Int, truncationLength: Int) throws -> CorpusBatchSource {
    try CorpusBatchSource(
      pieces: PieceIDs(pieces), tokenizer: tokenizer,
      settings: ModelPreset(
        training: TrainingConfiguration(
          budget: .steps(1), batchSize: batchSize, truncationLength: truncationLength),
        transposition: .init(-2...2)))
  }

  @Test("Training is told the context of each id from the beginning of its piece")
  func trainingIsToldTheContextOfEachID() throws {
    let open = try #require(tokenizer.openLengthTable)
    var expected: [(ids: [Int32], contexts: [[Int32]])] = []
    for ids in pieces {
      for semitones in -2...2 {
        let table = tokenizer.transpositionTable(semitones: semitones)
        let moved = ids.map { table[Int($0)] }
        for ids in [moved, moved.map { open[Int($0)] }] {
          expected.append((ids, try contexts(of: ids, by: tokenizer)))
        }
      }
    }
    // With many streams the long pieces are cut, so that some segments begin inside one.
    var source = try source(batchSize: 16, truncationLength: 24)
    var batch = source.makeBatch()
    #expect(batch.contextCount == 2)
    var read = [[(ids: [Int32], contexts: [[Int32]])]](repeating: [], count: 16)
    for _ in 0..<12 {
      source.nextBatch(into: &batch)
      for element in batch.inputs.indices {
        let stream = element % 16
        if batch.resets[element] { read[stream].append(([], [])) }
        read[stream][read[stream].count - 1].ids.append(batch.inputs[element])
        read[stream][read[stream].count - 1].contexts.append(
          Array(batch.contexts[2 * element..<2 * element + 2]))
      }
    }
    var inside = 0
    for part in read.joined() {
      let count = part.ids.count
      let starts = expected.compactMap { piece in
        (0...max(0, piece.ids.count - count)).first {
          piece.ids[$0...].prefix(count).elementsEqual(part.ids)
            && piece.contexts[$0...].prefix(count).elementsEqual(part.contexts)
        }
      }
      #expect(!starts.isEmpty)
      if !starts.contains(0) { inside += 1 }
    }
    #expect(inside > 10, "\(inside) segments began inside a piece")
  }

  @Test("A source that goes on from a position tells what it would have told")
  func aSourceThatGoesOnTellsTheSame() throws {
    var straight = try source(batchSize: 3, truncationLength: 16)
    var (expected, found) = (straight.makeBatch(), straight.makeBatch())
    for _ in 0..<11 { straight.nextBatch(into: &expected) }
    let text = try JSONEncoder().encode(straight.position)
    var resumed = try source(batchSize: 3, truncationLength: 16)
    resumed.nextBatch(into: &found)
    let isFound = resumed.seek(to: try JSONDecoder().decode(CorpusBatchSource.Position.self, from: text))
    #expect(isFound)
    for _ in 0..<30 {
      straight.nextBatch(into: &expected)
      resumed.nextBatch(into: &found)
      #expect(expected.inputs == found.inputs && expected.contexts == found.contexts)
      #expect(expected.targets == found.targets && expected.resets == found.resets)
    }
  }

  @Test("About a quarter of the pieces leave their length open") func aQuarterLeaveTheirLengthOpen() throws {
    let table = try #require(tokenizer.openLengthTable), open = try #require(table.max())
    var source = try source(batchSize: 2, truncationLength: 200)
    var batch = source.makeBatch()
    var (opened, told) = (0, 0)
    for _ in 0..<120 {
      source.nextBatch(into: &batch)
      for element in batch.inputs.indices where batch.inputs[element] == tokenizer.vocabulary.roles.beginning
      {
        if batch.targets[element] == open { opened += 1 } else { told += 1 }
      }
    }
    // Few of the pieces are so dense that their own attribute is the last one.
    #expect(told > 50)
    let share = Double(opened) / Double(opened + told)
    #expect((0.15...0.35).contains(share), "\(share)")
    var position = source.position
    position.streams[0].isOpen = true
    let remi = try REMIConfiguration().makeTokenizer()
    var other = try CorpusBatchSource(
      pieces: PieceIDs(pieces), tokenizer: remi,
      settings: ModelPreset(
        training: TrainingConfiguration(budget: .steps(1), batchSize: 2, truncationLength: 200)))
    let text = String(decoding: try JSONEncoder().encode(other.position), as: UTF8.self)
    #expect(!text.contains("isOpen"))
    position.streams = other.position.streams
    position.streams[0].isOpen = true
    let isAccepted = other.seek(to: position)
    #expect(!isAccepted)
  }

  @Test("Validation is told the same in whatever order its windows are filled")
  func validationIsToldTheSameInAnyOrder() throws {
    let context = try #require(TokenizerContext(tokenizer))
    let batches = PieceBatches(
      pieces: PieceIDs(pieces), batchSize: 3, truncationLength: 17, context: context)
    var batch = batches.makeBatch()
    var inOrder: [[Int32]] = []
    for index in 0..<batches.batchCount {
      batches.fill(&batch, index: index)
      inOrder.append(batch.contexts)
      for element in batch.inputs.indices where batch.targets[element] < 0 {
        #expect(batch.contexts[2 * element..<2 * element + 2] == [-1, -1])
      }
    }
    for index in [3, 0, 5, 1, 2, 0] {
      batches.fill(&batch, index: index)
      #expect(batch.contexts == inOrder[index])
    }
  }

  static let settings = ModelPreset(
    network: LanguageModelShape(embeddingSize: 8, hiddenSize: 16, layerCount: 2, dropout: 0.1),
    training: TrainingConfiguration(
      budget: .steps(30), learningRate: 1e-2, batchSize: 4, truncationLength: 16, validationInterval: 10),
    transposition: .init(-2...2))

  private let registry = TokenizerRegistry.standard.adding(Density.self).adding(Placed.self)

  @Test("A model with a context is trained, resumed and read back") func aModelWithAContextIsTrained() throws
  {
    let folder = try TemporaryFolder()
    var straight = try MusicTraining(path: folder.file("straight"), settings: Self.settings)
    _ = try straight.run(on: trainingPieces(), threadCount: 1)
    let cancellation = Cancellation()
    var stopped = try MusicTraining(path: folder.file("stopped"), settings: Self.settings)
    _ = try stopped.run(on: trainingPieces(), threadCount: 1, cancellation: cancellation) {
      if $0.activity == "training", $0.completed >= 1 { cancellation.request() }
    }
    var resumed = try MusicTraining(
      path: folder.file("stopped"), settings: Self.settings, existing: .resume)
    #expect(resumed.isResuming)
    _ = try resumed.run(on: trainingPieces(), threadCount: 2)
    for name in ["model.safetensors", "model.json"] {
      #expect(
        try readFile(folder.file("straight/\(name)")) == readFile(folder.file("stopped/\(name)")), "\(name)")
    }

    let model = try MusicModel(path: folder.file("straight"), tokenizers: registry)
    #expect(model.description.contextFeatures == tokenizer.contextFeatures)
    let configuration = try #require(try model.network.configuration.languageModel)
    #expect(configuration.contextSizes == tokenizer.contextFeatures.map(\.count))
    let info = try ModelInfo(path: folder.file("straight"), tokenizers: registry)
    #expect(info.network == configuration)
    #expect(try info.parameters == model.network.parameters.count)
    // Composing finds what the validation found.
    let composer = try Composer(model: model)
    var (sum, count) = (0.0, 0)
    for ids in pieces.suffix(2) {
      let surprisals = try composer.surprisals(ofIDs: ids)
      sum += surprisals.reduce(0, +)
      count += ids.count - 1
    }
    #expect(abs(sum / Double(count) - (try #require(info.history?.bestValidationLoss))) < 1e-5)

    let path = folder.file("straight/model.json")
    let json = String(decoding: try readFile(path), as: UTF8.self)
    try replaceFile(at: path, with: json.replacing("\"position\"", with: "\"place\""))
    let error = #expect(throws: ComposingError.self) {
      try MusicModel(path: folder.file("straight"), tokenizers: registry)
    }
    #expect(error?.kind == .badInput && error?.message.contains("place (") == true)
  }

  private func randomModel() throws -> MusicModel {
    let network = Network(
      configuration: LanguageModelConfiguration(
        LanguageModelShape(embeddingSize: 8, hiddenSize: 16, layerCount: 2, dropout: 0), for: tokenizer),
      seed: 3)
    return MusicModel(tokenizer: tokenizer, network: network)
  }

  @Test("The context is heard in what is composed") func theContextIsHeard() throws {
    let model = try randomModel()
    let piece = try Composer(model: model).compose(CompositionOptions(seed: 1, bars: 4))
    // Another context is other logits.
    let sampler = LanguageModelSampler(model: try model.network)
    let first = Array(sampler.advance(piece.ids[0], context: [-1, -1]))
    sampler.reset()
    #expect(Array(sampler.advance(piece.ids[0], context: [3, 1])) != first)
    let network = Network(
      configuration: LanguageModelConfiguration(
        LanguageModelShape(embeddingSize: 8, hiddenSize: 16, layerCount: 2, dropout: 0),
        vocabularySize: tokenizer.vocabulary.count), seed: 3)
    let other = MusicModel(tokenizer: tokenizer, network: network)
    let error = #expect(throws: ComposingError.self) { try Composer(model: other) }
    #expect(error?.message.contains("features of [] values") == true, "\(error?.message ?? "")")
  }

  @Test("Alone, side by side, forked or taken back it is the same piece") func itIsTheSamePiece() throws {
    let composer = try Composer(model: randomModel())
    let options = (0..<7).map { seed in
      CompositionOptions(
        seed: UInt64(seed), bars: 3 + seed % 3, primer: seed % 2 == 0 ? nil : ComposerTests.primer,
        keepsPrimer: true)
    }
    let alone = try options.map { try composer.compose($0) }
    for threads in [1, 2] {
      for (piece, result) in zip(alone, composer.compose(options, threadCount: threads)) {
        #expect(try result.get().ids == piece.ids && result.get().surprisals == piece.surprisals)
      }
    }
    for (options, piece) in zip(options, alone) {
      let session = try composer.session(options)
      while session.barCount < 2 { _ = try session.step() }
      let fork = session.fork()
      #expect(try session.finish().ids == piece.ids)
      let given = options.primer == nil ? 0 : 4
      for bar in [given + 1, given] {
        try session.rewind(toBar: bar)
        #expect(try session.finish().surprisals == piece.surprisals)
      }
      #expect(try fork.finish().ids == piece.ids)
      // The surprisals that composing saw are those of reading.
      let read = try composer.surprisals(ofIDs: piece.ids)
      #expect(Array(read[piece.givenCount...]) == piece.surprisals)
    }
  }

  @Test("What constraints take back is told anew") func whatConstraintsTakeBackIsToldAnew() throws {
    let composer = try Composer(model: randomModel())
    let piece = try composer.compose(
      CompositionOptions(seed: 5, bars: 4, primer: ComposerTests.primer, constraints: [DeadEnds(every: 7)]))
    #expect(Array(try composer.surprisals(ofIDs: piece.ids)[piece.givenCount...]) == piece.surprisals)
  }

  /// Forbids everything once, after every few ids that were chosen in another way before.
  private struct DeadEnds: TokenConstraint {
    var every: Int
    var sum = 0
    var summary: String { "no dead end" }

    mutating func advance(_ id: Int32) { sum = (sum &* 31 &+ Int(id)) & 0xFFFF }

    func narrow(_ mask: inout [Bool]) {
      guard sum % every == 0 else { return }
      for index in mask.indices { mask[index] = false }
    }

    func leastToFinish() -> Int? { 0 }
  }
}
