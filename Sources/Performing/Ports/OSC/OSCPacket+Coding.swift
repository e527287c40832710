extension OSCPacket {
  /// The most bytes of a packet: what a datagram of UDP holds at most.
  public static let sizeLimit = 65_507
  /// How deep bundles may be nested.
  public static let depthLimit = 8

  /// Reads a packet.
  ///
  /// Time and memory are in proportion to the bytes: all lengths are checked against what is there. What does not follow the
  /// specification is refused as a whole, but for two habits of old senders: a message that ends after its address
  /// has no arguments, and padding may hold any bytes.
  /// - Parameter bytes: a datagram.
  /// - Throws: `OSCError`.
  public init(bytes: [UInt8]) throws(OSCError) {
    guard bytes.count <= Self.sizeLimit else {
      throw OSCError(offset: Self.sizeLimit, expected: "the end of the packet")
    }
    var reader = OSCReader(bytes: bytes, position: 0, end: bytes.count)
    self = try reader.packet(depth: 0)
  }

  /// The packet's bytes. Addresses and texts end at a character 0, if they have one.
  public var bytes: [UInt8] {
    var writer = OSCWriter()
    writer.write(self)
    return writer.bytes
  }
}

/// Reads one packet from a part of the bytes.
private struct OSCReader {
  let bytes: [UInt8]
  var position: Int
  let end: Int

  private func fault(_ expected: String) -> OSCError { OSCError(offset: position, expected: expected) }

  mutating func packet(depth: Int) throws(OSCError) -> OSCPacket {
    guard position < end else { throw fault("a message or a bundle") }
    guard (end - position) % 4 == 0 else { throw fault("a length that is a multiple of four") }
    switch bytes[position] {
    case UInt8(ascii: "/"): return .message(try message())
    case UInt8(ascii: "#"): return try bundle(depth: depth)
    default: throw fault("/ or #bundle")
    }
  }

  private mutating func bundle(depth: Int) throws(OSCError) -> OSCPacket {
    guard depth < OSCPacket.depthLimit else {
      throw fault("bundles nested at most \(OSCPacket.depthLimit) deep")
    }
    guard try string() == "#bundle" else { throw fault("#bundle") }
    let time = OSCTimeTag(bits: try word64())
    var packets: [OSCPacket] = []
    while position < end {
      let size = Int(try word32())
      guard size <= end - position, size > 0, size % 4 == 0 else {
        throw fault("an element that fits the bundle")
      }
      var reader = OSCReader(bytes: bytes, position: position, end: position + size)
      packets.append(try reader.packet(depth: depth + 1))
      position += size
    }
    return .bundle(time: time, packets)
  }

  private mutating func message() throws(OSCError) -> OSCMessage {
    let address = try string()
    guard position < end else { return OSCMessage(address) }
    guard bytes[position] == UInt8(ascii: ",") else { throw fault("a comma and types") }
    let types = try string()
    var arguments: [OSCArgument] = []
    arguments.reserveCapacity(types.utf8.count - 1)
    for type in types.utf8.dropFirst() { arguments.append(try argument(type)) }
    guard position == end else { throw fault("the end of the message") }
    return OSCMessage(address, arguments)
  }

  private mutating func argument(_ type: UInt8) throws(OSCError) -> OSCArgument {
    switch type {
    case UInt8(ascii: "i"), UInt8(ascii: "c"): return .int(Int32(bitPattern: try word32()))
    case UInt8(ascii: "f"): return .float(Float(bitPattern: try word32()))
    case UInt8(ascii: "s"), UInt8(ascii: "S"): return .string(try string())
    case UInt8(ascii: "b"): return .blob(try blob())
    case UInt8(ascii: "h"): return .long(Int64(bitPattern: try word64()))
    case UInt8(ascii: "d"): return .double(Double(bitPattern: try word64()))
    case UInt8(ascii: "t"): return .time(OSCTimeTag(bits: try word64()))
    case UInt8(ascii: "T"): return .boolean(true)
    case UInt8(ascii: "F"): return .boolean(false)
    case UInt8(ascii: "N"): return .null
    case UInt8(ascii: "I"): return .impulse
    case UInt8(ascii: "m"):
      let word = try word32()
      return .midi(
        port: UInt8(word >> 24), status: UInt8(word >> 16 & 0xFF), data1: UInt8(word >> 8 & 0xFF),
        data2: UInt8(word & 0xFF))
    default: throw fault("a type that is known, not \(type)")
    }
  }

  private mutating func word32() throws(OSCError) -> UInt32 {
    guard end - position >= 4 else { throw fault("four bytes") }
    defer { position += 4 }
    return bytes[position..<position + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  private mutating func word64() throws(OSCError) -> UInt64 {
    guard end - position >= 8 else { throw fault("eight bytes") }
    return UInt64(try word32()) << 32 | UInt64(try word32())
  }

  /// A text with its zeros, up to a multiple of four bytes.
  private mutating func string() throws(OSCError) -> String {
    guard let zero = bytes[position..<end].firstIndex(of: 0) else {
      throw fault("a text that ends with a zero")
    }
    let length = (zero - position) / 4 * 4 + 4
    guard length <= end - position else { throw fault("a text that is filled up with zeros") }
    guard let text = String(validating: bytes[position..<zero], as: UTF8.self) else {
      throw fault("a text in UTF-8")
    }
    position += length
    return text
  }

  private mutating func blob() throws(OSCError) -> [UInt8] {
    let count = Int(try word32())
    // Compared before it is rounded up, so that no length overflows.
    guard count <= end - position, (count + 3) / 4 * 4 <= end - position else {
      throw fault("\(count) bytes")
    }
    defer { position += (count + 3) / 4 * 4 }
    return Array(bytes[position..<position + count])
  }
}

/// Writes packets.
private struct OSCWriter {
  var bytes: [UInt8] = []

  mutating func write(_ packet: OSCPacket) {
    switch packet {
    case .message(let message): write(message)
    case .bundle(let time, let packets):
      string("#bundle")
      word64(time.bits)
      for packet in packets {
        let place = bytes.count
        word32(0)
        write(packet)
        let size = UInt32(bytes.count - place - 4)
        for index in 0..<4 {
          bytes[place + index] = UInt8(truncatingIfNeeded: size >> (24 - 8 * UInt32(index)))
        }
      }
    }
  }

  private mutating func write(_ message: OSCMessage) {
    string(message.address)
    string("," + message.arguments.map(type).joined())
    for argument in message.arguments { write(argument) }
  }

  private func type(_ argument: OSCArgument) -> String {
    switch argument {
    case .int: "i"
    case .float: "f"
    case .string: "s"
    case .blob: "b"
    case .long: "h"
    case .double: "d"
    case .time: "t"
    case .boolean(let value): value ? "T" : "F"
    case .null: "N"
    case .impulse: "I"
    case .midi: "m"
    }
  }

  private mutating func write(_ argument: OSCArgument) {
    switch argument {
    case .int(let value): word32(UInt32(bitPattern: value))
    case .float(let value): word32(value.bitPattern)
    case .string(let text): string(text)
    case .blob(let data):
      word32(UInt32(truncatingIfNeeded: data.count))
      bytes += data
      fill()
    case .long(let value): word64(UInt64(bitPattern: value))
    case .double(let value): word64(value.bitPattern)
    case .time(let time): word64(time.bits)
    case .boolean, .null, .impulse: break
    case .midi(let port, let status, let first, let second): bytes += [port, status, first, second]
    }
  }

  private mutating func word32(_ value: UInt32) {
    for shift in stride(from: UInt32(24), through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  private mutating func word64(_ value: UInt64) {
    word32(UInt32(value >> 32))
    word32(UInt32(truncatingIfNeeded: value))
  }

  private mutating func string(_ text: String) {
    bytes += text.utf8.prefix { $0 != 0 }
    bytes.append(0)
    fill()
  }

  private mutating func fill() { while bytes.count % 4 != 0 { bytes.append(0) } }
}
