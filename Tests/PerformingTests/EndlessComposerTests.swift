import Analysis
import Composing
import Music
import Testing
import Tokenization

@testable import Performing

@Suite("Music without an end")
struct EndlessComposerTests {
  private func bars(_ composer: EndlessComposer, _ count: Int) throws -> [PerformedBar] {
    try (0..<count).map { _ in try composer.nextBar() }
  }

  @Test("The same model, settings and seed give the same bars, whenever the work is done")
  func theSameSeedGivesTheSameBars() throws {
    for model in [try Small.model(), try Small.cells()] {
      let first = try EndlessComposer(model: model, settings: Small.settings(bars: 4), seed: 7)
      let second = try EndlessComposer(model: model, settings: Small.settings(bars: 4), seed: 7)
      let eager = try (0..<14).map { _ in
        let bar = try first.nextBar()
        while try first.workAhead() {}
        return bar
      }
      let isSame = zip(try bars(second, 14), eager).map { $0 == $1 }
      #expect(isSame == Array(repeating: true, count: 14))
      let other = try EndlessComposer(model: model, settings: Small.settings(bars: 4), seed: 8)
      let isOther = try bars(other, 14) != eager
      #expect(isOther)
    }
  }

  @Test("Pieces follow one another on the bar line, each with its own seed")
  func piecesFollowOneAnother() throws {
    let composer = try EndlessComposer(model: try Small.model(), settings: Small.settings(bars: 3), seed: 20)
    let all = try bars(composer, 12)
    #expect(all.map(\.number) == Array(0..<12))
    #expect(all.map(\.numberInPiece) == (0..<12).map { $0 % 3 })
    #expect(all.map(\.piece) == (0..<12).map { $0 / 3 })
    let seeds = all.compactMap(\.seed)
    #expect(seeds.count == 12 && seeds[0] == 20 && Set(seeds).count == 4 && seeds == seeds.sorted())
    #expect(all.allSatisfy { $0.length > 0 && $0.tempos[0].tick == 0 && $0.seconds > 0 })
    #expect(all.allSatisfy { bar in bar.notes.allSatisfy { (0..<bar.length).contains($0.note.onset) } })
    #expect(composer.statistics.barCount == 12 && composer.statistics.pieceCount == 4)
  }

  @Test("The notes are those of the session")
  func theNotesAreThoseOfTheSession() throws {
    let model = try Small.model()
    var settings = Small.settings(bars: 2)
    settings.isExpressive = false
    let composer = try EndlessComposer(model: model, settings: settings, seed: 5)
    let session = try CompositionSession(
      model: model, CompositionOptions(seed: 5, sampling: .usual, bars: 2))
    for bar in try bars(composer, 2) {
      let composed = try #require(try session.nextBar())
      let notes = composed.notes.map(\.note).map {
        Note(
          onset: $0.onset - composed.bar.start, duration: $0.duration, pitch: $0.pitch, velocity: $0.velocity)
      }
      #expect(bar.notes.map(\.note) == notes.sorted())
      #expect(bar.timeSignature == composed.timeSignature)
    }
  }

  @Test("Transposition, tempo and instruments hold from the next bar on, and drums stay")
  func settingsHoldFromTheNextBarOn() throws {
    let model = try Small.cells()
    let plain = try bars(try EndlessComposer(model: model, settings: Small.settings(bars: 6), seed: 3), 6)
    let composer = try EndlessComposer(model: model, settings: Small.settings(bars: 6), seed: 3)
    var changed = try bars(composer, 2)
    while try composer.workAhead() {}
    var settings = composer.settings
    settings.transposition = 2
    settings.tempoFactor = 1.25
    settings.programs = [40, 41]
    try composer.change(to: settings)
    changed += try bars(composer, 4)
    let isKept = Array(changed[..<2]) == Array(plain[..<2])
    #expect(isKept)
    for (before, after) in zip(plain[2...], changed[2...]) {
      #expect(abs(after.quartersPerMinute / before.quartersPerMinute - 1.25) < 0.001)
      let pitched = { (bar: PerformedBar) in
        bar.notes.filter { !bar.parts[$0.part].isDrum }.map(\.note.pitch).sorted()
      }
      let drums = { (bar: PerformedBar) in
        bar.notes.filter { bar.parts[$0.part].isDrum }.map(\.note.pitch).sorted()
      }
      #expect(pitched(after) == pitched(before).map { $0 + 2 > 127 ? $0 - 10 : $0 + 2 }.sorted())
      #expect(drums(after) == drums(before))
      #expect(after.parts.allSatisfy { $0.isDrum || [40, 41].contains($0.program) })
    }
  }

  @Test("Another sampling changes what was composed ahead, and leaves what was given")
  func anotherSamplingChangesWhatIsAhead() throws {
    let model = try Small.model()
    let plain = try bars(try EndlessComposer(model: model, settings: Small.settings(bars: 8), seed: 3), 20)
    let composer = try EndlessComposer(model: model, settings: Small.settings(bars: 8), seed: 3)
    var changed = try bars(composer, 3)
    while try composer.workAhead() {}
    var settings = composer.settings
    settings.composition.sampling.temperature = 0.3
    try composer.change(to: settings)
    changed += try bars(composer, 17)
    let isKept = Array(changed[..<3]) == Array(plain[..<3])
    #expect(isKept)
    #expect(changed[3].notes != plain[3].notes)
    #expect(changed.map(\.number) == Array(0..<20))
    // The next piece is drawn by the new sampling too, from the seed that it would have had.
    #expect(changed.first { $0.piece == 1 }?.seed == plain.first { $0.piece == 1 }?.seed)
    // Back again, the next pieces are those that would have been.
    try composer.change(to: Small.settings(bars: 8))
    let again = try bars(composer, 12)
    #expect(again.allSatisfy { $0.length > 0 })
  }

  @Test("Density and limits change amid a piece of cells, which goes on")
  func limitsChangeAmidAPiece() throws {
    let composer = try EndlessComposer(model: try Small.cells(), settings: Small.settings(bars: 12), seed: 4)
    _ = try bars(composer, 4)
    var settings = composer.settings
    settings.density = 0.5
    settings.limits.key = try Scale("C major")
    try composer.change(to: settings)
    let rest = try bars(composer, 8)
    #expect(rest.map(\.numberInPiece) == Array(4..<12))
    #expect(rest.allSatisfy { $0.piece == 0 })
    let scale: Set = [0, 2, 4, 5, 7, 9, 11]
    #expect(rest.allSatisfy { bar in bar.notes.allSatisfy { scale.contains($0.note.pitch % 12) } })
  }

  @Test("Settings that a model cannot follow are refused, and those before hold on")
  func impossibleSettingsAreRefused() throws {
    let composer = try EndlessComposer(model: try Small.model(), settings: Small.settings(bars: 3), seed: 1)
    _ = try composer.nextBar()
    for change in [
      { (settings: inout EndlessSettings) in settings.density = 2 },
      { $0.transposition = 25 }, { $0.tempoFactor = 0 }, { $0.programs = [128] },
      { $0.composition.sampling.temperature = -1 },
    ] as [(inout EndlessSettings) -> Void] {
      var settings = composer.settings
      change(&settings)
      #expect(throws: ComposingError.self) { try composer.change(to: settings) }
    }
    #expect(composer.settings.density == nil)
    _ = try composer.nextBar()
  }

  @Test("A piece moves by a whole tone at most to a related key")
  func aPieceMovesByAWholeToneAtMost() {
    for before in 0..<12 {
      for own in 0..<12 {
        for (first, second) in [(false, false), (false, true), (true, false), (true, true)] {
          let shift = PiecePlacing.shift(
            from: .init(tonic: before, isMinor: first), to: .init(tonic: own, isMinor: second))
          #expect(abs(shift) <= 2)
          let moved = (own + shift + 12) % 12
          let signature = { (tonic: Int, isMinor: Bool) in ((isMinor ? tonic + 3 : tonic) * 7) % 12 }
          let distance = (signature(moved, second) - signature(before, first) + 12) % 12
          #expect([0, 1, 11].contains(distance))
        }
      }
    }
  }

  @Test("Parts keep their channels while their programs stay, and drums have the tenth")
  func partsKeepTheirChannels() {
    var channels = ChannelAllocation()
    var first = [
      PerformedPart(channel: 0, program: 40), PerformedPart(channel: 0, program: 40),
      PerformedPart(channel: 0, program: 0, isDrum: true), PerformedPart(channel: 0, program: 42),
    ]
    channels.assign(&first, piece: 0)
    #expect(first.map(\.channel) == [0, 1, 9, 2])
    var second = [PerformedPart(channel: 0, program: 73), PerformedPart(channel: 0, program: 42)]
    channels.assign(&second, piece: 1)
    #expect(second.map(\.channel) == [3, 2])
    var many = (0..<20).map { PerformedPart(channel: 0, program: $0) }
    channels.assign(&many, piece: 2)
    #expect(Set(many.map(\.channel)) == Set(0..<16).subtracting([9]))
  }

  @Test("Silence, loops and monotony are found")
  func faultsAreFound() {
    func fault(_ bars: [PerformedBar]) -> PieceFault? {
      var check = PieceCheck()
      for bar in bars { check.add(bar) }
      return check.faultOfWhole
    }
    #expect(fault((0..<8).map { Small.bar($0, pitches: [60 + $0, 64, 67 - $0, 72]) }) == nil)
    #expect(fault((0..<8).map { Small.bar($0, pitches: $0 < 3 ? [] : [60 + $0, 64, 67]) }) == .silence)
    #expect(fault((0..<8).map { Small.bar($0, pitches: $0 % 2 == 0 ? [] : [60 + $0, 64]) }) == .silence)
    #expect(fault((0..<20).map { Small.bar($0, pitches: [60, 62 + $0 % 2, 64, 67]) }) == .loop)
    #expect(fault((0..<10).map { Small.bar($0, pitches: [60, 60, $0 % 3 == 0 ? 72 : 67]) }) == .monotony)
  }
}
