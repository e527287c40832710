import MIDI
import Performing
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What a new parser makes of these words.
func messages(words: [UInt32]) -> [WireMessage] {
  var parser = UMPParser()
  var result: [WireMessage] = []
  for word in words { parser.consume(word, at: at(0)) { result.append($0.message) } }
  return result
}

@Suite("Universal MIDI Packets")
struct UMPTests {
  @Test("System and MIDI 1.0 packets are the messages that they are")
  func midi1PacketsAreMessages() {
    #expect(
      messages(words: [
        0x2095_3C64, 0x2F80_3C00, 0x20C1_0500, 0x10F8_0000, 0x13F2_7F7F, 0x10F6_0000, 0x20E0_0040,
      ]) == [
        .midi(.noteOn(channel: 5, key: 60, velocity: 100)), .midi(.noteOff(channel: 0, key: 60, velocity: 0)),
        .midi(.programChange(channel: 1, program: 5)), .clock, .songPosition(16_383), .tuneRequest,
        .midi(.pitchBend(channel: 0, value: 0)),
      ])
  }

  @Test(
    "MIDI 2.0 values are scaled so that least, center and greatest stay",
    arguments: [
      (UInt32(0), 0, -8192), (0x8000_0000, 64, 0), (0xFFFF_FFFF, 127, 8191),
    ])
  func valuesAreScaled(value: UInt32, seven: Int, fourteen: Int) {
    #expect(
      messages(words: [
        0x40B0_0700, value, 0x40D3_0000, value, 0x40A0_3C00, value, 0x40E0_0000, value, 0x4080_3C00, value,
      ])
        == [
          .midi(.controlChange(channel: 0, controller: 7, value: seven)),
          .midi(.channelPressure(channel: 3, pressure: seven)),
          .midi(.keyPressure(channel: 0, key: 60, pressure: seven)),
          .midi(.pitchBend(channel: 0, value: fourteen)),
          .midi(.noteOff(channel: 0, key: 60, velocity: seven)),
        ])
  }

  @Test("A note that is struck with the least velocity is no note that ends")
  func leastVelocityIsOne() {
    #expect(
      messages(words: [0x4091_3C00, 0x0000_0000]) == [.midi(.noteOn(channel: 1, key: 60, velocity: 1))])
    #expect(
      messages(words: [0x4091_3C00, 0xFFFF_1234]) == [.midi(.noteOn(channel: 1, key: 60, velocity: 127))])
  }

  @Test("Programs come with their banks, and registered controllers as control changes")
  func programsAndControllers() {
    func control(_ controller: Int, _ value: Int) -> WireMessage {
      .midi(.controlChange(channel: 2, controller: controller, value: value))
    }
    #expect(
      messages(words: [0x40C2_0001, 0x1300_0502, 0x40C2_0000, 0x1400_0000]) == [
        control(0, 5), control(32, 2), .midi(.programChange(channel: 2, program: 19)),
        .midi(.programChange(channel: 2, program: 20)),
      ])
    #expect(
      messages(words: [0x4022_0001, 0x8000_0000, 0x4032_0A0B, 0xFFFF_FFFF]) == [
        control(101, 0), control(100, 1), control(6, 64), control(38, 0), control(99, 10), control(98, 11),
        control(6, 127), control(38, 127),
      ])
  }

  @Test("System-exclusive messages are put together, group by group")
  func exclusivesArePutTogether() {
    #expect(
      messages(words: [
        0x3003_7E7F, 0x0900_0000, 0x3016_0102, 0x0304_0506, 0x3116_1112, 0x1314_1516, 0x3032_0708, 0,
        0x3130_0000, 0,
      ]) == [
        .midi(.systemExclusive([0x7E, 0x7F, 9, 0xF7])),
        .midi(.systemExclusive([1, 2, 3, 4, 5, 6, 7, 8, 0xF7])),
        .midi(.systemExclusive([0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0xF7])),
      ])
  }

  @Test("Time stamps take the jitter of the way out")
  func timeStampsReduceJitter() {
    var generator = RepeatableGenerator(seed: 8)
    var parser = UMPParser()
    var errors: [Double] = []
    var arrivals: [Double] = []
    for step in 0..<400 {
      let seconds = Double(step) * 0.01
      let ticks = UInt32(UInt16(truncatingIfNeeded: Int((seconds * 31_250).rounded()) + 60_000))
      let arrival = seconds + 0.001 + Double.random(in: 0...0.005, using: &generator)
      if step % 10 == 0 { parser.consume(0x0010_0000 | ticks, at: at(arrival)) { _ in } }
      parser.consume(0x0020_0000 | ticks, at: at(arrival)) { _ in }
      parser.consume(0x2090_3C64, at: at(arrival)) { timed in
        guard seconds > 1 else { return }
        errors.append(timed.time.seconds(since: at(seconds)))
        arrivals.append(arrival - seconds)
      }
    }
    func spread(_ values: [Double]) -> Double { (values.max() ?? 0) - (values.min() ?? 0) }
    #expect(errors.count == 299)
    #expect(spread(arrivals) > 0.0045)
    #expect(spread(errors) < 0.0015)
  }

  @Test("Any words are read without a fault of ours, and every message is one that can be written")
  func anyWordsAreRead() {
    var generator = RepeatableGenerator(seed: 9)
    var parser = UMPParser()
    var count = 0
    for _ in 0..<20_000 {
      parser.consume(UInt32(truncatingIfNeeded: generator.next()), at: at(Double(count))) { timed in
        var writer = MIDIStreamWriter()
        var bytes: [UInt8] = []
        writer.write(timed.message, to: &bytes)
        #expect(messages(bytes) == [timed.message])
        count += 1
      }
    }
    #expect(count > 500)
    #expect(parser.faultCount > 0)
    #expect(parser.skippedCount > 0)
  }

  @Test("A FIFO of packets gives messages")
  func fifoOfPackets() throws {
    let folder = try TemporaryFolder()
    let input = try ByteStreamInput(fifo: folder.file("ump"), creates: true, encoding: .universalPackets)
    let writing = open(folder.file("ump"), O_WRONLY)
    defer { close(writing) }
    let words: [UInt32] = [0x4090_3C00, 0x8000_0000, 0x2080_3C40]
    let bytes = words.withUnsafeBytes { Array($0) }
    // In parts that are no words.
    send(Array(bytes.prefix(5)), to: writing)
    #expect(try input.next(timeoutSeconds: 0.05) == .timedOut)
    send(Array(bytes.dropFirst(5)), to: writing)
    #expect(message(try input.next(timeoutSeconds: 5)) == .midi(.noteOn(channel: 0, key: 60, velocity: 64)))
    #expect(message(try input.next(timeoutSeconds: 5)) == .midi(.noteOff(channel: 0, key: 60, velocity: 64)))
  }
}
