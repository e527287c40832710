import Arithmetic
import Groundwork
import Music
import Recurrent
import Testing
import Tokenization

@testable import Composing

/// A cache over the piece's own past, and a network that goes on learning from it.
@Suite struct MemoryTests {
  private let model: MusicModel

  init() throws { model = try ComposerTests.untrainedModel() }

  @Test("A cache is what Grave's formula says") func aCacheIsWhatTheFormulaSays() {
    let states: [[Float]] = [[0.5, -1, 0.25], [1, 0, 0], [-0.5, 0.5, 1]], followers: [Int32] = [2, 0, 2]
    let logits: [Float] = [0.3, -1, 2, 0.1], state: [Float] = [1, 0.5, -0.25]
    var cache = PieceCache(NeuralCache(share: 0.3, sharpness: 1.5), vocabularySize: 4)
    func mixed() -> [Float] {
      logits.withUnsafeBufferPointer { logits in
        state.withUnsafeBufferPointer { cache.mix(logits, key: $0) }
      }
    }
    func softmax(_ values: [Float]) -> [Float] {
      let weights = values.map { exponential(Double($0)) }, sum = weights.reduce(0, +)
      return weights.map { Float($0 / sum) }
    }
    let network = softmax(logits)
    for (found, expected) in zip(mixed(), network) {
      #expect(abs(Float(exponential(Double(found))) - expected) < 1e-6, "an empty cache changes nothing")
    }
    for (state, follower) in zip(states, followers) {
      state.withUnsafeBufferPointer { cache.add($0, follower: follower) }
    }
    let weights = softmax(states.map { 1.5 * zip($0, state).reduce(0) { $0 + $1.0 * $1.1 } })
    for id in 0..<4 {
      let share = zip(followers, weights).reduce(Float(0)) { $0 + (Int($1.0) == id ? $1.1 : 0) }
      let found = Float(exponential(Double(mixed()[id])))
      #expect(abs(found - (0.7 * network[id] + 0.3 * share)) < 1e-6)
    }
    let before = mixed()
    state.withUnsafeBufferPointer { cache.add($0, follower: 1) }
    #expect(mixed() != before && cache.count == 4)
    cache.keepFirst(3)
    #expect(mixed() == before && cache.count == 3)
  }

  @Test("With a cache a piece is the same alone, side by side, forked and taken back")
  func withACacheAPieceIsTheSame() throws {
    let composer = try Composer(model: model)
    let sampling = SamplingPreset(cache: NeuralCache(share: 0.4, sharpness: 2))
    let options = (0..<5).map { seed in
      CompositionOptions(
        seed: UInt64(seed), sampling: sampling, bars: 4, primer: seed % 2 == 0 ? nil : ComposerTests.primer,
        keepsPrimer: true)
    }
    let alone = try options.map { try composer.compose($0) }
    for (piece, result) in zip(alone, composer.compose(options, threadCount: 2)) {
      #expect(try result.get().ids == piece.ids && result.get().surprisals == piece.surprisals)
    }
    for (options, piece) in zip(options, alone) {
      let session = try composer.session(options)
      while session.barCount < 2 { _ = try session.step() }
      let fork = session.fork()
      #expect(try session.finish().ids == piece.ids)
      try session.rewind(toBar: options.primer == nil ? 1 : 5)
      #expect(try session.finish().surprisals == piece.surprisals)
      #expect(try fork.finish().ids == piece.ids)
      // Reading finds what composing found.
      let read = try composer.surprisals(ofIDs: piece.ids, cache: sampling.cache)
      #expect(Array(read[piece.givenCount...]) == piece.surprisals)
      #expect(try composer.surprisals(ofIDs: piece.ids) != read)
    }
    #expect(throws: ComposingError.self) {
      try composer.compose(
        CompositionOptions(seed: 1, sampling: SamplingPreset(cache: NeuralCache(share: 1, sharpness: 1))))
    }
    #expect(throws: ComposingError.self) { try NeuralCache(share: 0.1, sharpness: -1).validate() }
  }

  @Test("A cache makes a piece that repeats itself less surprising")
  func aCacheMakesRepetitionLessSurprising()
    throws
  {
    let notes = (0..<64).map {
      Note(onset: 480 * $0, duration: 480, pitch: [60, 64, 67, 72][$0 % 4], velocity: 80)
    }
    let score = Score(
      ticksPerQuarter: 480, tracks: [Track(program: 0, notes: notes)], length: 64 * 480)
    let composer = try Composer(model: model)
    let plain = try composer.surprisals(of: score).perNote
    let cached = try composer.surprisals(of: score, cache: NeuralCache(share: 0.5, sharpness: 4)).perNote
    #expect(cached < 0.7 * plain, "\(cached) for \(plain)")
    // So does a network that goes on learning.
    let ids = try model.tokenizer.encode(score).ids
    let settings = DynamicEvaluation(learningRate: 0.5)
    let (adapted, loss) = try model.adapted(toIDs: ids, by: settings)
    let own = try composer.surprisals(ofIDs: ids).reduce(0, +)
    #expect(loss.count == ids.count - 1 && loss.sum < 0.9 * own, "\(loss.sum) for \(own)")
    let after = try Composer(model: adapted).surprisals(ofIDs: ids).reduce(0, +)
    #expect(after < loss.sum)
  }

  @Test("Learning goes on in a copy, the same for any number of threads") func learningGoesOnInACopy() throws
  {
    let before = try model.network.parameters.values.array
    let one = try model.adapted(to: ComposerTests.primer)
    let two = try model.adapted(to: ComposerTests.primer, threadCount: 2)
    #expect(try model.network.parameters.values.array == before)
    #expect(try one.network.parameters.values.array == two.network.parameters.values.array)
    #expect(try one.network.parameters.values.array != before)
    // What is wholly taken back after each window is what was trained, but for the last step.
    let still = try model.adapted(
      to: ComposerTests.primer, by: DynamicEvaluation(learningRate: 1e-12, decay: 1))
    for (value, trained) in zip(try still.network.parameters.values.array, before) {
      #expect(abs(value - trained) < 1e-6)
    }
    let piece = try Composer(model: one).compose(
      CompositionOptions(seed: 1, bars: 2, primer: ComposerTests.primer))
    #expect(piece.bars == 2)
    for settings in [
      DynamicEvaluation(learningRate: 0), .init(decay: 2), .init(windowLength: 0), .init(clipNorm: -1),
    ] {
      #expect(throws: ComposingError.self) { try model.adapted(to: ComposerTests.primer, by: settings) }
    }
    #expect(throws: ComposingError.self) {
      try model.adapted(to: ComposerTests.primer, by: DynamicEvaluation(learningRate: 1e30))
    }
  }
}
