internal import CALSA

/// What happens at a port of the sequencer, for `arrivals(of:)`.
package enum SequencerOccurrence: Sendable {
  /// A message comes from a port of another client; those that need several events come in as many.
  case message(WireMessage, client: Int, port: Int)
  /// System-exclusive messages of several clients come at once: the first event of each, the second of each, and so on.
  case together([(message: WireMessage, client: Int)])
  /// Somebody else connects a port of another client to a port of this one, whose number is `to`.
  case connected(client: Int, port: Int, to: Int)
  /// This client connects a port of another one itself, of which the kernel tells it nothing.
  case connects(client: Int, port: Int)
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
  let connections = SequencerConnections()
  var arrivals = try SequencerArrivals(port: 0, connections: connections)
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
    case .connected(let client, let port, let own):
      var event = connection(SND_SEQ_EVENT_PORT_SUBSCRIBED, client, port, own)
      arrivals.add(&event, at: time)
    case .connects(let client, let port): connections.add(SequencerSender(client: client, port: port))
    case .disconnected(let client, let port, let own):
      var event = connection(SND_SEQ_EVENT_PORT_UNSUBSCRIBED, client, port, own)
      arrivals.add(&event, at: time)
    case .overflow: arrivals.overflow(at: time)
    }
  }
  var result: [InputEvent] = []
  while let event = arrivals.take() { result.append(event) }
  return (result, arrivals.statistics)
}

/// That a connection of another client's port to this one's port `own` begins or ends.
private func connection(
  _ type: snd_seq_event_type, _ client: Int, _ port: Int, _ own: Int
) -> snd_seq_event_t {
  var event = snd_seq_event_t()
  event.type = UInt8(type.rawValue)
  event.dest.port = UInt8(truncatingIfNeeded: own)
  event.data.connect.sender.client = UInt8(truncatingIfNeeded: client)
  event.data.connect.sender.port = UInt8(truncatingIfNeeded: port)
  return event
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
