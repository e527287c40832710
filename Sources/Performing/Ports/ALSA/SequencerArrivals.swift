internal import CALSA

/// Makes of the events that come to a sequencer's port what an input gives, sender by sender.
///
/// Several clients may be connected to one port. A system-exclusive message in several events is that of one sender, whatever others send between
/// them; and what one that goes away holds down is released without the others' keys.
struct SequencerArrivals: ~Copyable {
  private let coder: SequencerCoder
  /// The port that events are for; the client's other ones are told of their connections too.
  private let port: UInt8
  /// What each sender holds down.
  private var held: [SequencerSender: HeldKeys] = [:]
  private var waiting: [InputEvent] = []
  private var nextWaiting = 0
  /// Messages that came in, faults, and how often the kernel's queue ran over.
  private(set) var statistics = InputStatistics()

  /// - Parameter port: the number of the client's port that is listened to.
  init(port: Int32) throws(PortError) {
    coder = try SequencerCoder()
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
    case SND_SEQ_EVENT_PORT_SUBSCRIBED.rawValue: break
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
    for sender in held.keys { release(sender, time) }
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
    if held.isEmpty { waiting.append(.senderGone(time)) }
  }
}

/// A port of another client that events come from.
struct SequencerSender: Hashable {
  private let client: UInt8
  private let port: UInt8

  init(_ address: snd_seq_addr_t) { (client, port) = (address.client, address.port) }
}

/// What happens at a port of the sequencer, for `arrivals(of:)`.
package enum SequencerOccurrence: Sendable {
  /// A message comes from a port of another client; those that need several events come in as many.
  case message(WireMessage, client: Int, port: Int)
  /// System-exclusive messages of several clients come at once: the first event of each, the second of each, and so on.
  case together([(message: WireMessage, client: Int)])
  /// A port of another client is not connected any more to a port of this one, whose number is `to`.
  case disconnected(client: Int, port: Int, to: Int)
  /// The kernel's queue has run over.
  case overflow
}

/// What an input whose port has the number 0 makes of what happens at it, which needs no sequencer.
/// - Parameter occurrences: what happens, in this order.
/// - Returns: what the input gives, and what it counts.
/// - Throws: `PortError.noResources`.
package func arrivals(
  of occurrences: [SequencerOccurrence]
) throws(PortError) -> (events: [InputEvent], statistics: InputStatistics) {
  var arrivals = try SequencerArrivals(port: 0)
  let time = PerformanceTime(nanoseconds: 0)
  func events(_ message: WireMessage, client: Int, port: Int) throws(PortError) -> [SequencerEventCopy] {
    var copies: [SequencerEventCopy] = []
    try SequencerCoder().encode(message) { event in
      event.pointee.source.client = UInt8(truncatingIfNeeded: client)
      event.pointee.source.port = UInt8(truncatingIfNeeded: port)
      copies.append(SequencerEventCopy(event))
    }
    return copies
  }
  for occurrence in occurrences {
    switch occurrence {
    case .message(let message, let client, let port):
      for event in try events(message, client: client, port: port) {
        event.use { arrivals.add($0, at: time) }
      }
    case .together(let senders):
      var streams: [[SequencerEventCopy]] = []
      for sender in senders { streams.append(try events(sender.message, client: sender.client, port: 0)) }
      for place in 0..<(streams.map(\.count).max() ?? 0) {
        for stream in streams where place < stream.count { stream[place].use { arrivals.add($0, at: time) } }
      }
    case .disconnected(let client, let port, let own):
      var event = snd_seq_event_t()
      event.type = UInt8(SND_SEQ_EVENT_PORT_UNSUBSCRIBED.rawValue)
      event.dest.port = UInt8(truncatingIfNeeded: own)
      event.data.connect.sender.client = UInt8(truncatingIfNeeded: client)
      event.data.connect.sender.port = UInt8(truncatingIfNeeded: port)
      arrivals.add(&event, at: time)
    case .overflow: arrivals.overflow(at: time)
    }
  }
  var result: [InputEvent] = []
  while let event = arrivals.take() { result.append(event) }
  return (result, arrivals.statistics)
}

/// An event with the bytes that it points to.
private struct SequencerEventCopy {
  private var event: snd_seq_event_t
  private let bytes: [UInt8]

  init(_ pointer: UnsafePointer<snd_seq_event_t>) {
    event = pointer.pointee
    let isVariable = UInt32(event.type) == SND_SEQ_EVENT_SYSEX.rawValue
    bytes =
      isVariable
      ? Array(UnsafeRawBufferPointer(start: event.data.ext.ptr, count: Int(event.data.ext.len))) : []
  }

  func use(_ body: (UnsafePointer<snd_seq_event_t>) -> Void) {
    var event = event
    guard !bytes.isEmpty else { return body(&event) }
    var bytes = bytes
    bytes.withUnsafeMutableBytes {
      event.data.ext.ptr = $0.baseAddress
      body(&event)
    }
  }
}
