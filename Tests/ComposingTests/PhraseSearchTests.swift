import Arithmetic
import Groundwork
import ModelSupport
import Music
import TestSupport
import Testing
import Tokenization

@testable import Composing

@Suite("A critic, and the search by it") struct PhraseSearchTests {
  private let model: MusicModel

  init() throws { model = try ComposerTests.untrainedModel() }

  /// A critic that sees one descriptor, and likes high values of it if `weight` is above 0.
  private func critic(_ descriptor: String, weight: Double, bars: [Int] = [2]) throws -> Critic {
    let rows = (0..<40).map { [Double($0 % 2) * weight.unitSign + Double($0 % 5) / 50] }
    let regression = LogisticRegression(
      rows: rows, labels: rows.indices.map { $0 % 2 == 1 }, penalty: 1 / abs(weight))
    return try Critic(
      judges: bars.map {
        Critic.Judge(scope: .excerpt, bars: $0, descriptors: [descriptor], regression: regression)
      })
  }

  private func composer(_ critic: Critic?) throws -> Composer {
    try Composer(
      model: MusicModel(tokenizer: model.tokenizer, network: model.anyNetwork, critic: critic))
  }

  @Test("Where bars in which nothing sounds are exceptions, phrases with fewer of them go on")
  func phrasesWithFewerSilentBarsGoOn() throws {
    let cells = try ComposerTests.model(CellsConfiguration.small)
    for name in ["Bar_None", "Rest_None"] {
      let id = try #require(cells.tokenizer.vocabulary.id(of: name))
      try ComposerTests.setOutputBias(of: cells, id: id, to: 2)
    }
    func silentBars(learnedShares: [Double]) throws -> Int {
      let regression = LogisticRegression(
        rows: (0..<40).map { [learnedShares[$0 % learnedShares.count]] },
        labels: (0..<40).map { $0 % 3 == 0 }, penalty: 1e6)
      let judge = Critic.Judge(
        scope: .excerpt, bars: 2, descriptors: ["empty_measure_rate"], regression: regression)
      let composer = try Composer(
        model: MusicModel(
          tokenizer: cells.tokenizer, network: cells.anyNetwork, critic: Critic(judges: [judge])))
      return try (UInt64(1)...8).map { seed in
        let score = try composer.compose(
          CompositionOptions(seed: seed, bars: 8, search: PhraseSearch(tries: 16, bars: 2))
        ).score
        let first = score.tracks.flatMap(\.notes).map(\.onset).min() ?? 0
        return score.bars.count { bar in
          bar.start > first
            && !score.tracks.contains { $0.notes.contains { $0.onset < bar.end && $0.end > bar.start } }
        }
      }.reduce(0, +)
    }
    let (exceptions, ordinary) = (
      try silentBars(learnedShares: [0, 0.05]), try silentBars(learnedShares: [0, 1])
    )
    #expect(3 * exceptions < ordinary, "\(exceptions) and \(ordinary) silent bars")
  }

  @Test("A search of one try changes nothing") func aSearchOfOneTryChangesNothing() throws {
    let composer = try composer(critic("notes", weight: 1))
    for seed in UInt64(1)...3 {
      let plain = try composer.compose(CompositionOptions(seed: seed, bars: 5))
      let searched = try composer.compose(
        CompositionOptions(seed: seed, bars: 5, search: PhraseSearch(tries: 1, bars: 2)))
      #expect(searched.ids == plain.ids && searched.surprisals == plain.surprisals)
    }
  }

  @Test("A search brings more of what the critic likes, and pieces stay whole and repeatable")
  func aSearchBringsMoreOfWhatTheCriticLikes() throws {
    func notes(_ weight: Double) throws -> Int {
      let composer = try composer(critic("notes", weight: weight))
      let options = (UInt64(1)...6).map {
        CompositionOptions(
          seed: $0, bars: 6, search: PhraseSearch(tries: 8, bars: 2), ending: EndingSearch(bars: 1, tries: 4))
      }
      let pieces = try composer.compose(options, threadCount: 1).map { try $0.get() }
      let again = try composer.compose(options, threadCount: 3).map { try $0.get() }
      #expect(pieces.map(\.ids) == again.map(\.ids))
      for piece in pieces {
        #expect(piece.bars == 6 && piece.score.bars.count == 6 && piece.stopReason == .barsWritten)
        #expect(piece.surprisals.count == piece.ids.count - piece.givenCount)
      }
      return pieces.reduce(0) { $0 + $1.notes }
    }
    let (more, fewer) = (try notes(20), try notes(-20))
    #expect(Double(more) > 1.1 * Double(fewer), "\(more) and \(fewer) notes")
  }

  @Test("A search needs a critic, and sensible numbers") func aSearchNeedsACritic() throws {
    let composer = try composer(nil)
    #expect(PhraseSearch.usual(for: composer.model) == nil)
    #expect {
      try composer.compose(CompositionOptions(seed: 1, bars: 2, search: PhraseSearch()))
    } throws: {
      if case ComposingError.noCritic = $0 { true } else { false }
    }
    let critical = try self.composer(critic("notes", weight: 1))
    #expect(PhraseSearch.usual(for: critical.model) == PhraseSearch())
    for search in [PhraseSearch(tries: 0), PhraseSearch(bars: 0), PhraseSearch(tries: 5000)] {
      #expect(throws: ComposingError.self) {
        try critical.compose(CompositionOptions(seed: 1, bars: 2, search: search))
      }
    }
  }

  @Test("The less a model's music is like the collection's, the shorter are the phrases that are chosen")
  func phrasesAreAsLongAsChoosingAllows() {
    var generator = RepeatableGenerator(seed: 1)
    func examples(_ shift: Double) -> CriticLearning.ScopedExamples {
      let rows = (0..<300).map { _ in
        (0..<60).map { _ in
          shift + Double((0..<12).reduce(0) { sum, _ in sum + generator.next(1000) }) / 1000 - 6
        }
      }
      return CriticLearning.ScopedExamples(scope: .excerpt, bars: 8, descriptors: [], rows: rows)
    }
    // Of normal distributions with deviation 1 in sixty dimensions the divergence is thirty times the squared distance of their means.
    for (shift, expected) in [(0, 8), (0.2, 8), (0.5, 4), (4, 2)] {
      let bars = CriticLearning.phraseBars([examples(shift)], [examples(0)])
      #expect(bars == expected, "\(shift)")
    }
    #expect(Critic.scopes(phraseBars: 8).map(\.bars) == [8, 16, 0])
    #expect(Critic.scopes(phraseBars: 2).map(\.bars) == [2, 4, 8, 16, 0])
  }

  @Test("Of long pieces fewer are composed to revise a critic, and never so few that they say nothing")
  func revisionsAreAffordable() {
    let learning = CriticLearning(seed: 1)
    #expect(learning.revisedPieces(idsPerPiece: [200, 300, 400]) == 150)
    #expect(learning.revisedPieces(idsPerPiece: [1000]) == 93)
    #expect(learning.revisedPieces(idsPerPiece: [100_000]) == 40)
    #expect(learning.revisedPieces(idsPerPiece: []) == 150)
    #expect(CriticLearning(revisedPieces: 10, seed: 1).revisedPieces(idsPerPiece: [5000]) == 10)
  }

  @Test("A critic that is revised adds what it has missed to what it knew") func revisedCritics() throws {
    func examples(_ values: [[Double]]) -> CriticLearning.ScopedExamples {
      CriticLearning.ScopedExamples(
        scope: .excerpt, bars: 8, descriptors: ["notes", "pitches"],
        rows: (0..<200).map { index in values[index % values.count] })
    }
    let collection = examples([[4, 1], [5, 2], [6, 1], [5, 2]])
    // At first there are too few notes; where they are put right, too many pitches.
    let first = try #require(
      CriticLearning.judge(collection, examples([[3, 1], [4, 2], [5, 1], [4, 2]]), revising: []))
    let second = try #require(
      CriticLearning.judge(collection, examples([[5, 2], [5, 3], [6, 2], [4, 2]]), revising: [first]))
    #expect(first.regression.score([6, 1]) > first.regression.score([3, 1]))
    #expect(abs(first.regression.score([5, 1]) - first.regression.score([5, 3])) < 0.1)
    #expect(second.regression.score([5, 1]) > second.regression.score([5, 3]) + 1)
    #expect(second.regression.score([6, 1]) > second.regression.score([3, 1]))
    // Of too few examples nothing is learned, and what was known stands.
    let few = CriticLearning.ScopedExamples(
      scope: .excerpt, bars: 8, descriptors: ["notes", "pitches"], rows: Array(repeating: [9, 9], count: 99))
    #expect(CriticLearning.judge(collection, few, revising: [first]) == first)
    #expect(CriticLearning.judge(collection, few, revising: []) == nil)
  }

  @Test("The length of phrases is kept with the critic, and searches have it") func phraseBarsAreKept() throws
  {
    let folder = try TemporaryFolder()
    let path = folder.path + "/model"
    try model.write(to: path, program: "a test")
    let judges = try critic("notes", weight: 3, bars: [2, 4]).judges
    for (bars, searched) in [(nil, 8), (2, 2)] {
      let written = try Critic(judges: judges, phraseBars: bars)
      try written.write(to: ModelFolder(path: path))
      let read = try MusicModel(path: path)
      #expect(read.critic == written && read.critic?.phraseBars == bars)
      #expect(PhraseSearch.usual(for: read) == PhraseSearch(bars: searched))
      #expect(PhraseSearch.usual(for: read, tries: 5) == PhraseSearch(tries: 5, bars: searched))
      #expect(PhraseSearch.whilePlaying(read)?.bars == searched)
    }
    #expect(try Critic(judges: judges, phraseBars: 2) != Critic(judges: judges, phraseBars: 4))
    #expect(throws: ComposingError.self) { try Critic(judges: judges, phraseBars: 0) }
  }

  @Test("The longest excerpt that fits decides, and nothing is said of less or of silence")
  func theLongestExcerptThatFitsDecides() throws {
    let critic = try critic("notes", weight: 2, bars: [2, 4])
    // Four notes in each of four bars, one in each of two, none in four.
    let onsets = Array(0..<16) + [16, 20]
    let notes = onsets.map { Note(onset: 480 * $0, duration: 480, pitch: 60 + $0 % 5, velocity: 80) }
    let score = Score(
      ticksPerQuarter: 480, tracks: [Track(program: 0, notes: notes)], length: 10 * 1920)
    #expect(critic.logOdds(of: score, endingAtBar: 1) == nil)
    #expect(critic.logOdds(of: score, endingAtBar: 10) == nil)
    let two = try #require(critic.logOdds(of: score, endingAtBar: 2))
    let four = try #require(critic.logOdds(of: score, endingAtBar: 4))
    let half = try #require(critic.logOdds(of: score, endingAtBar: 6))
    #expect(two == four && half < four, "\(two), \(four), \(half)")
  }

  @Test("The file of a critic is read as it was written, and a broken one is refused")
  func aCriticIsReadAsItWasWritten() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/model"
    try model.write(to: path, program: "a test")
    #expect(try MusicModel(path: path).critic == nil)
    let written = try critic("notes", weight: 3, bars: [2, 4])
    try written.write(to: ModelFolder(path: path))
    #expect(try MusicModel(path: path).critic == written)
    for (content, part) in [
      ("{}", "missing"), ("{\"version\": 7, \"judges\": []}", "version 7"),
      (
        "{\"version\": 1, \"judges\": [{\"scope\": \"excerpt\", \"bars\": 2, \"descriptors\": [\"sadness\"], \"regression\": "
          + "{\"weights\": [1], \"bias\": 0, \"means\": [0], \"deviations\": [1]}}]}", "descriptors"
      ),
      (
        "{\"version\": 1, \"judges\": [{\"scope\": \"excerpt\", \"bars\": 2, \"descriptors\": [\"notes\"], \"regression\": "
          + "{\"weights\": [], \"bias\": 0, \"means\": [0], \"deviations\": [1]}}]}", "weight"
      ),
    ] {
      try replaceFile(at: path + "/critic.json", with: Array(content.utf8))
      #expect {
        _ = try MusicModel(path: path)
      } throws: {
        let message = ($0 as? ComposingError)?.message ?? ""
        return message.contains("critic.json") && message.contains(part)
      }
    }
  }
}

extension Double {
  fileprivate var unitSign: Double { self < 0 ? -1 : 1 }
}
