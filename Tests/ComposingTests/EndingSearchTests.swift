import Groundwork
import Music
import Testing
import Tokenization

@testable import Composing

@Suite struct EndingSearchTests {
  private let composer: Composer

  init() throws { composer = try Composer(model: try ComposerTests.untrainedModel()) }

  @Test("All but the last bars stay as they are without a search") func allButTheLastBarsStay() throws {
    for seed in UInt64(1)...4 {
      let plain = try composer.compose(CompositionOptions(seed: seed, bars: 5))
      let searched = try composer.compose(
        CompositionOptions(seed: seed, bars: 5, ending: EndingSearch(bars: 2, tries: 20)))
      #expect(searched.bars == 5 && searched.score.bars.count == 5 && searched.stopReason == .barsWritten)
      let bars = try CompositionSession(model: composer.model, CompositionOptions(seed: seed, bars: 5))
      while bars.barCount < 4 { _ = try bars.step() }
      #expect(Array(searched.ids.prefix(bars.ids.count)) == bars.ids)
      #expect(searched.surprisals.count == searched.ids.count - searched.givenCount)
      #expect(searched.surprisals.prefix(50) == plain.surprisals.prefix(50))
    }
  }

  @Test("The best of the endings is no worse than the first, and one try is none")
  func theBestIsNoWorseThanTheFirst() throws {
    let search = EndingSearch(bars: 1, tries: 40, tonicBonus: 0)
    for seed in UInt64(1)...4 {
      let plain = try composer.compose(CompositionOptions(seed: seed, bars: 3))
      let one = try composer.compose(
        CompositionOptions(seed: seed, bars: 3, ending: EndingSearch(bars: 1, tries: 1)))
      #expect(one.ids == plain.ids)
      let best = try composer.compose(CompositionOptions(seed: seed, bars: 3, ending: search))
      let session = try CompositionSession(model: composer.model, CompositionOptions(seed: seed, bars: 3))
      while session.barCount < 3 { _ = try session.step() }
      let known = session.ids.count - session.givenCount
      #expect(
        EndingSearch.quality(best.surprisals.dropFirst(known))
          >= EndingSearch.quality(plain.surprisals.dropFirst(known)))
      #expect(try composer.compose(CompositionOptions(seed: seed, bars: 3, ending: search)).ids == best.ids)
      #expect(try session.finish(search).ids == best.ids, "a session searches from where it stands")
    }
  }

  @Test("Without a number of bars the models own end stands") func theModelsOwnEndStands() throws {
    let model = try ComposerTests.untrainedModel()
    let roles = model.tokenizer.vocabulary.roles
    try ComposerTests.setOutputBias(of: model, id: roles.end, to: 8)
    let ended = try Composer(model: model)
    let options = CompositionOptions(seed: 2)
    var searching = options
    searching.ending = EndingSearch(bars: 2, tries: 8)
    #expect(try ended.compose(options).stopReason == .modelEnded)
    #expect(try ended.compose(options).ids == ended.compose(searching).ids)
  }

  @Test("Voices that end on the tonic are counted") func voicesThatEndOnTheTonicAreCounted() {
    func share(_ last: [Int]) -> Double {
      let tune = [60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60, 67]
      var notes = (0..<48).map {
        Note(onset: 480 * $0, duration: 480, pitch: tune[$0 % 12], velocity: 80)
      }
      notes += last.map { Note(onset: 48 * 480, duration: 960, pitch: $0, velocity: 80) }
      return EndingSearch.tonicShare(
        of: Score(ticksPerQuarter: 480, tracks: [Track(program: 0, notes: notes)]))
    }
    #expect(share([48, 60]) == 1 && share([48, 64]) == 0.5 && share([43, 62]) == 0 && share([60]) == 1)
  }

  @Test("Impossible searches are refused") func impossibleSearchesAreRefused() throws {
    for search in [
      EndingSearch(bars: 0), EndingSearch(bars: 65), EndingSearch(tries: 0), EndingSearch(tries: 5000),
      EndingSearch(tonicBonus: -.infinity),
    ] {
      #expect(throws: ComposingError.self) {
        try composer.compose(CompositionOptions(seed: 1, bars: 2, ending: search))
      }
    }
  }
}
