internal import CALSA

/// Makes of the events that come to a sequencer's port what an input gives, sender by sender.
///
/// Several clients may be connected to one port. A system-exclusive message in several events is that of one sender, whatever others send between
/// them; and what one that goes away holds down is released without the others' keys.
struct SequencerArrivals: ~Copyable {
  private let coder: SequencerCoder
  /// The port that events are for; the client's other ones are told of their connections too.
  private let port: UInt8
  /// The ports that this one is connected to.
  private let connections: SequencerConnections
  /// What each sender holds down. Among them may be some that are not connected: an event can be sent to a port without that.
  private var held: [SequencerSender: HeldKeys] = [:]
  private var waiting: [InputEvent] = []
  private var nextWaiting = 0
  /// Messages that came in, faults, and how often the kernel's queue ran over.
  private(set) var statistics = InputStatistics()

  /// - Parameters:
  ///   - port: the number of the client's port that is listened to.
  ///   - connections: the ports that it is connected to.
  init(port: Int32, connections: SequencerConnections) throws(PortError) {
    coder = try SequencerCoder()
    self.connections = connections
    self.port = UInt8(truncatingIfNeeded: port)
  }

  /// What came first and was not taken yet.
  mutating func take() -> InputEvent? {
    guard nextWaiting < waiting.count else { return nil }
    defer {
      nextWaiting += 1
      if nextWaiting == waiting.count {
        waiting.removeAll(keepingCapacity: true)
        nextWaiting = 0
      }
    }
    return waiting[nextWaiting]
  }

  /// Adds an event.
  mutating func add(_ event: UnsafePointer<snd_seq_event_t>, at time: PerformanceTime) {
    switch UInt32(event.pointee.type) {
    case SND_SEQ_EVENT_PORT_SUBSCRIBED.rawValue:
      guard event.pointee.dest.port == port else { break }
      connections.add(SequencerSender(event.pointee.data.connect.sender))
    case SND_SEQ_EVENT_PORT_UNSUBSCRIBED.rawValue:
      // That somebody has stopped to listen to the port `out` ends no keys.
      guard event.pointee.dest.port == port else { break }
      lose(SequencerSender(event.pointee.data.connect.sender), time)
    default:
      let sender = SequencerSender(event.pointee.source)
      let before = coder.faultCount
      coder.decode(event) { message in
        statistics.messageCount += 1
        held[sender, default: HeldKeys()].follow(message)
        waiting.append(.message(TimedMessage(time: time, message: message)))
      }
      statistics.faultCount += coder.faultCount - before
    }
  }

  /// The kernel's queue ran over, and was emptied: keys may have been released unheard. The senders are still there.
  mutating func overflow(at time: PerformanceTime) {
    statistics.overflowCount += 1
    coder.reset()
    for sender in held.keys.sorted() { release(sender, time) }
  }

  private mutating func release(_ sender: SequencerSender, _ time: PerformanceTime) {
    guard let messages = held[sender]?.release() else { return }
    waiting += messages.map { .message(TimedMessage(time: time, message: $0)) }
  }

  /// A sender was disconnected, or has gone.
  private mutating func lose(_ sender: SequencerSender, _ time: PerformanceTime) {
    coder.forget(sender)
    release(sender, time)
    held[sender] = nil
    if connections.remove(sender) { waiting.append(.senderGone(time)) }
  }
}
