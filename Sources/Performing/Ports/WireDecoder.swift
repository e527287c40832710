/// Makes messages of the bytes of a port, however they are written.
struct WireDecoder: Sendable {
  private var parser: MIDIStreamParser

  init(_ encoding: WireEncoding) { parser = MIDIStreamParser() }

  /// How much was dropped.
  var faultCount: Int { parser.faults.count }

  mutating func consume(_ byte: UInt8) -> WireMessage? { parser.consume(byte) }

  mutating func reset() { parser.reset() }
}
