import Music
import Testing
import Tokenization

@testable import Composing

/// What is written beside a piece under limits is of the same kind as the piece.
@Suite("Sketches beside music under limits") struct LimitSketchTests {
  private static let parts: [CellsConfiguration.Part] = [
    .init(role: .chords, program: 0), .init(role: .melody, program: 73),
  ]
  private static let bothSignatures: [String: Float] = ["TimeSig_4/4": 8, "TimeSig_6/8": 8]

  private static func session(
    _ model: MusicModel, _ limits: Limits, seed: UInt64, primer: Score? = nil
  ) throws -> CompositionSession {
    let held = try limits.held(by: model.tokenizer, bars: 6, primer: primer)
    return try Composer(model: model).session(
      CompositionOptions(
        seed: seed, bars: 6, primer: primer, keepsPrimer: primer != nil, constraints: held.constraints))
  }

  private static func limits(of piece: PieceInProgress) throws -> CellLimits {
    try #require(piece.progress.constraints.lazy.compactMap { $0 as? CellLimits }.first)
  }

  /// The time signatures of the bars that are divided by a sketch, which have to be the sketch's too.
  private static func signatures(
    _ model: MusicModel, _ limits: Limits, seed: UInt64, primer: Score? = nil
  ) throws -> [TimeSignature] {
    let session = try session(model, limits, seed: seed, primer: primer)
    var signatures: [TimeSignature] = []
    while try session.step() != nil {
      let view = try Self.limits(of: session.piece).view
      guard let sketch = session.piece.sketches.first, !sketch.isUnderWay, view.situation == .betweenCells
      else { continue }
      let other = try Self.limits(of: sketch.piece).view
      let own = view.timeSignatures[view.timeSignature]
      #expect(other.timeSignatures[other.timeSignature] == own, "seed \(seed), bar \(view.barCount)")
      signatures.append(own)
    }
    #expect(session.barCount == 6)
    return signatures
  }

  @Test("A piece whose time signature is open has that of its sketch, to the end")
  func timeSignatureIsTheSketchs() throws {
    let model = try LimitMusicTests.model(Self.parts, biases: Self.bothSignatures)
    var limits = Limits()
    limits.densities = [.init(2...5)]
    var seen: Set<TimeSignature> = []
    for seed in UInt64(1)...8 {
      let signatures = try Self.signatures(model, limits, seed: seed)
      #expect(Set(signatures).count == 1, "seed \(seed)")
      seen.formUnion(signatures)
    }
    #expect(seen.count > 1)
  }

  @Test("After a primer a piece changes its time signature if its sketch does")
  func timeSignatureAfterAPrimerIsTheSketchs() throws {
    let model = try LimitMusicTests.model(Self.parts, biases: ["TimeSig_4/4": 4, "TimeSig_6/8": 4])
    var limits = Limits()
    limits.voices = 1...3
    var seen: Set<TimeSignature> = []
    for seed in UInt64(1)...8 {
      let signatures = try Self.signatures(model, limits, seed: seed, primer: ComposerTests.primer)
      #expect(Set(signatures).count == 1, "seed \(seed)")
      seen.formUnion(signatures)
    }
    #expect(seen.count > 1)
  }

  @Test("A sketch has no time signature in which the limits cannot be held")
  func timeSignaturesOfSketchesArePossible() throws {
    let model = try LimitMusicTests.model(
      Self.parts, biases: ["TimeSig_3/8": 12, "TimeSig_4/4": 6, "Rest_None": -4])
    var limits = Limits()
    // The last bar has a note, and a bar of 3/8 has no room for it.
    limits.noteLengths = NoteLength(1, 2)...NoteLength(1, 1)
    limits.densities = [.init(1...8)]
    let signatures = try Self.signatures(model, limits, seed: 1)
    #expect(!signatures.isEmpty && !signatures.contains(TimeSignature(3, 8)))
  }

  @Test("A sketch is sampled as its piece is, also where it was begun before that changed")
  func sketchesAreSampledAlike() throws {
    let model = try LimitMusicTests.model(Self.parts)
    var limits = Limits()
    limits.densities = [.init(2...5)]
    let greedy = SamplingPreset(topK: 1)
    let session = try Self.session(model, limits, seed: 4)
    while session.barCount < 3 { _ = try session.step() }
    func expectsGreedySketch() throws {
      let sketch = try #require(session.piece.sketches.first)
      #expect(sketch.piece.sampling == greedy)
      let ids = try session.fork(seed: 1).finish().ids
      #expect(try session.fork(seed: 2).finish().ids == ids, "the likeliest tokens leave no choice")
    }
    while session.piece.sketches.first.map(\.isUnderWay) ?? true { _ = try session.step() }
    try session.sample(by: greedy)
    try expectsGreedySketch()
    try session.rewind(toBar: 1)
    try expectsGreedySketch()
  }

  @Test("Broken weights are told also where only a sketch meets them") func brokenWeightsAreTold() throws {
    // Pitches that the limits forbid to the piece alone.
    let biases = [String: Float](uniqueKeysWithValues: (36..<58).map { ("Pitch_\($0)", Float.nan) })
    let model = try LimitMusicTests.model(Self.parts, pitchBiases: biases)
    var limits = Limits()
    limits.ranges = [.init(Pitch(58)...Pitch(96))]
    let session = try Self.session(model, limits, seed: 2)
    let error = #expect(throws: ComposingError.self) { try session.finish() }
    guard case .brokenWeights = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(session.piece.isSketching)
  }
}
