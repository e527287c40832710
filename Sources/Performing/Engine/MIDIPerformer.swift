internal import MIDI
internal import Music
internal import Synchronization
public import Synthesis

/// Sends what an engine plays to an output of MIDI messages, each when it is heard.
public final class MIDIPerformer: PerformanceListener {
  private let sender: TimedSender
  private let sampleRate: Int
  private let clock: @Sendable (Int) -> PerformanceTime
  private let channels = Mutex([ChannelState](repeating: ChannelState(), count: 16))
  private let failure = Mutex<PortError?>(nil)

  private struct ChannelState {
    var program: Int?
    var pan = 64
  }

  /// A performer.
  /// - Parameters:
  ///   - output: Where the messages go.
  ///   - sampleRate: Frames a second of the engine.
  ///   - clock: When a frame of the engine is heard.
  /// - Throws: `PortError` where the system has no thread left.
  public init(
    _ output: some MessageOutput, sampleRate: Int, clock: @escaping @Sendable (Int) -> PerformanceTime
  ) throws(PortError) {
    sender = try TimedSender(output)
    self.sampleRate = sampleRate
    self.clock = clock
  }

  /// Sends the programs and notes of the bar.
  public func willPlay(_ bar: PerformedBar, atFrame frame: Int) {
    let map = bar.timeMap
    let moment = { (tick: Int) in frame + Int((map.seconds(at: tick) * Double(self.sampleRate)).rounded()) }
    var changes: [MIDIMessage] = []
    channels.withLock { channels in
      for part in bar.parts where bar.notes.contains(where: { bar.parts[$0.part].channel == part.channel }) {
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
    var events: [(frame: Int, rank: Int, message: MIDIMessage)] = []
    for note in bar.notes where (0...127).contains(note.note.pitch) {
      let channel = bar.parts[note.part].channel, key = note.note.pitch
      let onset = moment(note.note.onset)
      let end = max(moment(note.note.end), onset + sampleRate / 100)
      events.append(
        (onset, 1, .noteOn(channel: channel, key: key, velocity: min(max(note.note.velocity, 1), 127))))
      events.append((end, 0, .noteOff(channel: channel, key: key, velocity: 64)))
    }
    let order = events.indices.sorted {
      (events[$0].frame, events[$0].rank, $0) < (events[$1].frame, events[$1].rank, $1)
    }
    for index in order { send(events[index].message, at: events[index].frame) }
  }

  /// Sends the message.
  public func willPlay(_ message: ChannelMessage, channel: Int, atFrame frame: Int) {
    send(MIDIMessage(message, channel: channel), at: frame)
  }

  private func send(_ message: MIDIMessage, at frame: Int) {
    do throws(PortError) {
      try sender.send(.midi(message), at: clock(frame))
    } catch {
      failure.withLock { $0 = $0 ?? error }
    }
  }

  /// How late messages were.
  public var timeliness: Timeliness { sender.timeliness }

  /// Ends all notes, and closes the output.
  /// - Parameter seconds: For how many seconds what is planned may still be sent.
  /// - Throws: `PortError` if something could not be sent at any time.
  public func finish(waits seconds: Double = 0) throws(PortError) {
    if seconds > 0 { _ = sender.waitUntilSent(timeoutSeconds: seconds) }
    sender.cancelAll()
    sender.close()
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
