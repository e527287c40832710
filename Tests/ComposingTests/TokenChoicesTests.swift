import Music
import Testing
import Tokenization

@testable import Composing

@Suite struct TokenChoicesTests {
  /// Forbids some ids.
  private struct Forbidding: TokenConstraint {
    var ids: Set<Int32>
    var summary: String { "nothing of these" }
    mutating func advance(_ id: Int32) {}
    func narrow(_ mask: inout [Bool]) { for id in ids { mask[Int(id)] = false } }
    func leastToFinish() -> Int? { 0 }
  }

  /// Tries ids only when they are drawn, and lets none of these pass.
  private struct Refusing: TokenConstraint {
    var ids: Set<Int32>
    var summary: String { "none of those" }
    mutating func advance(_ id: Int32) {}
    func narrow(_ mask: inout [Bool]) {}
    func leastToFinish() -> Int? { 0 }
    func leastToFinish(after id: Int32) -> Int? { ids.contains(id) ? nil : 0 }
  }

  private let model: MusicModel
  private let composer: Composer

  init() throws {
    model = try ComposerTests.untrainedModel()
    composer = try Composer(model: model)
  }

  @Test("Choices are those of the piece: the same surprisals, the likeliest others in order")
  func choicesAreThoseOfThePiece() throws {
    for options in [
      CompositionOptions(seed: 4, bars: 3),
      CompositionOptions(seed: 5, bars: 2, primer: ComposerTests.primer),
      CompositionOptions(seed: 6, bars: 4, ending: EndingSearch(bars: 2, tries: 4)),
    ] {
      let piece = try composer.compose(options)
      let choices = try composer.choices(of: piece, by: options)
      #expect(choices.map(\.id) == Array(piece.ids[piece.givenCount...]))
      for (choice, surprisal) in zip(choices, piece.surprisals) {
        #expect(abs(choice.surprisal - surprisal) < 1e-4)
        let others = choice.alternatives.map(\.probability)
        #expect(others.count == 5 && others == others.sorted(by: >) && others.reduce(0, +) < 1)
        #expect(!choice.alternatives.contains { $0.id == choice.id })
        #expect(choice.entropy > 0 && (0...1).contains(choice.forbiddenByGrammar))
        #expect(choice.forbiddenByConstraints.isEmpty)
      }
      // Music that anything may follow is rare: mostly much is no music.
      #expect(choices.contains { $0.forbiddenByGrammar > 0.2 })
    }
  }

  @Test("What constraints forbid is told with its probability, each after those before it")
  func whatConstraintsForbidIsTold() throws {
    let roles = model.tokenizer.vocabulary.roles
    let low = Set(roles.ids { $0.pitch.map { $0 < 60 } ?? false })
    let odd = Set(roles.ids { $0.pitch.map { $0 >= 60 && $0 % 2 == 1 } ?? false })
    let refused = Set(roles.ids { $0.pitch == 72 || $0.pitch == 74 })
    let constraints: [any TokenConstraint] = [
      Forbidding(ids: low), Forbidding(ids: low.union(odd)), Refusing(ids: refused),
    ]
    let options = CompositionOptions(seed: 7, bars: 4, constraints: constraints)
    let piece = try composer.compose(options)
    let choices = try composer.choices(of: piece, by: options, alternatives: roles.count)
    let pitches = choices.filter {
      roles[$0.id].contains(.pitch) && roles.values(of: $0.id).first?.pitch != nil
    }
    #expect(!pitches.isEmpty)
    var found: Set<Int> = []
    for choice in pitches {
      for (index, ids) in [low, odd, refused].enumerated() {
        // A chord's notes come in ascending order: of some the grammar takes care.
        let others = choice.alternatives.filter { ids.contains($0.id) && $0.obstacle != .grammar }
        #expect(others.allSatisfy { $0.obstacle == .constraint(index) })
        let mass = others.reduce(0) { $0 + $1.probability }
        #expect(abs(choice.forbiddenByConstraints[index] - mass) < 1e-5)
        if mass > 0 { found.insert(index) }
      }
    }
    #expect(found == [0, 1, 2])
  }
}
