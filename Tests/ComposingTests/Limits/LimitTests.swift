import LimitChecks
import MIDI
import Music
import Notation
import TestSupport
import Testing
import Tokenization

@testable import Composing

/// Random requests, held by pieces of models that were hardly trained: what holds there holds by the limits alone.
@Suite struct LimitTests {
  /// A model that writes bars quickly and otherwise anything.
  static func model(parts: [CellsConfiguration.Part]?, velocity: Int? = 80) throws -> MusicModel {
    var configuration = CellsConfiguration()
    configuration.longestLength = 32
    configuration.longestLag = 16
    configuration.velocity = velocity
    configuration.parts = parts
    let model = try ComposerTests.model(configuration)
    for (token, bias) in [("Bar_None", 4.0), ("Notes_None", 2), ("Rest_None", 1), ("EOS_None", 3)] {
      let id = try #require(model.tokenizer.vocabulary.id(of: token))
      try ComposerTests.setOutputBias(of: model, id: id, to: Float(bias))
    }
    return model
  }

  /// A model of one of four kinds: with a melody, with chords and a melody, with parts that pieces state, with loudness as well.
  static func model(_ number: Int) throws -> MusicModel {
    try model(parts: number < 3 ? ensembles[number] : nil, velocity: number < 3 ? 80 : nil)
  }

  static let ensembles: [[CellsConfiguration.Part]?] = [
    [.init(role: .melody, program: 73)],
    [.init(role: .chords, program: 0), .init(role: .melody, program: 73)],
    nil,
  ]

  @Test("What is asked for is what the file has, whatever is asked for", arguments: 0..<4)
  func whatIsAskedForIsWhatTheFileHas(ensemble: Int) throws {
    let model = try Self.model(ensemble)
    let composer = try Composer(model: model)
    var drawing = LimitDrawing(
      RepeatableGenerator(seed: UInt64(7 + ensemble)), hasInstruments: true, hasTimeSignatures: true,
      hasChordPart: ensemble > 0)
    var (held, refused, deadEnds) = (0, 0, 0)
    for seed in UInt64(1)...20 {
      let (limits, bars) = try drawing.next(bars: [1, 2, 4])
      let request: HeldLimits
      do {
        request = try limits.held(by: model.tokenizer, bars: bars)
      } catch {
        #expect(!error.message.contains("\n") && !error.message.isEmpty)
        refused += 1
        continue
      }
      let options = CompositionOptions(seed: seed, bars: request.bars, constraints: request.constraints)
      do {
        let session = try composer.session(options)
        let piece = try request.finished(session.finish())
        let faults = try LimitReader.faults(
          in: MIDIFile(score: piece.score).encoded(), limits, bars: request.bars)
        #expect(
          faults.isEmpty, "seed \(seed), \(limits.summary), \(request.bars ?? 0) bars: \(faults.prefix(3))")
        held += 1
        deadEnds += session.deadEndCount
      } catch {
        Issue.record("seed \(seed), \(limits.summary), \(request.bars ?? 0) bars: \(error)")
      }
    }
    #expect(held >= 8 && refused > 0 && deadEnds == 0)
  }

  @Test("One, two and three voices end on a chord, and most of a piece may be silent", arguments: 1...2)
  func fewVoicesAndLongRests(ensemble: Int) throws {
    let model = try Self.model(ensemble)
    let composer = try Composer(model: model)
    for voices in 0...3 {
      var limits = Limits()
      if voices > 0 {
        limits.voices = 1...voices
        limits.lastChord = try ChordSymbol("C")
      } else {
        limits.rests = 0.55...0.7
      }
      let request = try limits.held(by: model.tokenizer, bars: 4)
      let options = CompositionOptions(seed: 3, bars: 4, constraints: request.constraints)
      let piece = try request.finished(composer.session(options).finish())
      let faults = try LimitReader.faults(in: MIDIFile(score: piece.score).encoded(), limits, bars: 4)
      #expect(faults.isEmpty, "\(voices) voices: \(faults.prefix(3))")
    }
  }
}
