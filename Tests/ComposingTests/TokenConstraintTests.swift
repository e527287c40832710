import Groundwork
import Music
import Testing
import Tokenization

@testable import Composing

/// All pitches come from a set.
private struct Pitches: TokenConstraint {
  var ids: Set<Int32>
  var roles: TokenRoles
  var name = "the pitches"

  init(_ tokenizer: any Tokenizer, name: String = "the pitches", _ isIn: (Int) -> Bool) {
    roles = tokenizer.vocabulary.roles
    self.name = name
    ids = Set(
      roles.ids(of: .pitch).filter { id in
        let number = tokenizer.vocabulary.tokens[Int(id)].split(separator: "_").last.flatMap { Int($0) }
        return number.map(isIn) ?? false
      })
  }

  var summary: String { name }
  mutating func advance(_ id: Int32) {}
  func narrow(_ mask: inout [Bool]) {
    for id in roles.ids(of: .pitch) where !ids.contains(id) { mask[Int(id)] = false }
  }
  func leastToFinish() -> Int? { 0 }
}

/// Exactly this many notes of some pitches, told by nothing but whether there is a way to the end.
private struct Count: TokenConstraint {
  var wanted: Int
  var counted: Set<Int32>
  var end: Int32
  var found = 0
  var hasEnded = false

  var summary: String { "\(wanted) notes" }
  mutating func advance(_ id: Int32) {
    if counted.contains(id) { found += 1 }
    if id == end { hasEnded = true }
  }
  func narrow(_ mask: inout [Bool]) {}
  func leastToFinish() -> Int? {
    found > wanted || (hasEnded && found < wanted) ? nil : hasEnded ? 0 : wanted - found + 1
  }
}

/// The pitch after a marked one is marked too. That nothing is left is known only once the mask is empty.
private struct Trap: TokenConstraint {
  var marked: Set<Int32>
  var pitches: [Int32]
  var isTrapped = false

  var summary: String { "the trap" }
  mutating func advance(_ id: Int32) { if pitches.contains(id) { isTrapped = marked.contains(id) } }
  func narrow(_ mask: inout [Bool]) {
    guard isTrapped else { return }
    for id in mask.indices { mask[id] = false }
  }
  func leastToFinish() -> Int? { 1 }
}

/// Every pitch is one that is allowed, whatever the tokenizer.
private struct OnlyPitches: TokenConstraint {
  let summary: String
  private let forbidden: [Int32]

  init(_ summary: String, _ tokenizer: any Tokenizer, where isAllowed: (Int) -> Bool) {
    self.summary = summary
    forbidden = tokenizer.vocabulary.roles.ids { $0.pitch.map { !isAllowed($0) } ?? false }
  }

  mutating func advance(_ id: Int32) {}
  func narrow(_ mask: inout [Bool]) { for id in forbidden { mask[Int(id)] = false } }
  func leastToFinish() -> Int? { 0 }
}

@Suite struct TokenConstraintTests {
  @Test("Key and range hold in two hundred pieces, whatever the tokenizer", arguments: 0..<4)
  func keyAndRangeHoldInTwoHundredPieces(number: Int) throws {
    let configuration: any TokenizerConfiguration =
      switch number {
      case 0: REMIConfiguration()
      case 1: REMIConfiguration(instruments: .single(program: 0))
      case 2: try TokenizerTests.configurations()[1]
      default: Scale()
      }
    let model = try ComposerTests.model(configuration)
    let low = Pitch(number == 3 ? 62 : 48), high = Pitch(number == 3 ? 69 : 84)
    // D major has five notes of the scale of ten tokens.
    let key = Set([2, 4, 6, 7, 9, 11, 1])
    let constraints: [any TokenConstraint] = [
      OnlyPitches("D major", model.tokenizer) { key.contains($0 % 12) },
      OnlyPitches("C3 to C6", model.tokenizer) { (low.key...high.key).contains($0) },
    ]
    let hasBars = model.tokenizer.vocabulary.roles.hasBars
    let options = Composer.seeds(from: 1, count: 200).map {
      CompositionOptions(seed: $0, bars: hasBars ? 2 : nil, constraints: constraints)
    }
    var pitches = Set<Int>()
    for (seed, piece) in zip(1..., try Composer(model: model).compose(options, threadCount: 2)) {
      for track in try piece.get().score.tracks where !track.isDrum {
        for note in track.notes {
          #expect(key.contains(note.pitch % 12) && (low.key...high.key).contains(note.pitch), "seed \(seed)")
          pitches.insert(note.pitch)
        }
      }
    }
    #expect(pitches.count == (number == 3 ? 4 : 21))
  }

  private let model: MusicModel

  init() throws { model = try ComposerTests.untrainedModel(instruments: .single(program: 0)) }

  private func compose(
    _ constraints: [any TokenConstraint], seed: UInt64 = 1, bars: Int? = 3
  ) throws -> Composition {
    try Composer(model: model).compose(
      CompositionOptions(seed: seed, bars: bars, constraints: constraints))
  }

  private func count(_ wanted: Int) -> Count {
    let roles = model.tokenizer.vocabulary.roles
    return Count(wanted: wanted, counted: Set(roles.ids(of: .pitch)), end: roles.end)
  }

  @Test("What is asked holds, alone and together") func whatIsAskedHoldsAloneAndTogether() throws {
    let white = Pitches(model.tokenizer, name: "the white keys") { [0, 2, 4, 5, 7, 9, 11].contains($0 % 12) }
    let high = Pitches(model.tokenizer, name: "high notes") { $0 >= 60 }
    for seed in UInt64(1)...4 {
      let notes = try compose([white, high, count(7)], seed: seed).score.tracks.flatMap(\.notes)
      #expect(notes.count == 7, "seed \(seed)")
      #expect(notes.allSatisfy { $0.pitch >= 60 && [0, 2, 4, 5, 7, 9, 11].contains($0.pitch % 12) })
      #expect(try compose([count(1)], seed: seed, bars: nil).notes == 1)
    }
  }

  @Test("The same constraints and seed give the same piece, beside others too")
  func theSameConstraintsAndSeedGiveTheSamePiece() throws {
    let composer = try Composer(model: model)
    let options = (1...5).map {
      CompositionOptions(
        seed: UInt64($0), bars: 2, constraints: [count($0 + 2), trap(share: 2)])
    }
    let several = composer.compose(options, threadCount: 2)
    for (option, piece) in zip(options, several) {
      let alone = try composer.compose(option), piece = try piece.get()
      #expect(piece.ids == alone.ids && piece.surprisals == alone.surprisals)
      #expect(piece.notes == option.constraints.compactMap { ($0 as? Count)?.wanted }.first)
    }
  }

  private func trap(share: Int32) -> Trap {
    let pitches = model.tokenizer.vocabulary.roles.ids(of: .pitch)
    return Trap(marked: Set(pitches.filter { $0 % share != 0 }), pitches: pitches)
  }

  @Test("Where nothing is left it goes back and finds another way") func whereNothingIsLeftItGoesBack() throws
  {
    let trap = trap(share: 2)
    var takenBack = 0
    for seed in UInt64(1)...8 {
      let session = try CompositionSession(
        model: model, CompositionOptions(seed: seed, bars: 3, constraints: [trap]))
      var ids: [Int32] = Array(session.ids)
      while let step = try session.step() {
        takenBack += step.takenBack
        ids.removeLast(step.takenBack)
        ids.append(step.id)
        #expect(ids == session.ids)
      }
      let piece = try session.finish()
      #expect(piece.ids.allSatisfy { !trap.marked.contains($0) } && piece.bars == 3)
      #expect(try model.tokenizer.encode(piece.score).ids == piece.ids)
      #expect(piece.surprisals.count == piece.tokens)
      // What was taken back and chosen again is as surprising as the score itself.
      let reading = try Composer(model: model).surprisals(of: piece.score)
      #expect(Array(reading.surprisals[1...]) == piece.surprisals)
    }
    #expect(takenBack > 8)
  }

  @Test("Bars that were taken back come again") func barsThatWereTakenBackComeAgain() throws {
    let session = try CompositionSession(
      model: model, CompositionOptions(seed: 2, bars: 4, constraints: [trap(share: 2)]))
    var bars: [Int: ComposedBar] = [:]
    while let bar = try session.nextBar() { bars[bar.bar.number] = bar }
    let piece = try session.finish()
    #expect(bars.count == 4 && bars.values.reduce(0) { $0 + $1.notes.count } == piece.notes)
  }

  @Test("Constraints that contradict each other are named") func constraintsThatContradictEachOtherAreNamed()
    throws
  {
    let low = Pitches(model.tokenizer, name: "low notes") { $0 < 50 }
    let high = Pitches(model.tokenizer, name: "high notes") { $0 > 60 }
    for constraints in [[low, high], [count(0), low]] as [[any TokenConstraint]] {
      let error = #expect(throws: ComposingError.self) { try compose(constraints) }
      guard case .contradiction(let names, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(names == constraints.map(\.summary) && error?.kind == .usage)
      #expect(error?.message.contains("\(names[0]) and \(names[1])") == true)
    }
  }

  @Test("The constraints of a session go back with it") func theConstraintsOfASessionGoBackWithIt() throws {
    let session = try CompositionSession(
      model: model, CompositionOptions(seed: 3, bars: 4, constraints: [count(9)]))
    let piece = try session.finish()
    for bar in [2, 1, 0] {
      try session.rewind(toBar: bar)
      #expect(try session.fork(seed: 5).finish().notes == 9)
      #expect(try session.finish().ids == piece.ids)
    }
  }
}
