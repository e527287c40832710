import Groundwork
import Music
import Synchronization
import Testing

@testable import Composing
@testable import Performing

/// Where an accompaniment asks what a model expects, and goes on whether there is an answer or not.
@Suite("A desk for forecasts")
struct ForecastDeskTests {
  private static func request(_ bar: Int, isNew: Bool = false) -> ForecastDesk.Request {
    ForecastDesk.Request(bar: bar, length: 8, tune: [], isNew: isNew)
  }

  private static func expected(_ bar: Int) -> ExpectedBar {
    ExpectedBar(
      BarForecast(bar: bar, stepsPerQuarter: 4, candidates: [], parts: [:], ticksPerQuarter: 12), length: 8)
  }

  @Test("An answer is for the bar that was asked for last, and is given once")
  func anAnswerIsForItsBar() throws {
    var resets: [Bool] = []
    let desk = ForecastDesk(roles: [.chords], hasThread: false) { request, beginsAnew in
      resets.append(beginsAnew)
      return Self.expected(request.bar)
    }
    desk.ask(Self.request(1, isNew: true))
    #expect(desk.takeAnswer(for: 1) == nil && desk.work() && !desk.work())
    #expect(desk.takeAnswer(for: 2) == nil && desk.takeAnswer(for: 1)?.bar == 1)
    #expect(desk.takeAnswer(for: 1) == nil)
    // Nobody works on a bar that is past, and what it asked to be forgotten is forgotten with the next.
    desk.ask(Self.request(2, isNew: true))
    desk.ask(Self.request(3))
    while desk.work() {}
    #expect(desk.takeAnswer(for: 2) == nil && desk.takeAnswer(for: 3)?.bar == 3)
    desk.ask(Self.request(4))
    while desk.work() {}
    #expect(resets == [true, true, false])
  }

  @Test("Who asks while an answer is being made gets that to the last question")
  func askingAgainAmidAnAnswer() throws {
    var again: (() -> Void)?
    let desk = ForecastDesk(roles: [.chords], hasThread: false) { request, _ in
      again?()
      return Self.expected(request.bar)
    }
    again = { [unowned desk] in
      again = nil
      desk.ask(Self.request(2))
    }
    desk.ask(Self.request(1))
    #expect(desk.work())
    #expect(desk.takeAnswer(for: 1) == nil && desk.takeAnswer(for: 2) == nil)
    #expect(desk.work() && desk.takeAnswer(for: 2)?.bar == 2)
  }

  @Test("Every last question is answered, however questions and answers meet on two threads")
  func questionsAndAnswersMeet() throws {
    let desk = ForecastDesk(roles: [.chords], hasThread: true) { request, _ in Self.expected(request.bar) }
    var random = UInt64(1)
    for round in 0..<4000 {
      desk.ask(Self.request(2 * round))
      // Some time, so that the second question comes at any moment of the first answer.
      random = random &* 6_364_136_223_846_793_005 &+ 1
      let spins = Int(random >> 56)
      for _ in 0..<spins { _ = desk.takeAnswer(for: -1) }
      desk.ask(Self.request(2 * round + 1))
      let deadline = ContinuousClock.now + .seconds(20)
      var answer: ExpectedBar?
      while answer == nil, ContinuousClock.now < deadline { answer = desk.takeAnswer(for: 2 * round + 1) }
      try #require(answer?.bar == 2 * round + 1, "round \(round)")
    }
  }
}
