import Arithmetic
import Music
import Testing
import Tokenization

@testable import Composing

/// Loops: what is one, and what becomes of it.
@Suite struct LoopPenaltyTests {
  /// A model of cells whose bars like to be copies.
  private func model(_ favorites: [String: Float]) throws -> MusicModel {
    var configuration = CellsConfiguration()
    configuration.longestLag = 16
    configuration.velocityCount = 1
    configuration.parts = [.init(role: .chords, program: 0), .init(role: .melody, program: 73)]
    let model = try ComposerTests.model(configuration)
    for (token, bias) in favorites {
      let id = try #require(model.tokenizer.vocabulary.id(of: token))
      try ComposerTests.setOutputBias(of: model, id: id, to: bias)
    }
    return model
  }

  @Test("A run of equal items is a loop after its usual length, by its shortest period")
  func aRunOfEqualItemsIsALoop() {
    var recurrence = Recurrence<Int>(longestPeriod: 4)
    let usual = { (period: Int) in 4 * period }
    for item in [7, 8, 9] { recurrence.append(item) }
    for _ in 0..<5 { recurrence.append(1) }
    #expect(recurrence.loop(usual: usual)?.period == 1)
    #expect(recurrence.loop(usual: usual)?.excess == 1)
    recurrence.append(1)
    #expect(recurrence.loop(usual: usual)?.excess == 2)
    recurrence.append(2)
    #expect(recurrence.loop(usual: usual) == nil)
    for _ in 0..<5 {
      for item in [3, 4, 5] { recurrence.append(item) }
    }
    #expect(recurrence.loop(usual: usual)?.period == 3)
  }

  @Test("A piece that copies its bars over and over stops doing so under a penalty")
  func loopsStopUnderAPenalty() throws {
    let model = try model(["Same_1": 12, "Bar_None": 8, "EOS_None": -10])
    let composer = try Composer(model: model)
    var (before, after) = (0, 0)
    for seed in UInt64(1)...4 {
      var options = CompositionOptions(seed: seed, bars: 40)
      let loose = try composer.compose(options)
      options.sampling.loops = LoopPenalty(strength: 12)
      let held = try composer.compose(options)
      before += LoopCount(loose.ids, tokenizer: model.tokenizer).loopedBars
      after += LoopCount(held.ids, tokenizer: model.tokenizer).loopedBars
      #expect(held.bars == 40)
      #expect(try model.tokenizer.encode(held.score).ids == held.ids)
    }
    #expect(before > 100 && after * 5 < before, "\(after) of \(before) bars")
  }

  @Test("Notes that are spelled out again and again within a bar are a loop")
  func notesWithinABarAreALoop() throws {
    let model = try ComposerTests.model(REMIConfiguration(instruments: .single(program: 0)))
    let tokenizer = model.tokenizer
    let notes = (0..<400).map { Note(onset: 120 * $0, duration: 120, pitch: 60, velocity: 80) }
    let same = Score(
      ticksPerQuarter: 480, tracks: [Track(program: 0, notes: notes)],
      timeSignatures: [TimeSignatureChange(tick: 0, timeSignature: .common)], length: 48_000)
    let count = LoopCount(try tokenizer.encode(same).ids, tokenizer: tokenizer)
    #expect(count.bars > 20 && count.loopedBars > count.bars - 10)
  }

  @Test("A tune that returns after another is no loop") func aTuneThatReturnsIsNoLoop() throws {
    let tokenizer = try CellsConfiguration().makeTokenizer()
    let form = [0, 0, 1, 1, 0, 0, 1, 1, 2, 0, 0, 1, 1]
    let notes = form.enumerated().flatMap { place, section in
      (0..<32).map { index in
        Note(
          onset: 480 * (32 * place + index), duration: 480,
          pitch: 60 + (index * (section + 3) + index / 4) % 12, velocity: 80)
      }
    }
    let score = Score(
      ticksPerQuarter: 480, tracks: [Track(program: 73, notes: notes)],
      timeSignatures: [TimeSignatureChange(tick: 0, timeSignature: .common)],
      length: form.count * 32 * 480)
    let count = LoopCount(try tokenizer.encode(score).ids, tokenizer: tokenizer)
    #expect(count.bars > 60 && count.loopedBars == 0 && count.loopedIDs == 0)
  }

  @Test("Side by side, rewound or changed on the way, the penalty knows the piece so far")
  func thePenaltyKnowsThePieceSoFar() throws {
    let model = try model(["Same_1": 9, "Bar_None": 8, "EOS_None": -10])
    let composer = try Composer(model: model)
    var options = CompositionOptions(seed: 5, bars: 30)
    options.sampling.loops = LoopPenalty(strength: 3)
    let piece = try composer.compose(options)
    let others = Composer.seeds(from: 4, count: 3).map { seed in
      var options = options
      options.seed = seed
      return options
    }
    #expect(try composer.compose(others, threadCount: 2)[1].get().ids == piece.ids)
    // Switched on later, it has read what was there before.
    let session = try CompositionSession(model: model, options)
    try session.sample(by: SamplingPreset())
    while session.barCount < 12, try session.step() != nil {}
    let fork = session.fork()
    try session.sample(by: options.sampling)
    try fork.rewind(toBar: 11)
    try fork.sample(by: options.sampling)
    #expect(try session.finish().ids == fork.finish().ids)
  }
}
