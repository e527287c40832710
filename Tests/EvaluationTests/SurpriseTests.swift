import Composing
import Corpora
import Evaluation
import Foundation
import Music
import Recurrent
import TestSupport
import Testing
import Tokenization
import Training

@Suite(.serialized) struct SurpriseTests {
  /// A model that has learned a scale up and down by heart.
  private nonisolated(unsafe) static let composer: Result<Composer, any Error> = Result {
    let tokenizer = try REMITokenizer(configuration: REMIConfiguration(instruments: .single(program: 0)))
    let ids = try tokenizer.encode(scale()).ids
    let pieces = TrainingPieces(
      name: "scales", fingerprint: "0", tokenizer: tokenizer,
      training: PieceIDs(Array(repeating: ids, count: 8)), validation: PieceIDs([ids]))
    let folder = try TemporaryFolder()
    var training = TrainingConfiguration(budget: .steps(150))
    training.batchSize = 8
    training.truncationLength = 64
    training.learningRate = 0.01
    let settings = ModelPreset(
      network: LanguageModelShape(embeddingSize: 24, hiddenSize: 48, layerCount: 1, dropout: 0),
      training: training)
    var run = try MusicTraining(path: folder.file("model"), settings: settings)
    _ = try run.run(on: pieces, threadCount: 1)
    return try Composer(model: MusicModel(path: folder.file("model")))
  }

  private static func scale() -> Score {
    let pitches = [60, 62, 64, 65, 67, 69, 71, 72, 72, 71, 69, 67, 65, 64, 62, 60]
    let notes = (0..<64).map {
      Note(onset: 12 * $0, duration: 12, pitch: pitches[$0 % 16], velocity: 80)
    }
    return Score(ticksPerQuarter: 12, tracks: [Track(program: 0, notes: notes)], length: 64 * 12)
  }

  @Test("A wrong note is found, and what it should have been") func aWrongNoteIsFound() throws {
    let composer = try Self.composer.get()
    var guessed = 0
    for (place, pitch) in [(13, 66), (30, 59), (40, 74), (51, 70)] {
      var score = Self.scale()
      let right = score.tracks[0].notes[place].pitch
      score.tracks[0].notes[place].pitch = pitch
      let report = try SurpriseReport(of: score, by: composer)
      let worst = try #require(report.likelyWrongNotes.first)
      #expect(worst.note.onset * 12 == score.tracks[0].notes[place].onset * report.score.ticksPerQuarter)
      #expect(worst.note.pitch == pitch && worst.expected != nil)
      if worst.expected?.pitch == right { guessed += 1 }
      #expect(report.notes.count == 64 && worst.bar == place / 4 && worst.beat == Double(place % 4))
    }
    #expect(guessed >= 2)
  }

  @Test("Surprisals are those of the composer, entropies those of its distributions")
  func surprisalsAreThoseOfTheComposer() throws {
    let composer = try Self.composer.get()
    let report = try SurpriseReport(
      of: Self.scale(), by: composer, options: SurpriseOptions(triesAlternatives: false))
    let plain = try composer.surprisals(of: Self.scale())
    #expect(abs(report.total - plain.total) < 1e-6 && report.perNote == report.total / 64)
    #expect(zip(report.notes, plain.notes).allSatisfy { abs($0.surprisal - $1.surprisal) < 1e-9 })
    #expect(report.notes.allSatisfy { $0.wrongness == nil && $0.superfluity == nil && $0.entropy >= 0 })
    #expect(report.likelyWrongNotes.isEmpty)
  }

  @Test("Variants are as probable as when they are read by themselves") func variantsAreAsProbable() throws {
    let composer = try Self.composer.get()
    let ids = try composer.tokenizer.encode(Self.scale()).ids
    var variants: [TokenVariant] = []
    var expected: [Double] = []
    for place in stride(from: 20, to: 80, by: 3) {
      var other = ids
      for index in place..<place + 7 { other[index] = ids[ids.count - 2 - index % 5] }
      variants.append(TokenVariant(first: place, ids: Array(other[place..<place + 1 + place % 7])))
      let alone = try composer.distributions(over: other)
      expected.append(alone.surprisals[place..<place + 1 + place % 7].reduce(0, +))
    }
    let read = try composer.distributions(over: ids, variants: variants)
    for (found, wanted) in zip(read.variants, expected) {
      #expect(abs(try #require(found) - wanted) < 1e-4 * max(1, wanted))
    }
  }

  @Test("Table and picture have every note") func tableAndPictureHaveEveryNote() throws {
    let report = try SurpriseReport(of: Self.scale(), by: try Self.composer.get())
    let lines = report.csv.split(separator: "\n")
    #expect(
      lines.count == 65
        && lines.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 13 })
    let picture = report.pianoRoll(title: "Scale")
    #expect(picture.contains("C4, ") && picture.contains("8 nats and more"))
    #expect(
      picture.components(separatedBy: " nats</title>").count
        + picture.components(separatedBy: " %)</title>").count == 66)
  }
}
