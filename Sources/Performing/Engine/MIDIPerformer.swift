public import MIDI
internal import Music
public import Synthesis

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Sends what an engine plays to an output of MIDI messages, each when it is heard.
///
/// Messages wait by the frame at which they are heard, and get their moment shortly before it, so that a pause holds them back too.
public final class MIDIPerformer: PerformanceListener {
  private let sender: TimedSender
  private let sampleRate: Int
  private let clock: @Sendable (Int) -> PerformanceTime?
  private let waiting: Guarded<Waiting>
  private let thread = Guarded<PortThread?>(nil)
  private let channels = Guarded([ChannelState](repeating: ChannelState(), count: 16))
  private let failure = Guarded<PortError?>(nil)

  private struct ChannelState {
    var program: Int?
    var pan = 64
  }

  private struct Waiting {
    var queue = DueQueue(capacity: 65_536)
    /// What sounds, by what was given to the sender.
    var held = HeldKeys()
    /// How hard each key of each channel was struck last, and how far each pedal is down.
    var velocities = [Int](repeating: 64, count: 16 * 128)
    var pedals = [Int](repeating: 0, count: 16)
    /// What was held before the pause.
    var interrupted: [WireMessage] = []
    /// The last moment that the sender was given.
    var lastMoment = PerformanceTime(nanoseconds: 0)
    var isPaused = false
    var isEnded = false

    mutating func follow(_ message: WireMessage) {
      held.follow(message)
      switch message {
      case .midi(.noteOn(let channel, let key, let velocity)) where velocity > 0:
        velocities[128 * (channel & 15) + key & 127] = velocity
      case .midi(.controlChange(let channel, 64, let value)): pedals[channel & 15] = value
      default: break
      }
    }

    /// The message that takes back a release.
    func restoration(of release: WireMessage) -> WireMessage {
      switch release {
      case .midi(.noteOff(let channel, let key, _)):
        .midi(.noteOn(channel: channel, key: key, velocity: velocities[128 * channel + key]))
      case .midi(.controlChange(let channel, let controller, _)):
        .midi(.controlChange(channel: channel, controller: controller, value: pedals[channel]))
      default: release
      }
    }
  }

  /// So long before it is heard a message gets its moment, in seconds: more than the thread sleeps on a busy computer.
  private static let lead = 0.05

  /// A performer.
  /// - Parameters:
  ///   - output: Where the messages go.
  ///   - sampleRate: Frames a second of the engine.
  ///   - clock: When a frame of the engine is heard; nil as long as that is not known. Later frames are heard later.
  /// - Throws: `PortError` where the system has no thread left.
  public init(
    _ output: some MessageOutput, sampleRate: Int, clock: @escaping @Sendable (Int) -> PerformanceTime?
  ) throws(PortError) {
    sender = try TimedSender(output)
    self.sampleRate = sampleRate
    self.clock = clock
    waiting = Guarded(Waiting())
    let thread = try PortThread { [weak self] in
      PortThread.becomeRealTime()
      while self?.handOver() == true { usleep(5000) }
    }
    self.thread.withLock { $0 = thread }
  }

  /// Gives what is heard soon to the sender.
  /// - Returns: false after the end.
  private func handOver() -> Bool {
    waiting.withLock { state in
      let limit = PerformanceTime.now.advanced(bySeconds: Self.lead)
      while !state.isPaused, let frame = state.queue.firstTime,
        let moment = clock(Int(frame.nanoseconds)), moment <= limit,
        let message = state.queue.take(by: frame)
      {
        state.follow(message.message)
        // What is known of moments wavers, and a release must not be overtaken.
        state.lastMoment = max(state.lastMoment, moment)
        give(message.message, at: state.lastMoment)
      }
      return !state.isEnded
    }
  }

  /// Holds back what is to come, and ends the notes that sound.
  public func pause() {
    waiting.withLock { state in
      guard !state.isPaused else { return }
      state.isPaused = true
      // After what the sender has already.
      state.lastMoment = max(state.lastMoment, .now)
      let releases = state.held.release()
      state.interrupted = releases.map { state.restoration(of: $0) }
      for message in releases { give(message, at: state.lastMoment) }
    }
  }

  /// Goes on after a pause: pedals are pressed and keys are struck again that were down before.
  public func resume() {
    waiting.withLock { state in
      guard state.isPaused else { return }
      state.isPaused = false
      state.lastMoment = max(state.lastMoment, .now)
      for message in state.interrupted {
        state.follow(message)
        give(message, at: state.lastMoment)
      }
      state.interrupted = []
    }
  }

  private func give(_ message: WireMessage, at moment: PerformanceTime) {
    do throws(PortError) {
      try sender.send(message, at: moment)
    } catch {
      failure.withLock { $0 = $0 ?? error }
    }
  }

  /// Sends the programs and notes of the bar.
  public func willPlay(_ bar: PerformedBar, atFrame frame: Int) {
    let map = bar.timeMap
    let moment = { (tick: Int) in frame + Int((map.seconds(at: tick) * Double(self.sampleRate)).rounded()) }
    var changes: [MIDIMessage] = []
    channels.withLock { channels in
      for part in bar.soundingParts {
        if channels[part.channel].program != part.program {
          channels[part.channel].program = part.program
          changes.append(.programChange(channel: part.channel, program: part.program))
        }
        if channels[part.channel].pan != part.pan {
          channels[part.channel].pan = part.pan
          changes.append(.controlChange(channel: part.channel, controller: 10, value: part.pan))
        }
      }
    }
    for change in changes { send(change, at: frame) }
    for event in bar.playedNotes(shortest: sampleRate / 100, at: moment).events {
      let note = event.note
      send(
        event.isOn
          ? .noteOn(channel: note.channel, key: note.key, velocity: note.velocity)
          : .noteOff(channel: note.channel, key: note.key, velocity: 64), at: event.time)
    }
  }

  /// Sends the message.
  public func willPlay(_ message: ChannelMessage, channel: Int, atFrame frame: Int) {
    send(MIDIMessage(message, channel: channel), at: frame)
  }

  /// Sends a message when a frame is heard.
  /// - Parameters:
  ///   - message: The message.
  ///   - frame: The frame.
  public func send(_ message: MIDIMessage, atFrame frame: Int) { send(message, at: frame) }

  /// Drops what is to come, and ends the notes that sound: the music goes on from another place.
  public func move() {
    waiting.withLock { state in
      state.queue.removeAll()
      state.held = HeldKeys()
      state.interrupted = []
      // What the sender was given ahead is not heard any more, and the new place may be heard before that would have been.
      sender.cancelAll()
      state.lastMoment = .now
    }
  }

  private func send(_ message: MIDIMessage, at frame: Int) {
    // The queue orders by any number that grows with time, such as the frame's.
    let place = PerformanceTime(nanoseconds: Int64(frame))
    waiting.withLock { _ = $0.queue.add(TimedMessage(time: place, message: .midi(message))) }
  }

  /// Why nothing can be sent any more; nil as long as it can. It may be asked for at any time.
  public var problem: PortError? { failure.withLock { $0 } ?? sender.problem }

  /// How late messages were.
  public var timeliness: Timeliness { sender.timeliness }

  /// Ends all notes, and closes the output.
  /// - Parameter seconds: For how many seconds what is planned may still be sent.
  /// - Throws: `PortError` if something could not be sent at any time.
  public func finish(waits seconds: Double = 0) throws(PortError) {
    let deadline = PerformanceTime.now.advanced(bySeconds: seconds)
    while PerformanceTime.now < deadline, waiting.withLock({ $0.queue.count }) > 0 { usleep(1000) }
    waiting.withLock { $0.isEnded = true }
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
    let left = deadline.seconds(since: .now)
    if left > 0 { _ = sender.waitUntilSent(timeoutSeconds: left) }
    sender.cancelAll()
    sender.close()
    if let error = problem { throw error }
  }
}
