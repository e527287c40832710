import Analysis
import Arithmetic
import ModelSupport
import Music
import Testing
import Tokenization

@testable import Composing
@testable import Performing

/// Phrases of endless music that are drawn among several, in the time before they are heard.
@Suite("Endless music that is searched")
struct EndlessSearchTests {
  /// A model whose critic likes many notes.
  private static func model() throws -> MusicModel {
    let plain = try Small.cells()
    let rows = (0..<40).map { [Double($0 % 2) + Double($0 % 5) / 50] }
    let regression = LogisticRegression(
      rows: rows, labels: rows.indices.map { $0 % 2 == 1 }, penalty: 0.05)
    let critic = try Critic(
      judges: [2, 4].map {
        Critic.Judge(scope: .excerpt, bars: $0, descriptors: ["notes"], regression: regression)
      })
    return MusicModel(tokenizer: plain.tokenizer, network: plain.anyNetwork, critic: critic)
  }

  private static func settings(tries: Int) -> EndlessSettings {
    var settings = Small.settings(bars: 8)
    settings.composition.search = tries > 1 ? PhraseSearch(tries: tries, bars: 4) : nil
    settings.composition.ending = tries > 1 ? EndingSearch(bars: 2, tries: 8, tonicBonus: 0) : nil
    return settings
  }

  @Test(
    "The same bars come whether the work is done ahead or not, and there is more of what the critic likes")
  func theSameBarsCome() throws {
    let model = try Self.model()
    func bars(tries: Int, ahead: Bool) throws -> ([PerformedBar], EndlessStatistics) {
      let composer = try EndlessComposer(model: model, settings: Self.settings(tries: tries), seed: 7)
      let bars = try (0..<32).map { _ in
        let bar = try composer.nextBar()
        if ahead { while try composer.workAhead() {} }
        return bar
      }
      return (bars, composer.statistics)
    }
    let (plain, plainStatistics) = try bars(tries: 1, ahead: true)
    let (searched, statistics) = try bars(tries: 8, ahead: true)
    let (late, _) = try bars(tries: 8, ahead: false)
    let isSame = searched == late
    #expect(isSame)
    // The first phrase is heard at once, and is taken as it comes.
    let isPlain = zip(searched, plain).prefix(4).allSatisfy { $0.notes == $1.notes }
    #expect(isPlain)
    #expect(plainStatistics.searchedPhrases == 0 && statistics.searchedPhrases >= 7)
    #expect(statistics.hurriedPhrases == 0)
    let count = { (bars: [PerformedBar]) in bars.dropFirst(8).reduce(0) { $0 + $1.notes.count } }
    #expect(Double(count(searched)) > 1.1 * Double(count(plain)), "\(count(searched)) of \(count(plain))")
  }

  @Test("Pieces end while phrases of the next are being searched, and the same bars come")
  func piecesEndWhileTheNextIsSearched() throws {
    let model = try Self.model()
    func bars(portions: Int) throws -> [PerformedBar] {
      let composer = try EndlessComposer(model: model, settings: Self.settings(tries: 8), seed: 7)
      return try (0..<32).map { _ in
        let bar = try composer.nextBar()
        for _ in 0..<portions { _ = try composer.workAhead() }
        return bar
      }
    }
    let late = try bars(portions: 0)
    for portions in [1, 2, 3, 5, 9, 17, 33] {
      let isSame = try bars(portions: portions) == late
      #expect(isSame, "\(portions) portions of work a bar")
    }
  }

  @Test("Another temperature amid a piece with limits leaves each piece its own phrases")
  func anotherTemperatureAmidLimits() throws {
    let model = try Self.model()
    for portions in [2, 6, 11] {
      var settings = Self.settings(tries: 8)
      settings.keepsKey = false
      settings.limits.key = try Scale("C major")
      let composer = try EndlessComposer(model: model, settings: settings, seed: 7)
      var bars: [PerformedBar] = []
      for number in 0..<48 {
        bars.append(try composer.nextBar())
        // In the second bar of pieces whose first phrase was searched.
        if bars[number].piece > 0, bars[number].numberInPiece == 1 {
          settings.composition.sampling.temperature = bars[number].piece % 2 == 0 ? 1 : 0.8
          try composer.change(to: settings)
        }
        for _ in 0..<portions { _ = try composer.workAhead() }
      }
      #expect(composer.statistics.searchedPhrases > 4 && bars[47].piece >= 4)
      let scale: Set = [0, 2, 4, 5, 7, 9, 11]
      #expect(bars.allSatisfy { bar in bar.notes.allSatisfy { scale.contains($0.note.pitch % 12) } })
      for piece in 0..<bars[47].piece {
        let own = bars.filter { $0.piece == piece }
        let numbers = own.map(\.numberInPiece)
        #expect(Set(own.map(\.seed)).count == 1 && numbers == Array(numbers[0]...7), "\(numbers)")
      }
    }
  }

  @Test("Who waits gets the next bar at once: a search that is under way is cut short")
  func aSearchIsCutShort() throws {
    let composer = try EndlessComposer(
      model: try Self.model(), settings: Self.settings(tries: 64), seed: 7)
    var bars: [PerformedBar] = []
    for number in 0..<24 {
      bars.append(try composer.nextBar(isUrgent: true))
      // Sometimes there is time for a little.
      if number % 3 == 0 { for _ in 0..<3 { _ = try composer.workAhead() } }
    }
    #expect(bars.map(\.number) == Array(0..<24))
    #expect(composer.statistics.hurriedPhrases > 0)
    let all = bars.filter { $0.piece == 0 }.map(\.numberInPiece)
    #expect(all == all.sorted() && Set(all).count == all.count)
    // Another sampling amid a search goes on too.
    var settings = composer.settings
    settings.composition.sampling.temperature = 0.5
    try composer.change(to: settings)
    for _ in 0..<12 {
      let bar = try composer.nextBar(isUrgent: true)
      #expect(bar.length > 0)
      _ = try composer.workAhead()
    }
  }

  @Test("As many tries are made as a network's size allows")
  func triesFitTheNetwork() throws {
    let (plain, judged) = (try Small.cells(), try Self.model())
    #expect(PhraseSearch.whilePlaying(plain) == nil && PhraseSearch.whilePlaying(judged) == PhraseSearch())
  }
}
