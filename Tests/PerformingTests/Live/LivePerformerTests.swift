import Composing
import Music
import Performing
import Synthesis
import TestSupport
import Testing
import Tokenization

@Suite("A live performance")
struct LivePerformerTests {
  private static func performer(_ change: (inout LiveSettings) -> Void = { _ in }) throws -> LivePerformer {
    var settings = LiveSettings(tempo: .given(120))
    change(&settings)
    return try LivePerformer(model: untrainedModel(), settings: settings)
  }

  private static let call = played(tuneInG, period: 0.5, start: 1)

  @Test("A phrase is answered on the first beat after the pause, in as many bars, and all notes end")
  func aPhraseIsAnswered() throws {
    let performer = try Self.performer()
    let events = perform(Self.call, with: performer, until: 24)
    let onsets = events.onsets
    #expect(performer.report.answers == 1 && performer.report.heardNotes == tuneInG.count)
    let first = try #require(onsets.first)
    // The last key goes up a little before 9 s, which is beat 16; one beat later is 9.5 s.
    #expect(first.seconds >= 9.49 && first.seconds < 9.5 + 8)
    #expect(onsets.allSatisfy { $0.seconds < 9.51 + 8 && $0.channel != 0 })
    #expect(events.unfinished.isEmpty)
    #expect(events.contains { $0.opensAnswer })
    #expect(performer.report.quartersPerMinute.map { abs($0 - 120) < 3 } == true)
    #expect(performer.report.key == "G major")
  }

  @Test("The same events and seed are answered in the same way, another seed in another")
  func answersAreDeterministic() throws {
    let one = perform(Self.call, with: try Self.performer(), until: 20)
    #expect(perform(Self.call, with: try Self.performer(), until: 20) == one)
    // Work that was done late or in larger portions changes nothing but the moment at which notes are sent.
    #expect(
      perform(Self.call, with: try Self.performer(), until: 20, step: 0.037).onsets.map(\.pitch)
        == one.onsets.map(\.pitch))
    let other = perform(Self.call, with: try Self.performer { $0.answers.seed = 2 }, until: 20)
    #expect(other.onsets.map(\.pitch) != one.onsets.map(\.pitch))
  }

  @Test("By turns, the answer comes at the bar line, whatever is still held")
  func turnsAreTakenAtBarLines() throws {
    let performer = try Self.performer {
      $0.turnBars = 2
      $0.answers.bars = 4
    }
    // Beats 0 to 7, the last note held far too long.
    var events = played(tuneInG.filter { $0.beat < 8 }, period: 0.5, start: 1)
    events[events.count - 1].seconds = 7
    let sent = perform(events.sorted { $0.seconds < $1.seconds }, with: performer, until: 14)
    let first = try #require(sent.onsets.first, "\(performer.report)")
    #expect(first.seconds >= 4.98 && first.seconds < 13.02)
    #expect(sent.onsets.allSatisfy { $0.seconds < 13.02 })
    #expect(performer.report.answers == 1)
  }

  @Test("Who plays again breaks an answer off, and is answered in turn")
  func anAnswerIsBrokenOff() throws {
    let performer = try Self.performer()
    let again = played([(0, 1, 67), (1, 1, 69), (2, 1, 71), (3, 1, 67)], period: 0.5, start: 11)
    let events = perform(Self.call + again, with: performer, until: 20)
    // Nothing begins between the interruption and the end of the pause after it.
    #expect(!events.onsets.contains { $0.seconds > 11 && $0.seconds < 13.4 })
    #expect(performer.report.answers == 2 && events.unfinished.isEmpty)
  }

  @Test("A key that is stuck does not keep the answer from coming")
  func aStuckKeyIsNoObstacle() throws {
    let performer = try Self.performer()
    let stuck = PlayedEvent(seconds: 1.2, message: .noteOn(key: 40, velocity: 80))
    let events = perform((Self.call + [stuck]).sorted { $0.seconds < $1.seconds }, with: performer, until: 24)
    #expect(performer.report.answers == 1)
    #expect(events.onsets.first.map { $0.seconds < 16 } == true)
  }

  @Test("A continuation goes on until the player plays, and stops at once")
  func aContinuationGoesOn() throws {
    let performer = try Self.performer { $0.mode = .continuation }
    let stop = played([(0, 0.5, 60)], period: 0.5, start: 40)
    let events = perform(Self.call + stop, with: performer, until: 40.5)
    let last = try #require(events.onsets.last)
    #expect(last.seconds > 30 && last.seconds <= 40)
    #expect(events.unfinished.isEmpty)
  }

  @Test("Garbage is survived, and ended notes stay ended")
  func garbageIsSurvived() throws {
    for mode in LiveMode.allCases {
      let performer = try Self.performer { $0.mode = mode }
      var random = RepeatableGenerator(seed: 8)
      var events: [PlayedEvent] = []
      for _ in 0..<600 {
        let key = random.number(0...127), value = random.number(0...127)
        let messages: [ChannelMessage] = [
          .noteOn(key: key, velocity: value), .noteOff(key: key), .control(key, value: value),
          .program(value),
          .bend(value), .pressure(value), .keyPressure(key: key, value: value),
        ]
        events.append(
          PlayedEvent(
            seconds: Double(random.number(0...4000)) / 1000, message: messages[random.next(messages.count)]))
      }
      events.sort { $0.seconds < $1.seconds }
      var sent = perform(events, with: performer, until: 8, step: 0.05)
      sent += performer.silence(at: moment(8))
      #expect(sent.unfinished.isEmpty, "\(mode)")
      #expect(sent.onsets.allSatisfy { (0...127).contains($0.pitch) && (1...127).contains($0.velocity) })
    }
  }

  @Test(
    "A model of chords is asked before each bar line, and answers in the same way on a thread and without")
  func aModelIsAsked() throws {
    let model = try Small.cells()
    let settings = LiveSettings(mode: .accompany, tempo: .given(120))
    let performer = try LivePerformer(model: model, settings: settings)
    #expect(performer.report.modelRoles == [.chords])
    let events = perform(Self.call, with: performer, until: 9)
    #expect(performer.report.askedBars >= 4 && performer.report.answeredBars == performer.report.askedBars)
    #expect((events + performer.silence(at: moment(9))).unfinished.isEmpty)
    let second = try LivePerformer(model: model, settings: settings)
    #expect(perform(Self.call, with: second, until: 9) == events)
    var byRule = settings
    byRule.accompaniment.asksModel = false
    let rule = try LivePerformer(model: model, settings: byRule)
    let ruled = perform(Self.call, with: rule, until: 9)
    #expect(rule.report.modelRoles.isEmpty && rule.report.askedBars == 0)
    #expect(ruled.count > 20 && ruled != events)
    // Where nobody works in time, all goes by the rule.
    let idle = try LivePerformer(model: model, settings: settings)
    #expect(perform(Self.call, with: idle, until: 9, works: false) == ruled)
    #expect(idle.report.askedBars >= 4 && idle.report.answeredBars == 0)
    let live = try LivePerformer(model: model, settings: settings, isLive: true)
    #expect(perform(Self.call, with: live, until: 9).count > 20 && !live.work())
    // Models without such parts accompany too.
    for other in [try Small.model(), try untrainedModel()] {
      let performer = try LivePerformer(model: other, settings: settings)
      #expect(performer.report.modelRoles.isEmpty)
      #expect(perform(Self.call, with: performer, until: 9).count > 20)
    }
  }

  @Test("An accompaniment begins with the first note, on its beat, and follows a tempo that it finds")
  func anAccompanimentBegins() throws {
    let given = perform(Self.call, with: try Self.performer { $0.mode = .accompany }, until: 9)
    #expect(given.onsets.first.map { abs($0.seconds - 1) < 0.011 } == true)
    let drums = given.onsets.filter { $0.channel == 9 && $0.pitch == 42 }.map(\.seconds)
    #expect(drums.count > 28)
    #expect(zip(drums, drums.dropFirst()).allSatisfy { abs($1 - $0 - 0.25) < 1e-6 })
    let performer = try Self.performer {
      $0.mode = .accompany
      $0.tempo = .followed
    }
    let found = perform(played(tuneInG, period: 0.6, start: 1), with: performer, until: 10)
    let hats = found.onsets.filter { $0.channel == 9 && $0.pitch == 42 }.map(\.seconds)
    #expect(hats.count > 10 && (hats.first ?? 0) < 4)
    // On the eighth notes of a tempo of 100, which begin at 1 s.
    #expect(hats.allSatisfy { abs((($0 - 1) / 0.3).rounded() * 0.3 - ($0 - 1)) < 0.03 })
  }

  @Test("Beats from outside carry an accompaniment from bar line to bar line")
  func beatsFromOutsideCarry() throws {
    let performer = try Self.performer {
      $0.mode = .accompany
      $0.tempo = .clock
    }
    performer.follow(BeatMap(at: moment(0), beat: 0, period: 0.4))
    let sent = perform(played([(0, 8, 60)], period: 0.4, start: 0.2), with: performer, until: 3)
    let kicks = sent.onsets.filter { $0.pitch == 36 && $0.channel == 9 }.map { ($0.seconds / 0.4).rounded() }
    #expect(!kicks.isEmpty && kicks.allSatisfy { $0.truncatingRemainder(dividingBy: 2) == 0 })
  }
}

@Suite("An answer that is prepared")
struct AnswererTests {
  private func reading(
    _ notes: [(beat: Double, length: Double, pitch: Int)] = tuneInG
  ) throws -> PhraseReading {
    try #require(
      PhraseReader(beat: .tempo(120)).read(phrase(played(notes, period: 0.5)), heldUntil: moment(100)))
  }

  @Test("An answer whose call was read bar by bar is that of a call which was read at once")
  func preparationChangesNothing() throws {
    let model = try untrainedModel()
    func answer(_ calls: [PhraseReading]) throws -> [AnswerNote] {
      let answerer = try Answerer(model: model, settings: AnswerSettings(seed: 4))
      for call in calls {
        answerer.hear(call)
        while answerer.work() {}
        #expect(answerer.remainingCount == 0)
      }
      #expect(answerer.begin())
      var notes = Array(answerer.takeNotes())
      while answerer.work() { notes += answerer.takeNotes() }
      #expect(answerer.isComplete && answerer.failure == nil)
      return notes
    }
    let grown = try (1...4).map { bars in try reading(tuneInG.filter { $0.beat < Double(4 * bars) }) }
    let prepared = try answer(grown)
    #expect(!prepared.isEmpty)
    #expect(try answer([reading()]) == prepared)
    #expect(prepared.allSatisfy { $0.beat >= 0 && $0.beat + $0.length <= 16 })
  }

  @Test("What was played before is kept in mind, and the next answer is another")
  func whatWasPlayedIsKept() throws {
    let answerer = try Answerer(model: untrainedModel(), settings: AnswerSettings(seed: 4, bars: 2))
    var answers: [[AnswerNote]] = []
    for _ in 0..<12 {
      answerer.hear(try reading())
      answerer.begin()
      while answerer.work() {}
      answers.append(Array(answerer.takeNotes()))
      #expect(answerer.failure == nil)
      answerer.end(afterBars: 2)
    }
    #expect(answerer.answerCount == 12)
    #expect(Set(answers).count > 1)
  }

  @Test("A session that goes on from what was read composes as one that reads its primer itself")
  func readersAndSessionsAgree() throws {
    let composer = try Composer(model: untrainedModel())
    let reader = PrimerReader(composer: composer)
    for bars in 1...4 {
      let primer = try reading(tuneInG.filter { $0.beat < Double(4 * bars) }).score
      let options = CompositionOptions(seed: 9, bars: 2, primer: primer)
      try reader.target(options)
      // Read as a whole, in part or not at all.
      if bars % 2 == 0 { while reader.readNext() {} } else { reader.readNext() }
      let piece = try reader.session().finish()
      #expect(try composer.compose(options).ids == piece.ids)
    }
  }

  @Test("Learning from phrases makes such phrases more probable, and the style can be kept")
  func learningMakesPhrasesProbable() throws {
    let model = try untrainedModel(), folder = try TemporaryFolder()
    let ids = try model.tokenizer.encode(try reading().score).ids
    func nats(_ model: MusicModel) throws -> Double {
      try Composer(model: model).surprisals(ofIDs: ids).reduce(0, +)
    }
    let learner = try StyleLearner(model: model)
    #expect(throws: StyleError.self) { try learner.style() }
    #expect(try nats(learner.styledModel()) == nats(model))
    var last = try nats(model)
    for _ in 0..<3 {
      try learner.learn(ids)
      let now = try nats(learner.styledModel())
      #expect(now < last)
      last = now
    }
    try learner.style().write(to: folder.file("played.style"))
    let style = try Style(path: folder.file("played.style"))
    #expect(style.pieceCount == 3)
    #expect(try nats(model.styled(by: [(style, 1)])) == last)
  }

  @Test("Learning in the background gives the model out, and ends with the style")
  func learningEndsWithAStyle() throws {
    let model = try untrainedModel()
    let learning = try LiveLearning(model: model)
    learning.learn(try model.tokenizer.encode(try reading().score).ids)
    let style = try #require(try learning.finish())
    #expect(style.pieceCount == 1 && learning.phraseCount == 1 && learning.takeModel() != nil)
    #expect(try LiveLearning(model: model).finish() == nil)
  }
}
