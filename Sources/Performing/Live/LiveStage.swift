public import Groundwork
internal import MIDI
internal import Synthesis

/// Where a live performance takes place: the ports that it listens to and plays through, its sound, and the threads between them.
///
/// Each input has a thread, which sounds what comes in before anything else is done with it. One thread, the caller's of `run`, gives
/// messages to the performer, sends what is due, and lets the performer prepare what comes next in the time between.
public final class LiveStage {
  /// What happened on a stage.
  public struct Result: Sendable {
    /// What the performer did.
    public var report = LiveReport()
    /// How late answers began: from the moment at which the first note is due to its being sent.
    public var answerTimeliness = Timeliness()
    /// How late messages were handed to the outputs' threads and the sound that were due at a moment.
    public var timeliness = Timeliness()
    /// From a note's arrival to its sound at the device; nothing without sound.
    public var soundLatency = Timeliness()
    /// How many phrases were learned from.
    public var learnedPhrases = 0
    /// Messages that were not understood, or came too fast.
    public var faultCount = 0
    /// Whether it was stopped by cancellation, and not because the inputs had ended.
    public var isCancelled = false
    /// How long it took, in seconds.
    public var seconds = 0.0
  }

  let performer: LivePerformer
  private let inputs: [any MessageInput]
  /// How many of the first inputs have an end.
  private let endingCount: Int
  private let outputs: [any MessageOutput]
  private let sound: LiveSound?
  private let learning: LiveLearning?
  private let recorder: LiveRecorder?
  private let endsWithInput: Bool
  let announcer: SongAnnouncer?
  /// Where the bars are that others are told of.
  var song = LiveSong()
  /// The beats of the clock that is followed, while its song runs.
  var clockBeats: BeatMap?
  private let shared = Shared()
  private let wake = AlarmSignal()
  private var clock = ClockFollower()
  /// Whether the song was started or moved, and the performer was not told the new place yet.
  private var isMoved = false
  private var senders: [LiveOutput] = []
  private var sent = HeldKeys()
  /// What the performer has told each channel of the sound.
  private var told = [ChannelMemory](repeating: ChannelMemory(), count: 16)
  private var lastSent = PerformanceTime(nanoseconds: 0)
  private var result = Result()
  private var isStopping = false

  /// A stage.
  /// - Parameters:
  ///   - performer: Who plays.
  ///   - inputs: Where the player's messages come from.
  ///   - endlessInputs: Inputs that have no end, such as OSC: they are listened to as the others, and `endsWithInput` does not wait for
  ///     them.
  ///   - outputs: Where the performer's messages go, each by a thread of its own; they are closed at the end of `run`.
  ///   - sound: What sounds both; nil for messages alone.
  ///   - learning: What learns from the player; nil to learn nothing.
  ///   - recorder: What keeps both; nil to keep nothing.
  ///   - announcer: Who tells others of bars and beats, as far as they are known; it is closed at the end of `run`.
  ///   - endsWithInput: Whether it ends when the last input does, or its sender has gone, and what is to be answered was.
  public init(
    performer: LivePerformer, inputs: [any MessageInput], endlessInputs: [any MessageInput] = [],
    outputs: [any MessageOutput] = [], sound: LiveSound? = nil, learning: LiveLearning? = nil,
    recorder: LiveRecorder? = nil, announcer: SongAnnouncer? = nil, endsWithInput: Bool = false
  ) {
    self.announcer = announcer
    self.performer = performer
    self.inputs = inputs + endlessInputs
    endingCount = inputs.count
    self.outputs = outputs
    self.sound = sound
    self.learning = learning
    self.recorder = recorder
    self.endsWithInput = endsWithInput
  }

  /// What the threads share.
  private final class Shared: Sendable {
    let inbox = Guarded(LiveInbox())
  }

  /// Plays until it is canceled, or the inputs have ended where that was asked for. However it ends, all notes are ended, what was played
  /// is handed to the learning, the recording is finished and the ports are closed.
  /// - Parameters:
  ///   - cancellation: Ends it; all notes are ended.
  ///   - tick: Called about ten times a second.
  /// - Returns: What happened.
  /// - Throws: The first of what went wrong: `PortError` of an input or output, `AudioError` where the sound fails, `FileError` where the
  ///   recording cannot be written, `ComposingError`.
  public func run(
    cancellation: Cancellation = Cancellation(), tick: (LiveReport) -> Void = { _ in }
  ) throws -> Result {
    let start = PerformanceTime.now
    var failures = FirstFailure()
    var threads: [PortThread] = []
    failures.attempt {
      senders = try outputs.map { try LiveOutput($0) }
      try listen(&threads)
      try play(from: start, cancellation, tick)
    }
    announcer?.close()
    silence(&failures)
    for ids in performer.takeCalls() { learning?.learn(ids) }
    failures.attempt { try recorder?.finish() }
    for sender in senders { failures.attempt { try sender.finish() } }
    for input in inputs { input.close() }
    for thread in threads { thread.join() }
    try failures.rethrow()
    result.isCancelled = cancellation.isRequested
    result.report = performer.report
    result.seconds = PerformanceTime.now.seconds(since: start)
    result.soundLatency = sound?.latencies ?? Timeliness()
    result.learnedPhrases = learning?.phraseCount ?? 0
    result.faultCount = inputs.reduce(shared.inbox.withLock { $0.overflowCount }) {
      $0 + $1.statistics.faultCount + $1.statistics.overflowCount
    }
    return result
  }

  private func play(
    from start: PerformanceTime, _ cancellation: Cancellation, _ tick: (LiveReport) -> Void
  ) throws {
    var nextTick = start
    var endedAt: PerformanceTime?
    while !cancellation.isRequested, !isStopping {
      try takeMessages()
      try makeChanges()
      let now = PerformanceTime.now
      try send(performer.perform(until: now))
      tellSong(at: now)
      if let failure = sound?.failure { throw failure }
      if now >= nextTick {
        nextTick = now.advanced(bySeconds: 0.1)
        tick(performer.report)
        try learn()
      }
      if endsWithInput, shared.inbox.withLock({ $0.hasEnded }) {
        endedAt = endedAt ?? now
        // What is foreseen is still played; an accompaniment and a continuation have no end of their own.
        let isDone = performer.nextMoment == nil || performer.settings.mode == .accompany
        let patience = performer.settings.mode == .continuation ? 30.0 : 600
        if isDone || now.seconds(since: endedAt ?? now) > patience { break }
      }
      if performer.work() { continue }
      wake.sleep(until: min(performer.nextMoment ?? nextTick, nextTick))
    }
  }

  // MARK: Inputs

  private func listen(_ threads: inout [PortThread]) throws {
    shared.inbox.withLock { $0 = LiveInbox(inputCount: inputs.count, endingCount: endingCount) }
    for index in inputs.indices {
      threads.append(
        try PortThread { [shared, wake, sound, endsWithInput, input = inputs[index]] in
          _ = PortThread.becomeRealTime()
          Self.listen(to: input, index: index, shared, wake, sound, endsWithGone: endsWithInput)
        })
    }
  }

  private static func listen(
    to input: any MessageInput, index: Int, _ shared: Shared, _ wake: AlarmSignal, _ sound: LiveSound?,
    endsWithGone: Bool
  ) {
    func take(_ message: TimedMessage) {
      if case .midi(.systemExclusive(let bytes)) = message.message {
        sound?.send(systemExclusive: bytes)
      } else if case .midi(let midi) = message.message, let (channel, content) = midi.forChannel {
        if case .noteOn(_, let velocity, _) = content, velocity > 0 {
          sound?.send(content, channel: channel, arrival: message.time)
        } else {
          sound?.send(content, channel: channel)
        }
      }
      shared.inbox.withLock { $0.add(message, from: index) }
      wake.raise()
    }
    var isOpen = true
    while isOpen {
      do {
        switch try input.next(timeoutSeconds: 1) {
        case .message(let message): take(message)
        case .senderGone(let time):
          for message in shared.inbox.withLock({ $0.release(index) }) {
            take(TimedMessage(time: time, message: message))
          }
          if endsWithGone { isOpen = false }
        case .timedOut: break
        case .ended, .closed: isOpen = false
        }
      } catch {
        shared.inbox.withLock { $0.fail(error) }
        isOpen = false
      }
    }
    for message in shared.inbox.withLock({ $0.release(index) }) {
      take(TimedMessage(time: .now, message: message))
    }
    shared.inbox.withLock { $0.end(index) }
    wake.raise()
  }

  private func takeMessages() throws {
    let (messages, failure) = shared.inbox.withLock { ($0.takeMessages(), $0.failure) }
    for message in messages {
      switch message.message {
      case .midi(.systemExclusive(let bytes)):
        if ExclusiveEffect(bytes) == .reset { resetSound() }
      case .midi(let midi):
        guard let (channel, content) = midi.forChannel else { break }
        // What was due before it came is not changed by it.
        try send(performer.perform(until: message.time))
        recorder?.heard(midi, at: message.time)
        try send(performer.take(content, channel: channel, at: message.time))
      case .clock, .start, .resume, .stop, .songPosition: try followClock(message)
      case .quarterFrame, .songSelect, .tuneRequest, .activeSensing, .reset: break
      }
    }
    // What came before it is still answered.
    if let failure { throw failure }
  }

  /// A reset that the player sends has taken the performer's instruments too, which are given back.
  private func resetSound() {
    for (channel, memory) in told.enumerated() {
      for message in memory.messages { sound?.send(message, channel: channel) }
    }
  }

  /// Every sixteenth note the performer is told where the beats are, and at once where the song begins or goes on.
  private func followClock(_ message: TimedMessage) throws {
    clock.receive(message.message, at: message.time)
    guard message.message == .clock else {
      isMoved = true
      clockBeats = nil
      try send(performer.perform(until: message.time))
      return try send(performer.halt(at: message.time))
    }
    guard clock.isRunning, isMoved || clock.clockCount.isMultiple(of: 6), let tempo = clock.quartersPerMinute
    else { return }
    isMoved = false
    let beats = BeatMap(at: message.time, beat: clock.quarters(at: message.time), period: 60 / tempo)
    clockBeats = beats
    performer.follow(beats)
  }

  // MARK: Requests

  /// Asks the stage, from any thread, to change something while it plays.
  public func request(_ change: LiveChange) {
    shared.inbox.withLock { $0.changes.append(change) }
    wake.raise()
  }

  private func makeChanges() throws {
    let changes = shared.inbox.withLock { state in
      defer { state.changes = [] }
      return state.changes
    }
    for change in changes {
      if change == .stop { isStopping = true }
      try send(performer.change(change, at: .now))
    }
  }

  // MARK: Outputs

  /// Sends messages to all outputs, also where one of them fails.
  private func send(_ events: [LiveEvent]) throws {
    var failures = FirstFailure()
    for event in events {
      sound?.send(event.message, channel: event.channel)
      told[event.channel & 15].follow(event.message)
      if let message = event.message.onWire(channel: event.channel) {
        sent.follow(.midi(message))
        send(.midi(message), at: event.time, &failures)
      }
      recorder?.played(event)
      let late = PerformanceTime.now.seconds(since: event.time)
      result.timeliness.add(late)
      if event.opensAnswer { result.answerTimeliness.add(late) }
    }
    try failures.rethrow()
  }

  private func send(_ message: WireMessage, at time: PerformanceTime, _ failures: inout FirstFailure) {
    // The end of a note, caused by a message that waited, must not overtake the note on its way out.
    lastSent = max(lastSent, time)
    for sender in senders { failures.attempt { try sender.send(message, at: lastSent) } }
  }

  private func silence(_ failures: inout FirstFailure) {
    failures.attempt { try send(performer.silence(at: .now)) }
    for message in sent.release() { send(message, at: .now, &failures) }
  }

  // MARK: Learning

  private func learn() throws {
    guard let learning else { return }
    for ids in performer.takeCalls() { learning.learn(ids) }
    if performer.isBetweenPhrases, let model = learning.takeModel() { try performer.use(model) }
  }
}
