import Arithmetic
import Groundwork
import ModelSupport
import Music
import TestSupport
import Testing
import Tokenization

@testable import Composing

/// What the pieces of a collection do as wholes, and what composing makes of it.
@Suite("Habits of a collection") struct HabitsTests {
  private static func model() throws -> MusicModel {
    var configuration = CellsConfiguration.melody
    configuration.pitchRange = 58...70
    configuration.maximumDuration = 24
    let model = try ComposerTests.model(configuration)
    for token in ["Bar_None", "Notes_None"] { try set(model, token, to: 3) }
    return model
  }

  private static func set(_ model: MusicModel, _ token: String, to bias: Float) throws {
    let id = try #require(model.tokenizer.vocabulary.id(of: token))
    try ComposerTests.setOutputBias(of: model, id: id, to: bias)
  }

  /// A critic to which all music is alike, of a collection with these habits.
  private static func critic(_ habits: CollectionHabits) throws -> Critic {
    let rows = (0..<40).map { [Double($0 % 5)] }
    let regression = LogisticRegression(
      rows: rows, labels: rows.indices.map { $0 % 2 == 1 }, penalty: 1e6)
    return try Critic(
      judges: [Critic.Judge(scope: .excerpt, bars: 2, descriptors: ["notes"], regression: regression)],
      habits: habits)
  }

  private static func habits(rest: Int? = nil, endings: [EndingKind: Int] = [:]) -> CollectionHabits {
    var habits = CollectionHabits(of: [], endings: [])
    habits.rests = rest.map { [.init(role: .melody, bars: $0)] } ?? []
    habits.endings = endings.sorted { $0.key.order < $1.key.order }.map { .init(kind: $0, pieces: $1) }
    return habits
  }

  /// A melody with a quarter note on each beat of the bars that are given; the last bar is one of them or silent.
  private static func tune(bars: [Int], of count: Int) -> Score {
    let notes = bars.flatMap { bar in
      (0..<4).map {
        Note(onset: 1920 * bar + 480 * $0, duration: 480, pitch: 60 + [0, 4, 7, 5][$0], velocity: 80)
      }
    }
    var track = Track(program: 73, notes: notes)
    track.role = .melody
    return Score(ticksPerQuarter: 480, tracks: [track], length: 1920 * count)
  }

  @Test("The longest rest is counted from the first note to the end of the piece") func longestRests() {
    for (bars, count, expected) in [
      ([3, 4], 5, 0), ([0, 1, 4, 5], 6, 2), ([0, 2], 8, 5), ([5], 6, 0),
    ] {
      let score = Self.tune(bars: bars, of: count)
      #expect(CollectionHabits.longestRest(of: score.tracks[0], in: score) == expected, "\(bars)")
    }
  }

  @Test("Habits are those of nearly all pieces, and nothing is concluded from a few") func habitsOfNearlyAll()
  {
    let usual = (0..<300).map { _ in Self.tune(bars: [0, 1, 3], of: 4) }
    let strange = (0..<4).map { _ in Self.tune(bars: [0], of: 40) }
    let ending = EndingKind(melodyOnTonic: true, bassOnTonic: true, onBeat: false)
    let habits = CollectionHabits(
      of: usual + strange, endings: Array(repeating: ending, count: 300) + [nil, nil, nil, nil])
    #expect(habits.longestRests == [.melody: 1])
    #expect(habits.endings.reduce(0) { $0 + $1.pieces } == 300)
    var random = RandomStream(seed: 1, name: "test")
    for _ in 0..<20 { #expect(habits.drawnEnding(&random) == ending) }
    let few = CollectionHabits(of: Array(usual.prefix(29)), endings: Array(repeating: ending, count: 99))
    #expect(few.rests.isEmpty && few.endings.isEmpty && few.drawnEnding(&random) == nil)
    #expect(few.drawnRests(&random).isEmpty)
  }

  @Test("How long parts rest, and when they begin, is drawn among the longer rests of the collection")
  func drawnRests() {
    // Of ten bars the melody rests for none in forty pieces, for two in thirty and for four in thirty, and begins after none or three.
    let tunes =
      (0..<40).map { _ in Self.tune(bars: Array(0..<10), of: 10) }
      + (0..<30).map { _ in Self.tune(bars: [0, 1, 2, 5, 6, 7, 8, 9], of: 10) }
      + (0..<30).map { _ in Self.tune(bars: [3, 4, 9], of: 10) }
    let habits = CollectionHabits(of: tunes, endings: [])
    #expect(habits.longestRests == [.melody: 4])
    var random = RandomStream(seed: 1, name: "test")
    let drawn = (0..<200).compactMap { _ in habits.drawnRests(&random)[.melody] }
    #expect(drawn.count == 200 && drawn.allSatisfy { $0.bars == 4 })
    #expect(Set(drawn.map(\.share)) == [0.2, 0.4] && Set(drawn.map(\.entryShare)) == [0, 0.3])
    let long = drawn.count { $0.share == 0.4 }
    #expect((90...150).contains(long), "six in ten of the half with the longer rests, not \(long) of 200")
    // Habits of models of earlier versions have no shares.
    let old = Self.habits(rest: 3)
    #expect(old.drawnRests(&random) == [.melody: RestLimit(bars: 3)])
  }

  @Test("In a short piece a part neither begins late nor rests long, where long pieces of the collection do")
  func shortPiecesHaveShortRests() throws {
    let model = try Self.model()
    try Self.set(model, "Rest_None", to: 4)
    func rests(_ shares: [Double]?) throws -> (entry: Int, longest: Int) {
      var habits = Self.habits(rest: 20)
      habits.rests[0].shares = shares
      habits.rests[0].entries = shares
      let composer = try Composer(
        model: MusicModel(
          tokenizer: model.tokenizer, network: model.anyNetwork, critic: try Self.critic(habits)))
      return try (UInt64(1)...8).reduce((0, 0)) { most, seed in
        let score = try composer.compose(CompositionOptions(seed: seed, bars: 16)).score
        let first = try #require(score.tracks[0].notes.first)
        return (
          max(most.0, score.bars.index(of: first.onset)),
          max(most.1, CollectionHabits.longestRest(of: score.tracks[0], in: score))
        )
      }
    }
    let (free, held) = (try rests(nil), try rests([0.1]))
    #expect(free.entry > 2 && free.longest > 3, "\(free)")
    #expect(held.entry <= 2 && held.longest <= 2, "\(held)")
  }

  @Test("Habits are written with the critic and read again, and decide about the fingerprint")
  func habitsAreWrittenWithTheCritic() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/model"
    let model = try Self.model()
    try model.write(to: path, program: "a test")
    let kind = EndingKind(melodyOnTonic: true, bassOnTonic: false, onBeat: true)
    let critics = try [1, 2].map { try Self.critic(Self.habits(rest: $0, endings: [kind: 3])) }
    let fingerprints = try critics.map { critic in
      try critic.write(to: ModelFolder(path: path))
      let read = try MusicModel(path: path)
      #expect(read.critic == critic && read.critic?.knowsEndings == true)
      // What earlier versions wrote says nothing of the last chord and of the length of the last note.
      let text = String(decoding: critic.text, as: UTF8.self)
      #expect(text.contains("bassOnTonic") && !text.contains("chordOnTonic") && !text.contains("isLong"))
      #expect(EndingSearch.usual(for: read)?.tonicBonus == 0)
      return read.fingerprint
    }
    #expect(fingerprints[0] != fingerprints[1])
  }

  @Test("No part rests longer than in the collection, unless nothing else is left")
  func partsDoNotRestLonger()
    throws
  {
    let model = try Self.model()
    try Self.set(model, "Rest_None", to: 4)
    func longest(_ rest: Int?) throws -> Int {
      let critic = try rest.map { try Self.critic(Self.habits(rest: $0)) }
      let composer = try Composer(
        model: MusicModel(tokenizer: model.tokenizer, network: model.anyNetwork, critic: critic))
      return try (UInt64(1)...8).map { seed in
        let score = try composer.compose(CompositionOptions(seed: seed, bars: 12)).score
        #expect(score.bars.count == 12)
        return CollectionHabits.longestRest(of: score.tracks[0], in: score)
      }.max() ?? 0
    }
    let (free, two, none) = (try longest(nil), try longest(2), try longest(0))
    #expect(free > 3 && two == 2 && none == 0, "\(free), \(two), \(none)")
    // Where nothing but a rest may come, it comes.
    let notes = try #require(model.tokenizer.vocabulary.id(of: "Notes_None"))
    let composer = try Composer(
      model: MusicModel(
        tokenizer: model.tokenizer, network: model.anyNetwork, critic: try Self.critic(Self.habits(rest: 0))))
    let piece = try composer.compose(
      CompositionOptions(
        seed: 1, bars: 6, constraints: [Fewer(ids: [notes], limit: 1, tokenizer: model.tokenizer)]))
    #expect(piece.bars == 6)
  }

  /// Lets some ids, and all references, come no more once the first of them has come so often.
  private struct Fewer: TokenConstraint {
    let ids: [Int32]
    var limit: Int
    let references: [Int32]

    init(ids: [Int32], limit: Int, tokenizer: any Tokenizer) {
      self.ids = ids
      self.limit = limit
      references = tokenizer.vocabulary.roles.ids(of: .repetition)
    }

    var summary: String { "few notes" }
    mutating func advance(_ id: Int32) { if id == ids[0] { limit -= 1 } }
    func narrow(_ mask: inout [Bool]) {
      for id in references { mask[Int(id)] = false }
      guard limit <= 0 else { return }
      for id in ids { mask[Int(id)] = false }
    }
    func leastToFinish() -> Int? { 0 }
    func leastToFinish(after id: Int32) -> Int? { 0 }
  }

  @Test("Pieces end as the collection's do, in one way or another") func piecesEndAsTheCollectionsDo() throws
  {
    let model = try Self.model()
    func endings(_ kind: EndingKind?) throws -> [EndingKind?] {
      let habits = Self.habits(endings: kind.map { [$0: 100] } ?? [:])
      let composer = try Composer(
        model: MusicModel(
          tokenizer: model.tokenizer, network: model.anyNetwork, critic: try Self.critic(habits)))
      return try (UInt64(1)...10).map { seed in
        let options = CompositionOptions(
          seed: seed, bars: 5, search: PhraseSearch(tries: 2, bars: 2),
          ending: EndingSearch(bars: 2, tries: 40, tonicBonus: 0))
        let piece = try composer.compose(options)
        if seed == 1 { #expect(try composer.compose(options).ids == piece.ids) }
        return EndingKind(of: piece.score)
      }
    }
    let home = EndingKind(melodyOnTonic: true, bassOnTonic: true, onBeat: true)
    let long = EndingKind(melodyOnTonic: true, bassOnTonic: true, onBeat: true, isLong: true)
    let away = EndingKind(melodyOnTonic: false, bassOnTonic: false, onBeat: false)
    let free = try endings(nil)
    for kind in [home, long, away] {
      let asked = try endings(kind).count { kind.distance(of: $0) == 0 }
      // A network that knows nothing seldom writes a long note.
      #expect(asked >= (kind.isLong == nil ? 8 : 3), "\(kind): \(asked)")
      #expect(asked > free.count { kind.distance(of: $0) == 0 }, "\(kind): \(asked)")
    }
  }

  @Test("A piece comes to the tonic that was drawn where sampling would never choose it")
  func improbableEndingsAreFound() throws {
    let model = try Self.model()
    // All but the tonics, so much that the floor of probability leaves these out.
    for pitch in [59, 62, 64, 65, 67] {
      for kind in ["Pitch", "And"] { try Self.set(model, "\(kind)_\(pitch)", to: 2.7) }
    }
    let kind = EndingKind(melodyOnTonic: true, bassOnTonic: true, onBeat: true)
    let composer = try Composer(
      model: MusicModel(
        tokenizer: model.tokenizer, network: model.anyNetwork,
        critic: try Self.critic(Self.habits(endings: [kind: 100]))))
    let onTonic = try (UInt64(1)...4).count { seed in
      let piece = try composer.compose(
        CompositionOptions(
          seed: seed, sampling: SamplingPreset(minP: 0.1), bars: 5, search: PhraseSearch(tries: 1, bars: 2),
          ending: EndingSearch(bars: 3, tries: 80, tonicBonus: 0)))
      return EndingKind(of: piece.score)?.melodyOnTonic == true
    }
    #expect(onTonic >= 3)
  }

  @Test(
    "An ending is as far from another as the tonic that it misses, and what nobody asks for costs nothing")
  func endingsAreCompared() {
    let home = EndingKind(
      melodyOnTonic: true, bassOnTonic: true, chordOnTonic: true, onBeat: true, isLong: true)
    var other = home
    #expect(home.distance(of: other) == 0 && home.distance(of: nil) == .max)
    other.isLong = false
    let short = home.distance(of: other)
    other.chordOnTonic = false
    #expect(short > 0 && home.distance(of: other) > 2 * short)
    let old = EndingKind(melodyOnTonic: true, bassOnTonic: true, onBeat: true)
    #expect(old.distance(of: other) == 0 && other.distance(of: old) > 0)
  }

  @Test("Whether a piece ends with the chord of the tonic, and how long, is heard") func endingsAreHeard() {
    func kind(_ last: [Int], lasting duration: Int) -> EndingKind? {
      let scale = [60, 62, 64, 65, 67, 69, 71, 72]
      var melody = (0..<16).map { Note(onset: 480 * $0, duration: 480, pitch: scale[$0 % 8], velocity: 80) }
      melody.append(Note(onset: 16 * 480, duration: duration, pitch: 72, velocity: 80))
      let chords = (0..<5).flatMap { bar in
        (bar == 4 ? last : [48, 53, 57]).map {
          Note(onset: 1920 * bar, duration: bar == 4 ? duration : 1920, pitch: $0, velocity: 80)
        }
      }
      return EndingKind(
        of: Score(
          ticksPerQuarter: 480,
          tracks: [
            Track(name: "Chords", program: 0, notes: chords),
            Track(name: "Melody", program: 0, notes: melody),
          ]))
    }
    let home = kind([48, 52, 55], lasting: 1920), away = kind([48, 53, 57], lasting: 480)
    #expect(home?.chordOnTonic == true && home?.bassOnTonic == true && home?.isLong == true)
    #expect(away?.chordOnTonic == false && away?.bassOnTonic == true && away?.isLong == false)
    // The melody goes up the scale to its last note but one, which it repeats.
    #expect(home?.isStepwise == true)
  }

  @Test("A note is given up that the model could not finish, and nothing comes that it would never write")
  func accidentsAreGivenUp() throws {
    let model = try Self.model()
    // One note at a time: nothing joins another.
    for (id, name) in model.tokenizer.vocabulary.tokens.enumerated() where name.hasPrefix("And_") {
      try ComposerTests.setOutputBias(of: model, id: Int32(id), to: -30)
    }
    let composer = try Composer(model: model)
    let options = (UInt64(1)...20).map { CompositionOptions(seed: $0, bars: 2) }
    for (options, result) in zip(options, composer.compose(options, threadCount: 2)) {
      let piece = try result.get()
      let joined = piece.ids.count { model.tokenizer.vocabulary.tokens[Int($0)].hasPrefix("And_") }
      #expect(joined == 0, "seed \(options.seed)")
      #expect(try composer.compose(options).ids == piece.ids, "alone and side by side it is the same")
      #expect(piece.surprisals.count == piece.ids.count - piece.givenCount)
      #expect(try model.tokenizer.encode(piece.score).ids == piece.ids)
    }
  }
}
