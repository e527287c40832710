import MIDI
import Performing
import TestSupport
import Testing

/// What a parser makes of these bytes.
func messages(_ bytes: [UInt8], parser: inout MIDIStreamParser) -> [WireMessage] {
  var result: [WireMessage] = []
  parser.consume(bytes) { result.append($0) }
  return result
}

/// What a new parser makes of these bytes.
func messages(_ bytes: [UInt8]) -> [WireMessage] {
  var parser = MIDIStreamParser()
  return messages(bytes, parser: &parser)
}

/// A random message of any kind that a cable carries.
func randomMessage(_ generator: inout RepeatableGenerator) -> WireMessage {
  let (channel, first, second) = (
    generator.number(0...15), generator.number(0...127), generator.number(0...127)
  )
  switch generator.number(0...18) {
  case 0: return .midi(.noteOff(channel: channel, key: first, velocity: second))
  case 1...6: return .midi(.noteOn(channel: channel, key: first, velocity: second))
  case 7: return .midi(.keyPressure(channel: channel, key: first, pressure: second))
  case 8: return .midi(.controlChange(channel: channel, controller: first, value: second))
  case 9: return .midi(.programChange(channel: channel, program: first))
  case 10: return .midi(.channelPressure(channel: channel, pressure: first))
  case 11: return .midi(.pitchBend(channel: channel, value: generator.number(-8192...8191)))
  case 12:
    let data = (0..<generator.number(0...40)).map { _ in UInt8(generator.number(0...127)) }
    return .midi(.systemExclusive(data + [0xF7]))
  case 13: return .quarterFrame(first)
  case 14: return .songPosition(generator.number(0...16_383))
  case 15: return .songSelect(first)
  case 16: return .tuneRequest
  default: return randomRealTime(&generator)
  }
}

/// A random real-time message.
func randomRealTime(_ generator: inout RepeatableGenerator) -> WireMessage {
  [.clock, .start, .resume, .stop, .activeSensing][generator.number(0...4)]
}

@Suite("The bytes of a MIDI cable")
struct MIDIStreamParserTests {
  @Test("Channel messages come out with their values")
  func channelMessagesComeOut() {
    #expect(
      messages([0x91, 60, 100, 0x81, 60, 64, 0xA2, 1, 2, 0xB3, 7, 127, 0xC4, 19, 0xD5, 3, 0xE6, 0, 64]) == [
        .midi(.noteOn(channel: 1, key: 60, velocity: 100)),
        .midi(.noteOff(channel: 1, key: 60, velocity: 64)),
        .midi(.keyPressure(channel: 2, key: 1, pressure: 2)),
        .midi(.controlChange(channel: 3, controller: 7, value: 127)),
        .midi(.programChange(channel: 4, program: 19)),
        .midi(.channelPressure(channel: 5, pressure: 3)),
        .midi(.pitchBend(channel: 6, value: 0)),
      ])
  }

  @Test("A status byte holds for the messages that follow it")
  func statusHolds() {
    #expect(
      messages([0x90, 60, 100, 64, 101, 60, 0, 0xC0, 1, 2]) == [
        .midi(.noteOn(channel: 0, key: 60, velocity: 100)),
        .midi(.noteOn(channel: 0, key: 64, velocity: 101)),
        .midi(.noteOn(channel: 0, key: 60, velocity: 0)),
        .midi(.programChange(channel: 0, program: 1)),
        .midi(.programChange(channel: 0, program: 2)),
      ])
  }

  @Test("Real-time bytes stand between any others and change nothing there")
  func realTimeStandsAnywhere() {
    #expect(
      messages([0x90, 0xF8, 60, 0xFE, 100, 0xFA, 62, 0xFC, 99]) == [
        .clock, .activeSensing, .midi(.noteOn(channel: 0, key: 60, velocity: 100)), .start, .stop,
        .midi(.noteOn(channel: 0, key: 62, velocity: 99)),
      ])
    #expect(
      messages([0xF0, 0x7D, 0xF8, 1, 0xFB, 2, 0xF7]) == [
        .clock, .resume, .midi(.systemExclusive([0x7D, 1, 2, 0xF7])),
      ])
  }

  @Test("System messages end the running status, real-time ones do not, and song positions have 14 bits")
  func systemMessagesEndTheStatus() {
    var parser = MIDIStreamParser()
    #expect(
      messages([0x90, 60, 1, 0xF2, 0x7F, 0x7F, 61, 1, 0xF3, 5, 0xF1, 0x35, 0xF6], parser: &parser) == [
        .midi(.noteOn(channel: 0, key: 60, velocity: 1)), .songPosition(16_383), .songSelect(5),
        .quarterFrame(0x35), .tuneRequest,
      ])
    #expect(parser.faults.strayBytes == 2)
  }

  @Test("Undefined bytes are dropped; F4 and F5 end the running status, F9 and FD do not")
  func undefinedBytesAreDropped() {
    var parser = MIDIStreamParser()
    #expect(
      messages([0x90, 60, 0xF9, 1, 61, 0xFD, 2], parser: &parser) == [
        .midi(.noteOn(channel: 0, key: 60, velocity: 1)), .midi(.noteOn(channel: 0, key: 61, velocity: 2)),
      ])
    #expect(parser.faults.undefinedBytes == 2)
    #expect(messages([0xF4, 60, 1, 0xF5, 0xF7], parser: &parser).isEmpty)
    #expect(parser.faults.undefinedBytes == 5)
    #expect(parser.faults.strayBytes == 2)
  }

  @Test("What another message breaks off is dropped and counted")
  func brokenMessagesAreDropped() {
    var parser = MIDIStreamParser()
    let bytes: [UInt8] = [0xF0, 1, 2, 0x90, 60, 0x91, 61, 5, 0xF2, 3, 0xF2, 0x90, 1, 1]
    #expect(
      messages(bytes, parser: &parser) == [
        .midi(.noteOn(channel: 1, key: 61, velocity: 5)), .midi(.noteOn(channel: 0, key: 1, velocity: 1)),
      ])
    #expect(parser.faults.brokenMessages == 4)
    #expect(parser.faults.count == 4)
  }

  @Test("System-exclusive messages have a limit, and what follows a longer one is read")
  func exclusivesHaveALimit() {
    var parser = MIDIStreamParser(systemExclusiveLimit: 4)
    #expect(
      messages([0xF0, 1, 2, 3, 4, 0xF7, 0xF0, 1, 2, 3, 4, 5, 0xF7, 0x80, 1, 2], parser: &parser) == [
        .midi(.systemExclusive([1, 2, 3, 4, 0xF7])), .midi(.noteOff(channel: 0, key: 1, velocity: 2)),
      ])
    #expect(parser.faults.oversizedExclusives == 1)
  }

  @Test("A reset forgets what was under way")
  func resetForgets() {
    var parser = MIDIStreamParser()
    #expect(messages([0x90, 60, 0xFF, 100, 0xF0, 1, 0xFF, 2, 0xF7], parser: &parser) == [.reset, .reset])
    parser = MIDIStreamParser()
    #expect(messages([0x90, 60], parser: &parser).isEmpty)
    parser.reset()
    #expect(messages([100, 61, 1], parser: &parser).isEmpty)
  }

  @Test(
    "What is written is read again, with running status and without, with clocks strewn in",
    arguments: [false, true])
  func whatIsWrittenIsRead(usesRunningStatus: Bool) {
    var generator = RepeatableGenerator(seed: 12)
    for _ in 0..<200 {
      let sent = (0..<generator.number(1...60)).map { _ in randomMessage(&generator) }
      var writer = MIDIStreamWriter(usesRunningStatus: usesRunningStatus)
      var bytes: [UInt8] = []
      for message in sent { writer.write(message, to: &bytes) }
      #expect(messages(bytes) == sent)
      let strewn = bytes.flatMap { byte -> [UInt8] in generator.number(0...3) == 0 ? [0xF8, byte] : [byte] }
      let received = messages(strewn)
      #expect(received.filter { $0 != .clock } == sent.filter { $0 != .clock })
    }
  }

  @Test("Running status saves the status bytes of repeated messages alone")
  func runningStatusSaves() {
    var writer = MIDIStreamWriter(usesRunningStatus: true)
    var bytes: [UInt8] = []
    for message: WireMessage in [
      .midi(.noteOn(channel: 0, key: 60, velocity: 1)), .clock,
      .midi(.noteOn(channel: 0, key: 61, velocity: 1)),
      .tuneRequest, .midi(.noteOn(channel: 0, key: 62, velocity: 1)), .midi(.meta(.tempo(500_000))),
    ] {
      writer.write(message, to: &bytes)
    }
    #expect(bytes == [0x90, 60, 1, 0xF8, 61, 1, 0xF6, 0x90, 62, 1])
  }

  @Test("Any bytes are read without a fault of ours, and every message is one that can be written")
  func anyBytesAreRead() {
    var generator = RepeatableGenerator(seed: 7)
    for _ in 0..<400 {
      // Half of the bytes are statuses, so that all transitions are met.
      let bytes = (0..<500).map { _ in
        generator.isTrue() ? UInt8(generator.number(0...127)) : UInt8(generator.number(128...255))
      }
      var parser = MIDIStreamParser(systemExclusiveLimit: 3)
      let received = messages(bytes, parser: &parser)
      var writer = MIDIStreamWriter()
      var written: [UInt8] = []
      for message in received { writer.write(message, to: &written) }
      #expect(messages(written) == received)
      // Each byte that is no message's is a fault's, but for those of a broken or oversized message.
      #expect(parser.faults.count > 0)
    }
  }
}
