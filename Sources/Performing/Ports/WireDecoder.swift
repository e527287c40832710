/// Makes messages of the bytes of a port, however they are written.
enum WireDecoder: Sendable {
  case midi1(MIDIStreamParser)
  /// Packets, and the bytes of a word that has begun.
  case universalPackets(UMPParser, word: UInt32, count: Int)

  init(_ encoding: WireEncoding) {
    switch encoding {
    case .midi1: self = .midi1(MIDIStreamParser())
    case .universalPackets: self = .universalPackets(UMPParser(), word: 0, count: 0)
    }
  }

  /// How much was dropped.
  var faultCount: Int {
    switch self {
    case .midi1(let parser): parser.faults.count
    case .universalPackets(let parser, _, _): parser.faultCount
    }
  }

  /// Takes bytes that arrived at a moment, and gives the messages that they complete.
  mutating func consume(
    _ bytes: UnsafeRawBufferPointer, at time: PerformanceTime, _ body: (TimedMessage) -> Void
  ) {
    switch self {
    case .midi1(var parser):
      for byte in bytes {
        if let message = parser.consume(byte) { body(TimedMessage(time: time, message: message)) }
      }
      self = .midi1(parser)
    case .universalPackets(var parser, var word, var count):
      for byte in bytes {
        // The first byte is the lowest where the machine's are.
        let place = UInt32(1).littleEndian == 1 ? count : 3 - count
        word |= UInt32(byte) << UInt32(8 * place)
        count += 1
        guard count == 4 else { continue }
        parser.consume(word, at: time, body)
        (word, count) = (0, 0)
      }
      self = .universalPackets(parser, word: word, count: count)
    }
  }

  mutating func reset() {
    switch self {
    case .midi1(var parser):
      parser.reset()
      self = .midi1(parser)
    case .universalPackets(var parser, _, _):
      parser.reset()
      self = .universalPackets(parser, word: 0, count: 0)
    }
  }
}
