import Groundwork
import MIDI
import Testing

@Suite("Reading files that keep to the standard")
struct ReadingTests {
  @Test("every channel message, with and without running status")
  func channelMessages() throws {
    let midi = try MIDIFile(
      bytes: file(
        """
        00 90 3C 40       # note on, channel 1
        60 3C 00          # running status: velocity 0
        00 81 3D 41       # note off, channel 2
        00 A2 3E 42       # key pressure, channel 3
        81 00 B3 07 64    # 128 ticks later volume, channel 4
        00 C4 05          # program change, channel 5
        00 06             # running status
        00 D5 43          # channel pressure, channel 6
        00 E6 00 40       # pitch bend, channel 7, center
        00 00 00          # running status: all the way down
        00 7F 7F          # all the way up
        00 FF 2F 00
        """))
    #expect(
      midi.messages() == [
        TimedMessage(0, .noteOn(channel: 0, key: 60, velocity: 64)),
        TimedMessage(96, .noteOn(channel: 0, key: 60, velocity: 0)),
        TimedMessage(96, .noteOff(channel: 1, key: 61, velocity: 65)),
        TimedMessage(96, .keyPressure(channel: 2, key: 62, pressure: 66)),
        TimedMessage(224, .controlChange(channel: 3, controller: 7, value: 100)),
        TimedMessage(224, .programChange(channel: 4, program: 5)),
        TimedMessage(224, .programChange(channel: 4, program: 6)),
        TimedMessage(224, .channelPressure(channel: 5, pressure: 67)),
        TimedMessage(224, .pitchBend(channel: 6, value: 0)),
        TimedMessage(224, .pitchBend(channel: 6, value: -8_192)),
        TimedMessage(224, .pitchBend(channel: 6, value: 8_191)),
      ])
    #expect(midi.warnings.isEmpty)
    #expect(midi.tracks[0].length == 224)
  }

  @Test("every meta event, and an unknown one")
  func metaEvents() throws {
    let midi = try MIDIFile(
      bytes: file(
        """
        00 FF 00 02 12 34              # sequence number
        00 FF 01 02 68 69              # text
        00 FF 02 01 41                 # copyright
        00 FF 03 01 42                 # track name
        00 FF 04 01 43                 # instrument name
        00 FF 05 01 44                 # lyric
        00 FF 06 01 45                 # marker
        00 FF 07 01 46                 # cue point
        00 FF 20 01 03                 # channel prefix
        00 FF 21 01 02                 # port
        00 FF 51 03 07 A1 20           # tempo: 500,000 µs
        00 FF 54 05 61 17 3B 1D 63     # SMPTE offset
        00 FF 58 04 06 03 24 08        # 6/8
        00 FF 59 02 FD 01              # C minor
        00 FF 7F 03 00 00 41           # sequencer-specific
        00 FF 60 02 01 02              # of no known type
        10 FF 2F 00
        """))
    #expect(
      midi.messages().map(\.message) == [
        .meta(.sequenceNumber(0x1234)),
        .meta(.text(.text, [0x68, 0x69])),
        .meta(.text(.copyright, [0x41])),
        .meta(.text(.trackName, [0x42])),
        .meta(.text(.instrumentName, [0x43])),
        .meta(.text(.lyric, [0x44])),
        .meta(.text(.marker, [0x45])),
        .meta(.text(.cuePoint, [0x46])),
        .meta(.channelPrefix(3)),
        .meta(.port(2)),
        .meta(.tempo(500_000)),
        .meta(.smpteOffset(hours: 0x61, minutes: 23, seconds: 59, frames: 29, hundredths: 99)),
        .meta(
          .timeSignature(numerator: 6, denominatorPower: 3, clocksPerClick: 36, thirtySecondsPerQuarter: 8)),
        .meta(.keySignature(fifths: -3, isMinor: true)),
        .meta(.sequencerSpecific([0, 0, 0x41])),
        .meta(.other(type: 0x60, [1, 2])),
      ])
    #expect(midi.warnings.isEmpty)
    #expect(midi.tracks[0].length == 16)
    #expect(midi.tracks[0].name == "B")
  }

  @Test("packets that begin with F0 and with F7 stay apart")
  func systemExclusive() throws {
    let midi = try MIDIFile(
      bytes: file(
        """
        00 F0 05 7E 7F 09 01 F7        # a whole message: General MIDI on
        00 F0 03 43 12 00              # the first packet of a divided one
        0A F7 02 43 12                 # its second
        0A F7 03 12 00 F7              # its last
        00 F7 01 FA                    # an escaped real-time message
        00 FF 2F 00
        """))
    #expect(
      midi.messages() == [
        TimedMessage(0, .systemExclusive([0x7E, 0x7F, 0x09, 0x01, 0xF7])),
        TimedMessage(0, .systemExclusive([0x43, 0x12, 0x00])),
        TimedMessage(10, .escape([0x43, 0x12])),
        TimedMessage(20, .escape([0x12, 0x00, 0xF7])),
        TimedMessage(20, .escape([0xFA])),
      ])
    #expect(midi.warnings.isEmpty)
  }

  @Test(
    "variable-length quantities, with the examples of the standard",
    arguments: [
      ("00", 0), ("40", 0x40), ("7F", 0x7F), ("81 00", 0x80), ("C0 00", 0x2000), ("FF 7F", 0x3FFF),
      ("81 80 00", 0x4000), ("C0 80 00", 0x10_0000), ("FF FF 7F", 0x1F_FFFF), ("81 80 80 00", 0x20_0000),
      ("C0 80 80 00", 0x800_0000), ("FF FF FF 7F", 0xFFF_FFFF),
    ])
  func quantities(text: String, value: Int) throws {
    let bytes = file("\(text) 90 3C 40 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.tracks[0].events.map(\.tick) == [value])
    #expect(midi.encoded() == bytes)
  }

  @Test(
    "divisions of both kinds",
    arguments: [
      ("00 01", MIDIDivision.ticksPerQuarter(1)), ("01 E0", .ticksPerQuarter(480)),
      ("7F FF", .ticksPerQuarter(32_767)), ("E8 04", .smpte(framesPerSecond: 24, ticksPerFrame: 4)),
      ("E7 28", .smpte(framesPerSecond: 25, ticksPerFrame: 40)),
      ("E3 50", .smpte(framesPerSecond: 29, ticksPerFrame: 80)),
      ("E2 FF", .smpte(framesPerSecond: 30, ticksPerFrame: 255)),
    ])
  func divisions(text: String, division: MIDIDivision) throws {
    let bytes = file(division: text, "00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.division == division)
    #expect(midi.encoded() == bytes)
  }

  @Test("events know the offset of their first byte, the delta time's")
  func offsets() throws {
    let midi = try MIDIFile(bytes: file("00 90 3C 40 81 00 3C 00 00 FF 01 01 41 00 FF 2F 00"))
    #expect(midi.tracks[0].events.map(\.offset) == [22, 26, 30])
  }

  @Test("a file that is read through a pointer or a path is the same")
  func sources() throws {
    let bytes = file("00 FF 01 02 68 69 00 90 3C 40 00 FF 2F 00")
    let fromArray = try MIDIFile(bytes: bytes)
    let fromPointer = try bytes.withUnsafeBytes { buffer in try MIDIFile(bytes: buffer) }
    #expect(fromArray == fromPointer)
    #expect(throws: (any Error).self) { try MIDIFile(path: "/nonexistent.mid") }
  }
}
