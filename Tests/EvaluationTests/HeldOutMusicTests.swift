import Analysis
import Composing
import Corpora
import Groundwork
import MIDI
import Music
import Notation
import Recurrent
import TestSupport
import Testing
import Tokenization

@testable import Evaluation

@Suite("Music that is evaluated") struct HeldOutMusicTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A model in a folder, with a corpus request beside it.
  private func model(_ request: CorpusRequest?) throws -> MusicModel {
    if !fileExists(folder.file("model/model.json")) {
      try Examples.model().write(to: folder.file("model"), program: "test")
    }
    if let request {
      try makeFolder(folder.file("model/corpus"))
      try request.write(to: folder.file("model/corpus/request.json"))
    }
    return try MusicModel(path: folder.file("model"))
  }

  /// A folder of one tune, several times, a sixth of a beat late.
  private func lateTunes(_ count: Int) throws -> String {
    try makeFolder(folder.file("tunes"))
    var random = RepeatableGenerator(seed: 4)
    let tune = Examples.tune(bars: 16, repeats: false, &random)
    var late = tune
    for index in late.tracks[0].notes.indices { late.tracks[0].notes[index].onset += 80 }
    late.length += 80
    for number in 0..<count {
      try replaceFile(
        at: folder.file("tunes/\(number).mid"), with: try MIDIFile(score: late).encoded())
    }
    return folder.file("tunes")
  }

  @Test("Files are prepared as the model's corpus was") func filesArePreparedAsTheCorpusWas() throws {
    let tunes = try lateTunes(1)
    let aligned = try HeldOutMusic(files: [tunes], of: model(nil)).pieces[0].score
    let asItIs = try HeldOutMusic(files: [tunes], of: model(CorpusRequest(align: false))).pieces[0].score
    #expect(try MusicModel(path: folder.file("model")).preparation().aligns == false)
    func onGrid(_ score: Score) -> Int {
      score.tracks[0].notes.count {
        let part = $0.onset * 12 / score.ticksPerQuarter % 12
        return part % 3 == 0 || part % 4 == 0
      }
    }
    #expect(onGrid(aligned) == 64 && onGrid(asItIs) == 0)
  }

  @Test("Composed pieces are taken as they are, also those that are alike") func composedPiecesAreTaken()
    throws
  {
    let composed = try ComposedMusic(files: [try lateTunes(3)], of: model(nil))
    #expect(composed.pieces.count == 3 && composed.duplicates == 2)
    let score = composed.pieces[0].score
    #expect(score.tracks[0].notes.allSatisfy { $0.onset % score.ticksPerQuarter != 0 })
  }

  @Test("A corpus that the model's tokens cannot express is an error, a single piece of it is none")
  func piecesThatCannotBeExpressedAreLeftOut() throws {
    try makeFolder(folder.file("mixed"))
    let tunes = Examples.tunes(24, bars: 8...12, seed: 3)
    for (number, tune) in tunes.enumerated() {
      var score = tune
      // Some are solos of a drum, which a model of one instrument cannot write.
      if number % 3 == 0 { score.tracks[0].isDrum = true }
      try replaceFile(
        at: folder.file("mixed/\(number).mid"), with: try MIDIFile(score: score).encoded())
    }
    _ = try CorpusBuilder(tokenizer: REMIConfiguration()).build(
      from: [folder.file("mixed")], to: folder.file("corpus"))
    let tokenizer = try REMIConfiguration(instruments: .single(program: 0)).makeTokenizer()
    let model = MusicModel(
      tokenizer: tokenizer,
      network: Network(
        configuration: LanguageModelConfiguration(
          vocabularySize: tokenizer.vocabulary.count, embeddingSize: 8, hiddenSize: 16, layerCount: 1),
        seed: 1))
    let human = try HeldOutMusic(corpus: folder.file("corpus"), of: model, split: .train)
    #expect(!human.pieces.isEmpty && !human.skipped.isEmpty)
  }

  @Test("Why a model's corpus cannot be used is known") func whyACorpusCannotBeUsedIsKnown() throws {
    let model = try model(CorpusRequest())
    try replaceFile(at: folder.file("model/corpus/\(Corpus.fileName)"), with: Array("no corpus".utf8))
    let human = try HeldOutMusic(files: [try lateTunes(1)], of: model)
    #expect(human.trainingCorpus == nil && human.trainingCorpusFault?.isEmpty == false)
  }
}
