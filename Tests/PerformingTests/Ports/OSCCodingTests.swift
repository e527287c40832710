import Performing
import TestSupport
import Testing

/// A random packet with all types of arguments.
func randomPacket(_ generator: inout RepeatableGenerator, depth: Int = 0) -> OSCPacket {
  if depth < 3, generator.number(0...3) == 0 {
    let packets = (0..<generator.number(0...4)).map { _ in randomPacket(&generator, depth: depth + 1) }
    return .bundle(time: OSCTimeTag(bits: generator.next()), packets)
  }
  let letters = Array("abcdefgh/")
  let address = "/" + String((0..<generator.number(0...12)).map { _ in letters[generator.number(0...8)] })
  let arguments = (0..<generator.number(0...6)).map { _ -> OSCArgument in
    switch generator.number(0...11) {
    case 0: .int(Int32(truncatingIfNeeded: generator.next()))
    case 1: .float(Float(generator.number(-1000...1000)) / 8)
    case 2:
      .string(
        String((0..<generator.number(0...9)).map { _ in ["x", "é", "𝄞"][generator.number(0...2)] }.joined()))
    case 3: .blob((0..<generator.number(0...9)).map { _ in UInt8(generator.number(0...255)) })
    case 4: .long(Int64(bitPattern: generator.next()))
    case 5: .double(Double(generator.number(-1000...1000)) / 3)
    case 6: .time(OSCTimeTag(bits: generator.next()))
    case 7: .boolean(true)
    case 8: .boolean(false)
    case 9: .null
    case 10: .impulse
    default: .midi(port: 1, status: 0x90, data1: 60, data2: UInt8(generator.number(0...255)))
    }
  }
  return .message(OSCMessage(address, arguments))
}

@Suite("OSC in bytes")
struct OSCCodingTests {
  @Test("A message has the bytes that the specification's example has")
  func messageHasItsBytes() throws {
    let message = OSCMessage(
      "/foo", [.int(1000), .int(-1), .string("hello"), .float(1.234), .float(5.678)])
    let bytes: [UInt8] = [
      0x2F, 0x66, 0x6F, 0x6F, 0, 0, 0, 0, 0x2C, 0x69, 0x69, 0x73, 0x66, 0x66, 0, 0,
      0, 0, 0x03, 0xE8, 0xFF, 0xFF, 0xFF, 0xFF, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0, 0, 0,
      0x3F, 0x9D, 0xF3, 0xB6, 0x40, 0xB5, 0xB2, 0x2D,
    ]
    #expect(OSCPacket.message(message).bytes == bytes)
    #expect(try OSCPacket(bytes: bytes) == .message(message))
  }

  @Test("What is written is read again")
  func whatIsWrittenIsRead() throws {
    var generator = RepeatableGenerator(seed: 21)
    for _ in 0..<500 {
      let packet = randomPacket(&generator)
      #expect(packet.bytes.count % 4 == 0)
      #expect(try OSCPacket(bytes: packet.bytes) == packet)
    }
  }

  @Test("Damaged packets are read or refused, and what is read can be written")
  func damagedPacketsAreRefused() {
    var generator = RepeatableGenerator(seed: 22)
    var refused = 0
    for _ in 0..<3000 {
      var bytes = randomPacket(&generator).bytes
      for _ in 0..<generator.number(1...4) where !bytes.isEmpty {
        switch generator.number(0...3) {
        case 0: bytes[generator.number(0...bytes.count - 1)] = UInt8(generator.number(0...255))
        case 1: bytes.removeLast(min(bytes.count, generator.number(1...8)))
        case 2: bytes += (0..<4).map { _ in UInt8(generator.number(0...255)) }
        default:
          bytes[generator.number(0...bytes.count - 1)] = [0, 0xFF, 0x7F, 0x23][generator.number(0...3)]
        }
      }
      do throws(OSCError) {
        let packet = try OSCPacket(bytes: bytes)
        _ = packet.bytes
      } catch {
        #expect((0...bytes.count).contains(error.offset))
        refused += 1
      }
    }
    #expect(refused > 500)
  }

  @Test("Random bytes are never more than refused")
  func randomBytesAreRefused() {
    var generator = RepeatableGenerator(seed: 23)
    for _ in 0..<2000 {
      var bytes = (0..<generator.number(0...120)).map { _ in UInt8(generator.number(0...255)) }
      if generator.isTrue(), bytes.count > 1 { bytes[0] = generator.isTrue() ? 0x2F : 0x23 }
      _ = try? OSCPacket(bytes: bytes)
    }
  }

  @Test("Lengths that claim more than there is are refused, however large")
  func lyingLengthsAreRefused() {
    let head: [UInt8] = [0x2F, 0x61, 0, 0, 0x2C, 0x62, 0, 0]
    for length: [UInt8] in [[0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFD], [0, 0, 0, 5]] {
      #expect(throws: OSCError.self) { try OSCPacket(bytes: head + length + [1, 2, 3, 4]) }
    }
    let bundle: [UInt8] = Array("#bundle".utf8) + [0, 0, 0, 0, 0, 0, 0, 0, 1]
    #expect(throws: OSCError.self) { try OSCPacket(bytes: bundle + [0x7F, 0xFF, 0xFF, 0xFC]) }
    #expect(throws: OSCError.self) { try OSCPacket(bytes: bundle + [0, 0, 0, 0]) }
  }

  @Test("Bundles are nested to a depth, and no deeper")
  func depthIsLimited() throws {
    var packet = OSCPacket.message(OSCMessage("/a"))
    for _ in 0..<OSCPacket.depthLimit { packet = .bundle(time: .immediately, [packet]) }
    #expect(try OSCPacket(bytes: packet.bytes) == packet)
    let deeper = OSCPacket.bundle(time: .immediately, [packet])
    #expect(throws: OSCError.self) { try OSCPacket(bytes: deeper.bytes) }
  }

  @Test("Moments are those of the network time protocol")
  func momentsAreThose() {
    #expect(OSCTimeTag(unixNanoseconds: 0).bits == 2_208_988_800 << 32)
    #expect(OSCTimeTag(unixNanoseconds: 500_000_000).bits & 0xFFFF_FFFF == 0x8000_0000)
    for nanoseconds: Int64 in [0, 1, 999_999_999, 1_763_790_000_123_456_789] {
      #expect(abs(OSCTimeTag(unixNanoseconds: nanoseconds).unixNanoseconds - nanoseconds) <= 1)
    }
  }

  @Test(
    "Patterns match within parts of an address",
    arguments: [
      ("/a/*/c", "/a/b/c", true), ("/a/*/c", "/a/b/d/c", false), ("/a/?", "/a/b", true),
      ("/a/?", "/a/", false),
      ("/{one,two}/x", "/two/x", true), ("/{one,two}/x", "/three/x", false), ("/[a-c]x", "/bx", true),
      ("/[!a-c]x", "/bx", false), ("/[!a-c]x", "/dx", true), ("/*", "/", true), ("/a*b*c", "/aXXbYYc", true),
      ("/a[", "/a[", true), ("/{a", "/a", false),
      ("/gruppetto/transport/st*", "/gruppetto/transport/stop", true),
    ])
  func patternsMatch(pattern: String, address: String, isMatch: Bool) {
    #expect(OSCAddressPattern(pattern).matches(address) == isMatch)
  }

  @Test("A pattern of many stars takes no time to fail")
  func starsTakeNoTime() {
    let pattern = OSCAddressPattern("/" + String(repeating: "*a", count: 200) + "b")
    let before = PerformanceTime.now
    #expect(!pattern.matches("/" + String(repeating: "a", count: 2000)))
    #expect(PerformanceTime.now.seconds(since: before) < 10)
  }
}
