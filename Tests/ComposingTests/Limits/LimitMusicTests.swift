import Arithmetic
import LimitChecks
import MIDI
import Music
import Notation
import Testing
import Tokenization

@testable import Composing

/// What limits leave is music: who has to share gets a share, and nothing comes that only a limit could have brought about.
@Suite("Music under limits") struct LimitMusicTests {
  /// Parts that play one after the other in each bar, and write as many notes as they may.
  static func model(
    _ parts: [CellsConfiguration.Part], biases: [String: Float] = [:], pitchBiases: [String: Float] = [:]
  ) throws -> MusicModel {
    var configuration = CellsConfiguration()
    configuration.velocity = 80
    configuration.parts = parts
    configuration.pitchRange = 36...96
    configuration.maximumDuration = 48
    let model = try ComposerTests.model(configuration)
    let usual: [String: Float] = ["Bar_None": 1, "EOS_None": 1, "Notes_None": 4, "Rest_None": 1]
    for (token, bias) in usual.merging(biases, uniquingKeysWith: { $1 }) {
      let id = try #require(model.tokenizer.vocabulary.id(of: token))
      try ComposerTests.setOutputBias(of: model, id: id, to: bias)
    }
    for (id, name) in model.tokenizer.vocabulary.tokens.enumerated() where name.hasPrefix("Pitch_") {
      try ComposerTests.setOutputBias(of: model, id: Int32(id), to: pitchBiases[name] ?? 1)
    }
    return model
  }

  private static func forbidJoining(_ model: MusicModel) throws {
    for (id, name) in model.tokenizer.vocabulary.tokens.enumerated() where name.hasPrefix("And_") {
      try ComposerTests.setOutputBias(of: model, id: Int32(id), to: -30)
    }
  }

  private static let four: [CellsConfiguration.Part] = [
    .init(role: .bass, program: 0), .init(role: .other, program: 0), .init(role: .other, program: 0),
    .init(role: .melody, program: 0),
  ]
  private static let two: [CellsConfiguration.Part] = [
    .init(role: .chords, program: 0), .init(role: .melody, program: 73),
  ]

  private static func piece(
    _ model: MusicModel, _ limits: Limits, seed: UInt64, bars: Int = 8
  ) throws -> Composition {
    let request = try limits.held(by: model.tokenizer, bars: bars)
    let options = CompositionOptions(seed: seed, bars: bars, constraints: request.constraints)
    let piece = try Composer(model: model).compose(options)
    let faults = try LimitReader.faults(in: MIDIFile(score: piece.score).encoded(), limits, bars: bars)
    #expect(faults.isEmpty, "seed \(seed): \(faults.prefix(2))")
    return piece
  }

  /// In how many of the bars the parts of a role begin notes, part by part.
  private static func playedBars(_ score: Score, _ role: PartRole) -> [Int] {
    score.tracks.filter { $0.role == role }.map { track in
      score.bars.count { bar in
        track.notes.contains { (bar.start..<bar.end).contains($0.onset) }
      }
    }
  }

  @Test("Rests leave no notes of chords to parts that play one note at a time")
  func restsLeaveNoChordsToSingleVoices() throws {
    let model = try Self.model(Self.four)
    try Self.forbidJoining(model)
    var limits = Limits()
    limits.rests = 0.3...0.6
    for seed in UInt64(1)...6 {
      let piece = try Self.piece(model, limits, seed: seed, bars: 12)
      let joined = piece.ids.count { model.tokenizer.vocabulary.tokens[Int($0)].hasPrefix("And_") }
      #expect(joined == 0, "seed \(seed): \(joined)")
      #expect(try Composer(model: model).compose(Self.options(model, limits, seed, 12)).ids == piece.ids)
    }
  }

  private static func options(
    _ model: MusicModel, _ limits: Limits, _ seed: UInt64, _ bars: Int
  ) throws -> CompositionOptions {
    CompositionOptions(
      seed: seed, bars: bars, constraints: try limits.held(by: model.tokenizer, bars: bars).constraints)
  }

  @Test("A number of notes a bar leaves the melody its share") func notesAreShared() throws {
    var limits = Limits()
    limits.densities = [.init(2...4)]
    for parts in [Self.two, Self.four] {
      let model = try Self.model(parts, biases: ["Rest_None": -4])
      for seed in UInt64(1)...4 {
        let score = try Self.piece(model, limits, seed: seed).score
        #expect(Self.playedBars(score, .melody).first ?? 0 >= 7, "seed \(seed)")
        if parts.count == 4 { #expect(Self.playedBars(score, .bass).first ?? 0 >= 7, "seed \(seed)") }
      }
    }
  }

  @Test("Where voices are few, the outer parts have them") func outerPartsHaveTheVoices() throws {
    let model = try Self.model(Self.four, biases: ["Rest_None": -4])
    try Self.forbidJoining(model)
    var limits = Limits()
    limits.voices = 1...2
    for seed in UInt64(1)...4 {
      let score = try Self.piece(model, limits, seed: seed).score
      #expect(Self.playedBars(score, .melody).first ?? 0 >= 7, "seed \(seed)")
      #expect(Self.playedBars(score, .bass).first ?? 0 >= 7, "seed \(seed)")
    }
  }

  @Test("A bar is divided in proportion to what its parts would play") func barsAreDivided() {
    #expect(BarShares.divide(4, [3, 5], [1, 0]) == [1, 3])
    #expect(BarShares.divide(8, [3, 5], [1, 0]) == [3, 5])
    #expect(BarShares.divide(4, [4, 4, 4, 4], [3, 0, 1, 2]) == [1, 1, 1, 1])
    #expect(BarShares.divide(2, [4, 4, 4, 4], [3, 0, 1, 2]) == [1, 0, 0, 1])
    #expect(BarShares.divide(3, [9, 0, 1], [2, 0, 1]) == [2, 0, 1])
    #expect(BarShares.divide(3, [0, 0], [1, 0]) == [0, 0])
  }

  @Test("Rests that have to be are at the ends of bars, for all parts together")
  func restsAreAtTheEndsOfBars() throws {
    let tokenizer = try Self.model(Self.four).tokenizer
    let tracks = Self.four.enumerated().map { index, part in
      var track = Track(
        program: part.program,
        notes: (0..<4).map {
          Note(onset: 1920 * $0, duration: 1920, pitch: 48 + 6 * index + $0, velocity: 80)
        })
      track.role = part.role
      return track
    }
    let ids = try tokenizer.encode(Score(ticksPerQuarter: 480, tracks: tracks, length: 4 * 1920)).ids
    // Where less than half of the time is to be silent, every second bar has the silence of two.
    for (share, ends) in [(0.125, [48, 36]), (0.25, [48, 24]), (0.45, [24])] {
      var limits = Limits()
      limits.rests = share...0.9
      let held = try limits.held(by: tokenizer, bars: 4)
      var constraint = try #require(held.constraints.first as? CellLimits)
      var latest: [Int] = []
      for id in ids where latest.count < ends.count {
        let bars = constraint.view.barCount
        constraint.advance(id)
        guard constraint.view.barCount > bars, let frame = constraint.state?.frame else { continue }
        latest.append(min(frame.latestEnd, frame.length))
      }
      #expect(latest == ends, "\(share)")
    }
  }

  @Test("A range that cuts off what a part plays usually leaves it as near to that as it can be")
  func partsStayNearTheirUsualPitches() throws {
    let model = try Self.model(Self.two, biases: ["Rest_None": -6])
    // All is written below A#3, and what is above is alike.
    for (id, name) in model.tokenizer.vocabulary.tokens.enumerated() {
      let parts = name.split(separator: "_")
      guard parts.count == 2, ["Pitch", "And"].contains(parts[0]), let pitch = Int(parts[1]) else { continue }
      try ComposerTests.setOutputBias(of: model, id: Int32(id), to: pitch < 58 ? 6 : -6)
    }
    var limits = Limits()
    limits.ranges = [.init(Pitch(58)...Pitch(96), part: .init(.chords))]
    limits.key = try Music.Scale("C")
    limits.chromaticShare = 1
    for seed in UInt64(1)...4 {
      let score = try Self.piece(model, limits, seed: seed).score
      let chords = score.tracks.filter { $0.role == .chords }.flatMap(\.notes)
      #expect(chords.allSatisfy { $0.pitch <= 72 }, "seed \(seed): \(chords.map(\.pitch).max() ?? 0)")
    }
  }

  @Test("A part that a piece states need not play a note before the end") func statedPartsMayBeSilent() throws
  {
    let tokenizer = try LimitTests.model(3).tokenizer
    func mustPlay(_ limits: Limits) throws -> [Bool] {
      let held = try limits.held(by: tokenizer, bars: 4)
      let rules = try #require(held.constraints.first as? CellLimits).rules
      let parts = PartRules.ensemble(Self.two, rules.limits, pitches: 36...96)
      #expect(rules.statesParts)
      return parts.indices.map { BarCompletion(rules: rules, parts: parts).mustSound($0) }
    }
    var limits = Limits()
    limits.voices = 1...4
    #expect(try mustPlay(limits) == [false, false])
    limits.contour = Limits.Contour(heights: [60, 72])
    #expect(try mustPlay(limits) == [false, true])
  }

  @Test("Sketches of bars leave no trace: step by step, bar by bar and side by side it is the same piece")
  func sketchesLeaveNoTrace() throws {
    let model = try Self.model(Self.two)
    var limits = Limits()
    limits.densities = [.init(2...5)]
    limits.voices = 1...3
    let composer = try Composer(model: model)
    let options = try (UInt64(1)...6).map { try Self.options(model, limits, $0, 6) }
    for (options, result) in zip(options, composer.compose(options, threadCount: 2)) {
      let piece = try result.get()
      #expect(try composer.compose(options).ids == piece.ids)
      #expect(piece.surprisals.count == piece.ids.count - piece.givenCount)
      #expect(try model.tokenizer.encode(piece.score).ids == piece.ids)
      let session = try composer.session(options)
      var bars: [Int: Int] = [:]
      while let bar = try session.nextBar() { bars[bar.number] = bar.notes.count }
      #expect(session.ids == piece.ids && bars.count == 6)
      #expect(bars.values.reduce(0, +) == piece.notes)
      // Back at a bar line, the same follows as before.
      try session.rewind(toBar: 3)
      #expect(try session.finish().ids == piece.ids)
      let surprisals = try composer.surprisals(ofIDs: piece.ids)
      for (own, other) in zip(piece.surprisals, surprisals.suffix(piece.surprisals.count)) {
        #expect(abs(own - other) < 1e-4)
      }
    }
  }
}
