internal import CALSA

/// Makes messages of ALSA's sequencer events, and events of messages, through their bytes.
final class SequencerCoder {
  private let handle: OpaquePointer
  /// One for each sender that a message came from in part, or once: parts of another's may come between.
  private var parsers: [SequencerSender: MIDIStreamParser] = [:]
  private var writer = MIDIStreamWriter()
  private var bytes: [UInt8] = []
  private let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 65_536)

  /// Events that are no message of a cable, and messages that are no event.
  private(set) var faultCount = 0

  /// As many bytes of a system-exclusive message go into one event: the kernel's pool for a client holds some kilobytes, and a longer event would be
  /// lost as a whole. Receivers join them.
  static let chunk = 256

  init() throws(PortError) {
    var made: OpaquePointer?
    guard snd_midi_event_new(Self.chunk, &made) == 0, let made else {
      buffer.deallocate()
      throw .noResources(reason: "no memory for ALSA")
    }
    handle = made
    snd_midi_event_no_status(handle, 1)
  }

  deinit {
    snd_midi_event_free(handle)
    buffer.deallocate()
  }

  /// Visits the messages that an event completes. Long system-exclusive messages come in several events.
  func decode(_ event: UnsafePointer<snd_seq_event_t>, _ body: (WireMessage) -> Void) {
    let count = snd_midi_event_decode(handle, buffer.baseAddress, buffer.count, event)
    guard count > 0 else {
      faultCount += 1
      return
    }
    let sender = SequencerSender(event.pointee.source)
    var parser = parsers.removeValue(forKey: sender) ?? MIDIStreamParser()
    let before = parser.faults.count
    for byte in buffer[..<Int(count)] {
      if let message = parser.consume(byte) { body(message) }
    }
    faultCount += parser.faults.count - before
    // Clients come and go, and those that send without a connection go unseen.
    if parsers.count >= Self.senderLimit { parsers.removeAll() }
    parsers[sender] = parser
  }

  /// The most senders that are kept apart.
  private static let senderLimit = 256

  /// A sender has gone: what it began will not be ended.
  func forget(_ sender: SequencerSender) { parsers[sender] = nil }

  /// Forgets what is incomplete.
  func reset() { parsers.removeAll() }

  /// Visits the events of a message; what they point to holds until the next call.
  func encode(_ message: WireMessage, _ body: (UnsafeMutablePointer<snd_seq_event_t>) -> Void) {
    bytes.removeAll(keepingCapacity: true)
    writer.reset()
    writer.write(message, to: &bytes)
    snd_midi_event_reset_encode(handle)
    var done = 0
    while done < bytes.count {
      var event = snd_seq_event_t()
      let count = bytes.withUnsafeBufferPointer { bytes in
        snd_midi_event_encode(handle, bytes.baseAddress?.advanced(by: done), bytes.count - done, &event)
      }
      guard count > 0 else {
        faultCount += 1
        return
      }
      done += Int(count)
      if event.type != UInt8(SND_SEQ_EVENT_NONE.rawValue) { body(&event) }
    }
  }
}

/// The messages that an event of the sequencer stands for, which needs no sequencer.
/// - Parameters:
///   - type: the event's number, as `SND_SEQ_EVENT_CONTROL14`.
///   - channel: the channel, 0...15.
///   - parameter: the number of a controller or parameter.
///   - value: its value.
/// - Returns: the messages, and how much could not be understood.
/// - Throws: `PortError.noResources`.
package func messages(
  ofSequencerEvent type: Int, channel: Int, parameter: Int, value: Int
) throws(PortError) -> (messages: [WireMessage], faultCount: Int) {
  let decoder = try SequencerCoder()
  var event = snd_seq_event_t()
  event.type = UInt8(truncatingIfNeeded: type)
  event.data.control.channel = UInt8(truncatingIfNeeded: channel)
  event.data.control.param = UInt32(truncatingIfNeeded: parameter)
  event.data.control.value = Int32(truncatingIfNeeded: value)
  var result: [WireMessage] = []
  decoder.decode(&event) { result.append($0) }
  return (result, decoder.faultCount)
}

/// How many events of the sequencer a message becomes.
/// - Parameter message: the message.
/// - Throws: `PortError.noResources`.
package func sequencerEventCount(of message: WireMessage) throws(PortError) -> Int {
  var count = 0
  try SequencerCoder().encode(message) { _ in count += 1 }
  return count
}

/// What messages become on their way through events of the sequencer, which needs no sequencer.
/// - Parameter messages: what goes in.
/// - Throws: `PortError.noResources`.
package func throughSequencerEvents(_ messages: [WireMessage]) throws(PortError) -> [WireMessage] {
  let (encoder, decoder) = (try SequencerCoder(), try SequencerCoder())
  var result: [WireMessage] = []
  for message in messages { encoder.encode(message) { decoder.decode($0) { result.append($0) } } }
  return result
}
