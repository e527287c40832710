import Arithmetic
import Corpora
import Groundwork
import ModelSupport
import Music
import Recurrent
import TestSupport
import Testing
import Tokenization
import Training

@testable import Composing

/// What pieces are asked to be like: learned, asked for, sharpened.
@Suite struct AttributeTests {
  private static let configuration: CellsConfiguration = {
    var configuration = CellsConfiguration.small
    configuration.attributes = PieceAttributes(density: true, register: true, styles: ["high", "low"])
    return configuration
  }()

  private func model() throws -> MusicModel {
    let model = try ComposerTests.model(Self.configuration)
    for name in ["Bar_None", "Rest_None", "EOS_None"] {
      let id = try #require(model.tokenizer.vocabulary.id(of: name))
      try ComposerTests.setOutputBias(of: model, id: id, to: 3)
    }
    return model
  }

  private func tokens(_ ids: [Int32], _ model: MusicModel) -> [String] {
    ids.prefix(8).compactMap { model.tokenizer.vocabulary.token(of: $0) }
  }

  @Test("A piece says what it is asked to say, and something where nothing is asked")
  func aPieceSaysWhatItIsAskedToSay() throws {
    let model = try model()
    let composer = try Composer(model: model)
    for seed in UInt64(1)...6 {
      let free = try composer.compose(CompositionOptions(seed: seed, bars: 2))
      #expect(!tokens(free.ids, model).contains { $0.hasSuffix("_open") && !$0.hasPrefix("Length") })
      let asked = try composer.compose(
        CompositionOptions(
          seed: seed, bars: 2,
          constraints: [
            try RequestedAttribute(.style, "LOW", tokenizer: model.tokenizer),
            try RequestedAttribute(.density, "7", tokenizer: model.tokenizer),
          ]))
      let said = tokens(asked.ids, model)
      #expect(said.contains("Style_low") && said.contains("Density_7"))
    }
  }

  @Test("A register is asked for as it sounds, whatever the key") func aRegisterIsAskedForAsItSounds() throws
  {
    let model = try model()
    let tokenizer = model.tokenizer
    for (key, written) in [("Key_C", "Register_64"), ("Key_F#", "Register_58"), ("Key_G", "Register_70")] {
      var constraint = try RequestedAttribute(.register, "65", tokenizer: tokenizer)
      constraint.advance(try #require(tokenizer.vocabulary.id(of: key)))
      var mask = [Bool](repeating: true, count: tokenizer.vocabulary.count)
      constraint.narrow(&mask)
      let left = tokenizer.vocabulary.tokens.indices.filter {
        mask[$0] && tokenizer.vocabulary.tokens[$0].hasPrefix("Register")
      }
      #expect(left.map { tokenizer.vocabulary.tokens[$0] } == [written], "\(key)")
    }
  }

  @Test("What a model does not know is refused by its name") func whatAModelDoesNotKnowIsRefused() throws {
    let model = try model(), plain = try ComposerTests.model(CellsConfiguration.small)
    for (kind, value, tokenizer) in [
      (PieceAttribute.Kind.style, "polka", model.tokenizer), (.density, "much", model.tokenizer),
      (.style, "high", plain.tokenizer),
    ] {
      do {
        _ = try RequestedAttribute(kind, value, tokenizer: tokenizer)
        Issue.record("\(value) was accepted")
      } catch {
        #expect(error.setting?.name == kind.rawValue && error.kind == .usage)
      }
    }
    #expect(throws: ComposingError.self) { try model.guided(toward: [.style], scale: -1) }
    #expect(try plain.guided(toward: [.style], scale: 3).guidance == nil)
  }

  @Test("Guidance adds what a condition changes, in sessions, side by side and in searches alike")
  func guidanceAddsWhatAConditionChanges() throws {
    let model = try model()
    let guided = try model.guided(toward: [.style], scale: 2.5)
    let table = try #require(guided.guidance).openIDs
    let network = try model.network
    let told = LanguageModelSampler(model: network), open = LanguageModelSampler(model: network)
    let both = LanguageModelSampler(weights: try guided.samplerWeights(.float32), streamCount: 2)
    let ids = try Composer(model: model).compose(CompositionOptions(seed: 2, bars: 2)).ids
    var features = [Int32](repeating: -1, count: model.tokenizer.contextFeatures.count)
    let style = try #require(model.tokenizer.contextFeatures.firstIndex { $0.name == "style" })
    var context = try #require(model.tokenizer.makeContext())
    for id in ids.dropLast() {
      context.advance(id)
      context.write(into: &features)
      var without = features
      without[style] = -1
      let c = Array(told.advance(id, context: features))
      let u = Array(open.advance(table[Int(id)], context: without))
      let mixed = Array(both.advance(id, context: features))
      for index in c.indices { #expect(abs(mixed[index] - (u[index] + 2.5 * (c[index] - u[index]))) < 1e-3) }
    }
    #expect(features[style] > 0)
    both.copyStream(0, to: 1)
    #expect(both.state(ofStream: 1) == both.state && both.state == told.state + open.state)

    let composer = try Composer(model: guided)
    let asked = try RequestedAttribute(.style, "high", tokenizer: model.tokenizer)
    let options = (UInt64(1)...4).map { CompositionOptions(seed: $0, bars: 3, constraints: [asked]) }
    let together = composer.compose(options, threadCount: 2)
    for (options, piece) in zip(options, together) {
      let piece = try piece.get()
      #expect(try composer.compose(options).ids == piece.ids)
      let read = try composer.surprisals(ofIDs: piece.ids)[piece.givenCount...]
      #expect(zip(read, piece.surprisals).allSatisfy { abs($0 - $1) < 1e-3 })
    }
    var searched = options[0]
    searched.ending = EndingSearch(bars: 2, tries: 4)
    #expect(try composer.compose(searched).bars == 3)
  }

  @Test("Training leaves attributes open in some pieces, and only there")
  func trainingLeavesAttributesOpen() throws {
    let tokenizer = try Self.configuration.makeTokenizer()
    let ids = try (0..<40).map { number in
      tokenizer.stating(
        style: number % 2 == 0 ? "high" : "low",
        in: try tokenizer.encode(TokenizerTests.tunes[number % 20]).ids)
    }
    let settings = ModelPreset(
      network: LanguageModelShape(embeddingSize: 8, hiddenSize: 8, layerCount: 1, dropout: 0),
      training: TrainingConfiguration(budget: .steps(1), batchSize: 4, truncationLength: 32))
    var source = try CorpusBatchSource(pieces: PieceIDs(ids), tokenizer: tokenizer, settings: settings)
    let attributes = tokenizer.attributes
    var open = Array(repeating: 0, count: attributes.count), pieces = 0
    var batch = source.makeBatch()
    var middle: CorpusBatchSource.Position?, after: [Int32] = []
    for number in 0..<200 {
      if number == 100 { middle = source.position }
      source.nextBatch(into: &batch)
      if number == 100 { after = batch.inputs }
      pieces += batch.resets.count { $0 }
      for (index, attribute) in attributes.enumerated() {
        open[index] += batch.inputs.count { $0 == attribute.open }
      }
    }
    for count in open {
      #expect((0.2...0.5).contains(Double(count) / Double(pieces)), "\(open) of \(pieces)")
    }
    // What is left open is part of the position.
    var again = try CorpusBatchSource(pieces: PieceIDs(ids), tokenizer: tokenizer, settings: settings)
    #expect(again.seek(to: try #require(middle)))
    again.nextBatch(into: &batch)
    #expect(batch.inputs == after)
  }
}
