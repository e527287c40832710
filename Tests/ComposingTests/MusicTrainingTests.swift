import Composing
import Corpora
import Foundation
import Groundwork
import Music
import Recurrent
import TestSupport
import Testing
import Tokenization
import Training

@Suite struct MusicTrainingTests {
  /// Small scales; `shift` moves them all, so that another shift is another collection.
  static func scales(shift: Int = 0) throws -> TrainingPieces {
    let tokenizer = try REMITokenizer(configuration: REMIConfiguration(instruments: .single(program: 0)))
    let pieces = try (0..<8).map { piece in
      let notes = (0..<16).map {
        Note(onset: 240 * $0, duration: 240, pitch: 50 + shift + piece + $0 % 8, velocity: 64)
      }
      return try tokenizer.encode(
        Score(ticksPerQuarter: 480, tracks: [Track(program: 0, notes: notes)], length: 3840)
      ).ids
    }
    return TrainingPieces(
      name: "scales", fingerprint: "\(shift)", tokenizer: tokenizer,
      training: PieceIDs(Array(pieces.prefix(6))),
      validation: PieceIDs(Array(pieces.suffix(2))))
  }

  static let settings = ModelPreset(
    network: LanguageModelShape(embeddingSize: 8, hiddenSize: 16, layerCount: 2, dropout: 0.1),
    training: TrainingConfiguration(
      budget: .steps(30), learningRate: 1e-2, batchSize: 4, truncationLength: 16, validationInterval: 10),
    transposition: .init(-2...2))

  func prepare(
    _ path: String, existing: MusicTraining.ExistingModel = .refuse, settings: ModelPreset = Self.settings
  ) throws -> MusicTraining {
    try MusicTraining(path: path, preset: "tiny", settings: settings, existing: existing, program: "test 1")
  }

  @Test("A model is a folder that can be read and played") func aModelIsAFolderThatCanBeReadAndPlayed() throws
  {
    let folder = try TemporaryFolder()
    let scales = try Self.scales()
    let path = folder.file("models/scales")
    var training = try prepare(path + "/")
    let result = try training.run(on: scales, threadCount: 1)
    #expect(result.steps == 30 && result.stopped == .budgetSpent)
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    #expect(
      names == [
        "card.md", "history.jsonl", "model.json", "model.safetensors", "training.safetensors",
        "vocabulary.json",
      ])
    let model = try MusicModel(path: path)
    #expect(model.description.corpus?.fingerprint == scales.fingerprint)
    #expect(model.description.corpus?.trainingPieces == 6)
    let piece = try Composer(model: model).compose(CompositionOptions(seed: 1, bars: 2))
    #expect(piece.bars == 2)
    let info = try ModelInfo(path: path)
    #expect(info.history?.steps == 30)
    #expect(info.history?.bestValidationLoss == result.bestValidationLoss)
    #expect(try info.parameters == model.network.parameters.count)
    let card = String(decoding: try readFile(path + "/card.md"), as: UTF8.self)
    #expect(card.hasPrefix("# scales\n") && card.contains("6 pieces"))
  }

  /// The project's own music, from ABC to a piece in the same style.
  @Test("A corpus becomes a model") func aCorpusBecomesAModel() throws {
    let folder = try TemporaryFolder()
    let music = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "corpora").path
    let corpus = try CorpusBuilder(threadCount: 2).build(from: [music], to: folder.file("tunes"))
    let pieces = TrainingPieces(corpus: corpus)
    #expect(pieces.name == "tunes" && pieces.fingerprint == corpus.fingerprint)
    #expect(pieces.training.count == corpus.pieces(in: .train).count)
    #expect(pieces.validation.count == corpus.pieces(in: .valid).count && pieces.validation.count > 0)
    for (split, ids) in [(Split.train, pieces.training), (.valid, pieces.validation)] {
      for (index, piece) in corpus.pieces(in: split).enumerated() {
        #expect(Array(ids[index]) == corpus.ids(ofPiece: piece))
        #expect(ids[index].baseAddress == corpus.idBuffer(ofPiece: piece).baseAddress, "read where it is")
      }
    }
    var training = try prepare(folder.file("model"))
    let result = try training.run(on: pieces, threadCount: 1)
    // Knowing nothing costs log V nats per token; thirty steps already teach which tokens follow which.
    #expect(try #require(result.validationLoss) < 0.9 * log(Double(corpus.vocabulary.count)))
    let piece = try Composer(model: MusicModel(path: folder.file("model"))).compose(
      CompositionOptions(seed: 1, bars: 4))
    #expect(piece.bars == 4)
  }

  @Test("A resumed training needs nothing but the corpus") func aResumedTrainingNeedsNothingButTheCorpus()
    throws
  {
    let folder = try TemporaryFolder()
    let scales = try Self.scales()
    var straight = try prepare(folder.file("straight"))
    _ = try straight.run(on: scales, threadCount: 1)
    let cancellation = Cancellation()
    var stopped = try prepare(folder.file("stopped"))
    let interrupted = try stopped.run(on: scales, threadCount: 1, cancellation: cancellation) {
      if $0.activity == "training", $0.completed >= 1 { cancellation.request() }
    }
    #expect(interrupted.stopped == .interrupted)
    var other = Self.settings
    other.training.budget = .steps(3)
    other.training.seed = 99
    var resumed = try prepare(folder.file("stopped"), existing: .resume, settings: other)
    #expect(resumed.isResuming)
    _ = try resumed.run(on: scales, threadCount: 2)
    let names = ["model.safetensors", "model.json", "vocabulary.json"]
    for name in names {
      #expect(
        try readFile(folder.file("straight/\(name)")) == readFile(folder.file("stopped/\(name)")), "\(name)")
    }
  }

  @Test("An existing model is not touched without the option")
  func anExistingModelIsNotTouchedWithoutTheOption()
    throws
  {
    let folder = try TemporaryFolder()
    let scales = try Self.scales()
    var training = try prepare(folder.file("model"))
    _ = try training.run(on: scales, threadCount: 1)
    let weights = try readFile(folder.file("model/model.safetensors"))
    do {
      _ = try prepare(folder.file("model"))
      Issue.record("an existing model was not refused")
    } catch let error as ComposingError {
      #expect(error.kind == .cannotWrite)
      #expect(error.remedies == [.resume(path: folder.file("model")), .overwrite])
    }
    #expect(try readFile(folder.file("model/model.safetensors")) == weights)
    var changed = Self.settings
    changed.training.seed = 2
    var again = try prepare(folder.file("model"), existing: .overwrite, settings: changed)
    #expect(!again.isResuming)
    _ = try again.run(on: scales, threadCount: 1)
    #expect(try readFile(folder.file("model/model.safetensors")) != weights)
  }

  /// The bytes of the files by which a model composes.
  private func parts(_ path: String) throws -> [[UInt8]] {
    try ["model.json", "vocabulary.json", "model.safetensors"].map { try readFile(path + "/" + $0) }
  }

  @Test("A model that is replaced stays until the new one has weights")
  func aModelThatIsReplacedStaysUntilTheNewOneHasWeights() throws {
    let folder = try TemporaryFolder()
    let (path, scales) = (folder.file("model"), try Self.scales())
    var first = try prepare(path)
    _ = try first.run(on: scales, threadCount: 1)
    let old = try parts(path)
    var changed = Self.settings
    changed.training.seed = 2
    // Stopped before its first validation, and resumed.
    let cancellation = Cancellation()
    var second = try prepare(path, existing: .overwrite, settings: changed)
    let stopped = try second.run(on: scales, threadCount: 1, cancellation: cancellation) { _ in
      cancellation.request()
    }
    #expect(stopped.stopped == .interrupted)
    #expect(try parts(path) == old)
    #expect(try MusicModel(path: path).description.settings?.training.seed == Self.settings.training.seed)
    var resumed = try prepare(path, existing: .resume, settings: changed)
    #expect(resumed.isResuming && resumed.description.settings?.training.seed == 2)
    var validations = 0
    _ = try resumed.run(on: scales, threadCount: 1, afterValidation: { _ in validations += 1 })
    #expect(validations > 1 && resumed.folder == resumed.modelFolder)
    var whole = try prepare(folder.file("whole"), settings: changed)
    _ = try whole.run(on: scales, threadCount: 1)
    #expect(try parts(path) == parts(folder.file("whole")))
    #expect(try names(inFolder: path) == names(inFolder: folder.file("whole")))
  }

  @Test("A replacement that diverges leaves the model, and another training says that it did")
  func aReplacementThatDivergesLeavesTheModel() throws {
    let folder = try TemporaryFolder()
    let (path, scales) = (folder.file("model"), try Self.scales())
    var first = try prepare(path)
    _ = try first.run(on: scales, threadCount: 1)
    let old = try parts(path)
    var wild = Self.settings
    wild.training.learningRate = 1e30
    var second = try prepare(path, existing: .overwrite, settings: wild)
    #expect(throws: ComposingError.self) { try second.run(on: scales, threadCount: 1) }
    #expect(try parts(path) == old)
    #expect(try !names(inFolder: path).contains { $0.contains("replacement") })
    #expect(try ModelInfo(path: path).description.divergence == nil)
    var other = try prepare(folder.file("other"), settings: wild)
    #expect(throws: ComposingError.self) { try other.run(on: scales, threadCount: 1) }
    let divergence = try #require(try ModelInfo(path: folder.file("other")).description.divergence)
    #expect(divergence.step >= 1 && !divergence.quantity.isEmpty)
  }

  @Test(
    "A folder with anything of a model is not trained in",
    arguments: [
      "model.json", "vocabulary.json", "model.safetensors", "training.safetensors", "history.jsonl",
    ])
  func aFolderWithAnythingOfAModelIsNotTrainedIn(part: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model")
    var training = try prepare(path)
    _ = try training.run(on: Self.scales(), threadCount: 1)
    for name in try names(inFolder: path) where name != part { try removeFile(path + "/" + name) }
    let bytes = try readFile(path + "/" + part)
    #expect(throws: ComposingError.self) { try prepare(path) }
    if part == "model.json" {
      // What a training that has just begun has too.
      #expect(throws: Never.self) { try prepare(path, existing: .resume) }
    } else {
      do throws(ComposingError) {
        _ = try MusicTraining(
          path: path, preset: "tiny", settings: Self.settings, existing: .resume, program: "test 1")
        Issue.record("\(part) was trained over")
      } catch {
        guard case .incomplete(_, let present, let missing, _) = error else { throw error }
        #expect(present == [part] && missing == ["model.json"] && error.message.contains("model.json"))
      }
    }
    #expect(try readFile(path + "/" + part) == bytes)
    #expect(throws: Never.self) { try prepare(path, existing: .overwrite) }
  }

  @Test("A finished model without weights is distinguished from one that can continue")
  func aFinishedModelWithoutWeightsIsTold() throws {
    let folder = try TemporaryFolder()
    let (path, scales) = (folder.file("model"), try Self.scales())
    var training = try prepare(path)
    _ = try training.run(on: scales, threadCount: 1)
    try removeFile(path + "/model.safetensors")
    for use in [
      { _ = try MusicModel(path: path) }, { _ = try prepare(path, existing: .resume) },
    ] as [() throws -> Void] {
      do {
        try use()
        Issue.record("a model without weights was used")
      } catch let error as ComposingError {
        guard case .incomplete(_, _, let missing, let isFinished) = error else { throw error }
        #expect(missing == ["model.safetensors"] && isFinished && error.remedies == [.overwrite])
      }
    }
    let cancellation = Cancellation()
    var stopped = try prepare(folder.file("stopped"))
    _ = try stopped.run(on: scales, threadCount: 1, cancellation: cancellation) {
      if $0.activity == "training" { cancellation.request() }
    }
    try removeFile(folder.file("stopped/model.safetensors"))
    do throws(ComposingError) {
      _ = try MusicModel(path: folder.file("stopped"))
      Issue.record("a model without weights was used")
    } catch {
      #expect(error.remedies == [.resume(path: folder.file("stopped"))])
    }
    #expect(throws: Never.self) { try prepare(folder.file("stopped"), existing: .resume) }
  }

  @Test("A loss worse than that of a uniform guess is known") func aLossWorseThanUniformIsKnown() throws {
    let folder = try TemporaryFolder()
    var training = try prepare(folder.file("model"))
    var result = try training.run(on: Self.scales(), threadCount: 1)
    let uniform = try #require(result.uniformLoss)
    #expect(try uniform == log(Double(MusicModel(path: folder.file("model")).tokenizer.vocabulary.count)))
    #expect(try !result.isWorseThanUniform && ModelInfo(path: folder.file("model")).uniformLoss == uniform)
    result.bestValidationLoss = uniform + 0.1
    #expect(result.isWorseThanUniform)
  }

  @Test("A changed corpus is refused") func aChangedCorpusIsRefused() throws {
    let folder = try TemporaryFolder()
    var training = try prepare(folder.file("model"))
    _ = try training.run(on: Self.scales(), threadCount: 1)
    var resumed = try prepare(folder.file("model"), existing: .resume)
    #expect(throws: ComposingError.self) {
      try resumed.run(on: Self.scales(shift: 3), threadCount: 1)
    }
  }

  @Test("Without a checkpoint training starts from the beginning")
  func withoutACheckpointTrainingStartsFromTheBeginning() throws {
    let folder = try TemporaryFolder()
    let scales = try Self.scales()
    var straight = try prepare(folder.file("straight"))
    _ = try straight.run(on: scales, threadCount: 1)
    // Killed right after model.json: the settings are known, the corpus is not.
    _ = try prepare(folder.file("early"))
    var resumed = try prepare(folder.file("early"), existing: .resume)
    #expect(!resumed.isResuming)
    _ = try resumed.run(on: scales, threadCount: 1)
    #expect(
      try readFile(folder.file("straight/model.safetensors"))
        == readFile(folder.file("early/model.safetensors")))
  }

  @Test("A folder without a model is named") func aFolderWithoutAModelIsNamed() throws {
    let folder = try TemporaryFolder()
    for read in [{ _ = try MusicModel(path: $0) }, { _ = try ModelInfo(path: $0) }]
      as [(String) throws -> Void]
    {
      do {
        try read(folder.path)
        Issue.record("a folder without a model was read")
      } catch let error as ComposingError {
        #expect(error.kind == .missingInput && error.file == folder.path)
      }
    }
    _ = try prepare(folder.path)
    #expect(throws: ComposingError.self) { try MusicModel(path: folder.path) }
    #expect(try ModelInfo(path: folder.path).history == nil)
  }

  @Test("A file is no model, and is there") func aFileIsNoModelAndIsThere() throws {
    let folder = try TemporaryFolder()
    try replaceFile(at: folder.file("model"), with: "text")
    do throws(ComposingError) {
      _ = try MusicModel(path: folder.file("model"))
      Issue.record("a file was read as a model")
    } catch {
      #expect(error.kind == .badInput && error.file == folder.file("model"))
    }
  }

  @Test("A damaged part is named", arguments: ["model.json", "vocabulary.json", "model.safetensors"])
  func aDamagedPartIsNamed(name: String) throws {
    let folder = try TemporaryFolder()
    var training = try prepare(folder.file("model"))
    _ = try training.run(on: Self.scales(), threadCount: 1)
    let file = folder.file("model/\(name)")
    try replaceFile(at: file, with: Array(readFile(file).dropLast(30)))
    do throws(ComposingError) {
      _ = try MusicModel(path: folder.file("model"))
      Issue.record("a damaged \(name) was read")
    } catch {
      #expect(error.kind == .badInput)
      #expect(error.file == file, "\(error.message)")
    }
  }
}
