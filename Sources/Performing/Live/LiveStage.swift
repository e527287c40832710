public import Groundwork
internal import MIDI
internal import Synchronization
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
    /// How late messages were sent that were due at a moment.
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

  private let performer: LivePerformer
  private let inputs: [any MessageInput]
  private let outputs: [any MessageOutput]
  private let sound: LiveSound?
  private let learning: LiveLearning?
  private let recorder: LiveRecorder?
  private let endsWithInput: Bool
  private let inbox = Inbox()
  private let wake = AlarmSignal()
  private var clock = ClockFollower()
  private var sent = HeldKeys()
  private var result = Result()
  private var isStopping = false

  /// A stage.
  /// - Parameters:
  ///   - performer: Who plays.
  ///   - inputs: Where the player's messages come from.
  ///   - outputs: Where the performer's messages go.
  ///   - sound: What sounds both; nil for messages alone.
  ///   - learning: What learns from the player; nil to learn nothing.
  ///   - recorder: What keeps both; nil to keep nothing.
  ///   - endsWithInput: Whether it ends when the last input does, or its sender has gone, and what is to be answered was.
  public init(
    performer: LivePerformer, inputs: [any MessageInput], outputs: [any MessageOutput] = [],
    sound: LiveSound? = nil, learning: LiveLearning? = nil, recorder: LiveRecorder? = nil,
    endsWithInput: Bool = false
  ) {
    self.performer = performer
    self.inputs = inputs
    self.outputs = outputs
    self.sound = sound
    self.learning = learning
    self.recorder = recorder
    self.endsWithInput = endsWithInput
  }

  /// What the threads of the inputs hand over.
  private final class Inbox: Sendable {
    struct State: Sendable {
      var messages: [TimedMessage] = []
      var held: [HeldKeys] = []
      var openCount = 0
      var overflowCount = 0
      var changes: [LiveChange] = []
      var failure: PortError?
    }
    let state = Mutex(State())
    static let limit = 65_536
  }

  /// Plays until it is canceled, or the inputs have ended where that was asked for.
  /// - Parameters:
  ///   - cancellation: Ends it; all notes are ended.
  ///   - tick: Called about ten times a second.
  /// - Returns: What happened.
  /// - Throws: `PortError` of an output, `AudioError` where the sound fails, `FileError` where the recording cannot be written,
  ///   `ComposingError`.
  public func run(
    cancellation: Cancellation = Cancellation(), tick: (LiveReport) -> Void = { _ in }
  ) throws -> Result {
    let start = PerformanceTime.now
    let threads = try listen()
    defer {
      for input in inputs { input.close() }
      for thread in threads { thread.join() }
    }
    var nextTick = start
    var endedAt: PerformanceTime?
    do {
      while !cancellation.isRequested, !isStopping {
        try takeMessages()
        try makeChanges()
        let now = PerformanceTime.now
        try send(performer.perform(until: now))
        if let failure = sound?.failure { throw failure }
        if now >= nextTick {
          nextTick = now.advanced(bySeconds: 0.1)
          tick(performer.report)
          try learn()
        }
        if endsWithInput, inbox.state.withLock({ $0.openCount == 0 && $0.messages.isEmpty }) {
          endedAt = endedAt ?? now
          // What is foreseen is still played; an accompaniment and a continuation have no end of their own.
          let isDone = performer.nextMoment == nil || performer.settings.mode == .accompany
          let patience = performer.settings.mode == .continuation ? 30.0 : 600
          if isDone || now.seconds(since: endedAt ?? now) > patience { break }
        }
        if performer.work() { continue }
        wake.sleep(until: min(performer.nextMoment ?? nextTick, nextTick))
      }
    } catch {
      try? silence()
      throw error
    }
    try silence()
    for ids in performer.takeCalls() { learning?.learn(ids) }
    result.isCancelled = cancellation.isRequested
    result.report = performer.report
    result.seconds = PerformanceTime.now.seconds(since: start)
    result.soundLatency = sound?.latencies ?? Timeliness()
    result.learnedPhrases = learning?.phraseCount ?? 0
    result.faultCount = inputs.reduce(inbox.state.withLock { $0.overflowCount }) {
      $0 + $1.statistics.faultCount + $1.statistics.overflowCount
    }
    try recorder?.finish()
    return result
  }

  // MARK: Inputs

  private func listen() throws -> [PortThread] {
    inbox.state.withLock {
      $0.openCount = inputs.count
      $0.held = Array(repeating: HeldKeys(), count: inputs.count)
    }
    return try inputs.enumerated().map { index, input in
      try PortThread { [inbox, wake, sound, endsWithInput] in
        _ = PortThread.becomeRealTime()
        Self.listen(to: input, index: index, inbox, wake, sound, endsWithGone: endsWithInput)
      }
    }
  }

  private static func listen(
    to input: any MessageInput, index: Int, _ inbox: Inbox, _ wake: AlarmSignal, _ sound: LiveSound?,
    endsWithGone: Bool
  ) {
    func take(_ message: TimedMessage) {
      if case .midi(let midi) = message.message, let (channel, content) = midi.forChannel {
        if case .noteOn(_, let velocity, _) = content, velocity > 0 {
          sound?.send(content, channel: channel, arrival: message.time)
        } else {
          sound?.send(content, channel: channel)
        }
      }
      inbox.state.withLock { state in
        state.held[index].follow(message.message)
        if state.messages.count < Inbox.limit {
          state.messages.append(message)
        } else {
          state.overflowCount += 1
        }
      }
      wake.raise()
    }
    var isOpen = true
    while isOpen {
      do {
        switch try input.next(timeoutSeconds: 1) {
        case .message(let message): take(message)
        case .senderGone(let time):
          for message in inbox.state.withLock({ $0.held[index].release() }) {
            take(TimedMessage(time: time, message: message))
          }
          if endsWithGone { isOpen = false }
        case .timedOut: break
        case .ended, .closed: isOpen = false
        }
      } catch {
        inbox.state.withLock { $0.failure = error }
        isOpen = false
      }
    }
    for message in inbox.state.withLock({ $0.held[index].release() }) {
      take(TimedMessage(time: .now, message: message))
    }
    inbox.state.withLock { $0.openCount -= 1 }
    wake.raise()
  }

  private func takeMessages() throws {
    let (messages, failure) = inbox.state.withLock { state in
      defer { state.messages.removeAll(keepingCapacity: true) }
      return (state.messages, state.failure)
    }
    if let failure { throw failure }
    for message in messages {
      switch message.message {
      case .midi(let midi):
        guard let (channel, content) = midi.forChannel else { break }
        // What was due before it came is not changed by it.
        try send(performer.perform(until: message.time))
        recorder?.heard(midi, at: message.time)
        try send(performer.take(content, channel: channel, at: message.time))
      case .clock, .start, .resume, .stop, .songPosition: followClock(message)
      case .quarterFrame, .songSelect, .tuneRequest, .activeSensing, .reset: break
      }
    }
  }

  /// Every sixteenth note the performer is told where the beats are.
  private func followClock(_ message: TimedMessage) {
    clock.receive(message.message, at: message.time)
    guard message.message == .clock, clock.isRunning, clock.clockCount.isMultiple(of: 6),
      let tempo = clock.quartersPerMinute
    else { return }
    performer.follow(BeatMap(at: message.time, beat: clock.quarters(at: message.time), period: 60 / tempo))
  }

  // MARK: Requests

  /// Asks the stage, from any thread, to change something while it plays.
  public func request(_ change: LiveChange) {
    inbox.state.withLock { $0.changes.append(change) }
    wake.raise()
  }

  private func makeChanges() throws {
    let changes = inbox.state.withLock { state in
      defer { state.changes = [] }
      return state.changes
    }
    for change in changes {
      if change == .stop { isStopping = true }
      try send(performer.change(change, at: .now))
    }
  }

  // MARK: Outputs

  private func send(_ events: [LiveEvent]) throws {
    for event in events {
      sound?.send(event.message, channel: event.channel)
      if let message = event.message.onWire(channel: event.channel) {
        sent.follow(.midi(message))
        for output in outputs { try output.send(.midi(message), at: event.time) }
      }
      recorder?.played(event)
      let late = PerformanceTime.now.seconds(since: event.time)
      result.timeliness.add(late)
      if event.opensAnswer { result.answerTimeliness.add(late) }
    }
  }

  private func silence() throws {
    try send(performer.silence(at: .now))
    for message in sent.release() {
      for output in outputs { try output.send(message, at: .now) }
    }
  }

  // MARK: Learning

  private func learn() throws {
    guard let learning else { return }
    for ids in performer.takeCalls() { learning.learn(ids) }
    if performer.isBetweenPhrases, let model = learning.takeModel() { try performer.use(model) }
  }
}
