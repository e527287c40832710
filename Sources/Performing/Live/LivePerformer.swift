public import Composing
public import Synthesis

/// Plays with a player: answers, accompanies or continues what comes in.
///
///     let performer = try LivePerformer(model: model, settings: LiveSettings(mode: .answer))
///     // for each message:           send(performer.take(message, channel: 0, at: .now))
///     // when nothing is to be done: performer.work()
///     // at `nextMoment`:            send(performer.perform(until: .now))
///
/// It has no clock, no thread and no port of its own: it is told messages with their moments and asked what is due, so that a
/// performance can be repeated note for note. The same messages at the same moments, with the same settings, are answered in the same
/// way, provided that work was done in time. One thread uses it.
public final class LivePerformer {
  /// What is asked of it.
  public let settings: LiveSettings
  private let part: any LivePart
  private let answering: AnsweringPart?

  /// A performer with a model.
  /// - Parameters:
  ///   - model: Who plays.
  ///   - settings: What is asked of it.
  ///   - isLive: Whether what takes a model milliseconds, as the harmony of an accompaniment's next bar, is done on another thread, and is
  ///     used when it is there; otherwise it is done in `work`, so that a performance can be repeated.
  /// - Throws: `ComposingError` for a model that does not compose.
  public init(model: MusicModel, settings: LiveSettings, isLive: Bool = false) throws {
    self.settings = settings
    switch settings.mode {
    case .answer, .continuation:
      let part = try AnsweringPart(model: model, settings: settings)
      (self.part, answering) = (part, part)
    case .accompany:
      let accompaniment = settings.accompaniment
      let forecaster =
        accompaniment.asksModel && (2 * settings.quartersPerBar).truncatingRemainder(dividingBy: 1) == 0
        ? BarForecaster(
          composer: try Composer(model: model), roles: accompaniment.parts,
          timeSignature: accompaniment.timeSignature, quartersPerMinute: settings.quartersPerMinute ?? 120,
          seed: settings.answers.seed) : nil
      part = AccompanyingPart(
        settings: settings, desk: forecaster.map { ForecastDesk($0, hasThread: isLive) })
      answering = nil
    }
  }

  /// What happened so far.
  public var report: LiveReport { part.report }
  /// When `perform` is to be called next at the latest; nil where nothing is foreseen.
  public var nextMoment: PerformanceTime? { part.nextMoment }
  /// Whether something is due that is not ready, so that `work` is more urgent than anything else.
  public var isLate: Bool { part.isLate }

  /// Takes what the player did.
  /// - Parameters:
  ///   - message: The message.
  ///   - channel: The channel it came on, 0...15.
  ///   - time: When it came, not before earlier ones.
  /// - Returns: what is to be sent because of it, at once.
  public func take(_ message: ChannelMessage, channel: Int, at time: PerformanceTime) -> [LiveEvent] {
    part.take(message, channel: channel, at: time)
  }

  /// Follows beats that are given from outside, in the place of those before; for `LiveTempo.clock`.
  public func follow(_ beats: BeatMap) { part.follow(beats) }

  /// Where the bars of the performance are, as far as they are known: of an accompaniment, and of turns at bar lines. Beat 0 is a bar line.
  public var beats: BeatMap? { part.songBeats }

  /// Is told that the beats from outside stand still, or are about to go on from another place: an accompaniment falls silent until it
  /// is given beats again.
  /// - Parameter time: When, not before earlier moments.
  /// - Returns: what is to be sent because of it, at once.
  public func halt(at time: PerformanceTime) -> [LiveEvent] { part.halt(at: time) }

  /// Does a small portion of what can be prepared, some hundred microseconds with a usual model.
  /// - Returns: false if nothing can be prepared now.
  @discardableResult
  public func work() -> Bool { part.work() }

  /// What is due up to a moment, in order of time.
  public func perform(until time: PerformanceTime) -> [LiveEvent] { part.perform(until: time) }

  /// Changes something while the performance goes on; what does not concern its mode changes nothing, and numbers are moved into their
  /// ranges.
  /// - Returns: what is to be sent because of it, at once.
  public func change(_ change: LiveChange, at time: PerformanceTime) -> [LiveEvent] {
    part.change(change, at: time)
  }

  /// Ends all that sounds; an answer is broken off.
  public func silence(at time: PerformanceTime) -> [LiveEvent] { part.silence(at: time) }

  // MARK: Learning

  /// Takes the ids of calls that are over and were not taken before, to learn from them; none in an accompaniment.
  public func takeCalls() -> [[Int32]] { answering?.takeCalls() ?? [] }

  /// Whether neither the player nor the model is in the middle of a phrase.
  public var isBetweenPhrases: Bool { answering?.isBetweenPhrases ?? true }

  /// Goes on with another model of the same tokens, such as the model in the style of what was learned.
  /// - Throws: `ComposingError` for a model that does not compose.
  public func use(_ model: MusicModel) throws { try answering?.use(model) }
}
