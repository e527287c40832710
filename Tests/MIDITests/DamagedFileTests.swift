import Groundwork
import MIDI
import Testing

/// The cases that readers get wrong, one test each: what the lenient reader keeps and says, and what the strict one refuses.
@Suite("Reading files that do not keep to the standard")
struct DamagedFileTests {
  private let on = MIDIMessage.noteOn(channel: 0, key: 60, velocity: 64)
  private let off = MIDIMessage.noteOn(channel: 0, key: 60, velocity: 0)

  @Test("running status after a meta event is used")
  func runningStatusAfterMeta() throws {
    let bytes = file("00 90 3C 40 00 FF 01 01 41 60 3C 00 00 3C 40 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages().map(\.message) == [on, .meta(.text(.text, [0x41])), off, on])
    #expect(midi.rules == [.runningStatusAfterMeta])
    #expect(midi.warnings.map(\.offset) == [32])
    #expect(strictFault(bytes) == .runningStatusAfterMeta)
  }

  @Test("running status after a system-exclusive event is used")
  func runningStatusAfterSysex() throws {
    let bytes = file("00 90 3C 40 00 F0 02 7E F7 60 3C 00 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages().map(\.message) == [on, .systemExclusive([0x7E, 0xF7]), off])
    #expect(midi.rules == [.runningStatusAfterSysex])
    #expect(strictFault(bytes) == .runningStatusAfterSysex)
  }

  @Test("an alien chunk is skipped by its length, before the header and between tracks")
  func alienChunks() throws {
    let whole = file(format: 1, "00 90 3C 40 00 FF 2F 00", "00 FF 2F 00")
    let alien = chunk("XFIH", [0x4D, 0x54, 0x72, 0x6B])
    for place in [0, 14, whole.count] {
      let bytes = Array(whole[..<place]) + alien + Array(whole[place...])
      let midi = try MIDIFile(bytes: bytes)
      #expect(midi == (try MIDIFile(bytes: whole)))
      #expect(midi.rules == [.alienChunk])
      #expect(midi.warnings.first?.offset == place)
      #expect(strictFault(bytes) == nil)
    }
  }

  @Test("a header longer than six bytes is passed by its length")
  func longHeader() throws {
    let bytes = chunk("MThd", [0, 0, 0, 1, 0, 0x60, 9, 9]) + chunk("MTrk", hex("00 90 3C 40 00 FF 2F 00"))
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages() == [TimedMessage(0, on)])
    #expect(midi.rules == [.longHeader])
    #expect(strictFault(bytes) == nil)
  }

  @Test("a variable-length quantity over four bytes is read where its value fits")
  func longQuantity() throws {
    let bytes = file("80 80 80 80 60 90 3C 40 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages() == [TimedMessage(96, on)])
    #expect(midi.rules == [.variableLength])
    #expect(strictFault(bytes) == .variableLength)
  }

  @Test("a variable-length quantity over 28 bits ends the track, and says where")
  func hugeQuantity() throws {
    let bytes = file(format: 1, "00 90 3C 40 FF FF FF FF 7F 3C 00 00 FF 2F 00", "00 C0 01 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages(0) == [TimedMessage(0, on)])
    #expect(midi.messages(1) == [TimedMessage(0, .programChange(channel: 0, program: 1))])
    #expect(midi.rules == [.variableLength])
    #expect(midi.warnings.map(\.offset) == [26])
  }

  @Test("of a track that the file's end cuts, what was read is kept", arguments: 0...18)
  func truncated(missing: Int) throws {
    let whole = file("00 90 3C 40 60 3C 00 00 FF 01 03 41 42 43 0A FF 2F 00")
    let midi = try MIDIFile(bytes: Array(whole.dropLast(missing)))
    let full = try MIDIFile(bytes: whole).messages()
    #expect(Array(full.prefix(midi.messages(0).count)) == midi.messages(0))
    #expect(midi.warnings.count == (missing == 0 ? 0 : 1), "\(midi.warnings)")
    #expect(missing == 0 || midi.rules == [.truncated])
    #expect(missing == 0 || strictFault(Array(whole.dropLast(missing))) == .truncated)
  }

  @Test("a track count that is too large or too small does not matter", arguments: [0, 1, 3, 200])
  func trackCount(count: Int) throws {
    let bytes = file(format: 1, trackCount: count, "00 FF 2F 00", "00 90 3C 40 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.tracks.count == 2)
    #expect(midi.messages(1) == [TimedMessage(0, on)])
    #expect(midi.rules == [.trackCount])
    #expect(midi.warnings.map(\.offset) == [10])
    #expect(strictFault(bytes) == .trackCount)
  }

  @Test("format 0 with two tracks is read, and warned of")
  func twoTracksInFormat0() throws {
    let bytes = file("00 90 3C 40 00 FF 2F 00", "00 90 3C 40 00 FF 2F 00")
    #expect(try MIDIFile(bytes: bytes).tracks.count == 2)
    #expect(try MIDIFile(bytes: bytes).rules == [.trackCount])
  }

  @Test("a missing end of track is assumed after the last event")
  func missingEndOfTrack() throws {
    let bytes = file(format: 1, "00 90 3C 40 60 3C 00", "00 90 3C 40 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages(0).count == 2)
    #expect(midi.tracks[0].length == 96)
    #expect(midi.tracks.count == 2)
    #expect(midi.rules == [.missingEndOfTrack])
    #expect(strictFault(bytes) == .missingEndOfTrack)
  }

  @Test("events after the end of track are not read, the next chunk is")
  func eventsAfterEndOfTrack() throws {
    let bytes = file(format: 1, "00 90 3C 40 00 FF 2F 00 00 3C 00 00 90 40 40", "00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages(0) == [TimedMessage(0, on)])
    #expect(midi.tracks.count == 2)
    #expect(midi.rules == [.eventsAfterEndOfTrack])
    #expect(strictFault(bytes) == .eventsAfterEndOfTrack)
  }

  @Test("a chunk length that is too small or too large does not lose a track", arguments: [0, 3, 7, 12, 200])
  func chunkLength(length: UInt8) throws {
    var bytes = file(format: 1, "00 90 3C 40 60 3C 00 00 FF 2F 00", "00 C0 01 00 FF 2F 00")
    bytes[21] = length
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages(0) == [TimedMessage(0, on), TimedMessage(96, off)])
    #expect(midi.messages(1) == [TimedMessage(0, .programChange(channel: 0, program: 1))])
    #expect(midi.rules.contains(.chunkLength))
    #expect(strictFault(bytes) != nil)
  }

  @Test("data bytes above 127 are read as 127")
  func dataByte() throws {
    let bytes = file("00 90 3C C0 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages() == [TimedMessage(0, .noteOn(channel: 0, key: 60, velocity: 127))])
    #expect(midi.rules == [.dataByte])
    #expect(strictFault(bytes) == .dataByte)
  }

  @Test(
    "signatures and tempos that cannot be are kept as they are, and warned of",
    arguments: [
      ("00 FF 59 02 08 00", MIDIRule.keySignature), ("00 FF 59 02 00 02", .keySignature),
      ("00 FF 58 04 00 02 18 08", .timeSignature), ("00 FF 58 04 04 20 18 08", .timeSignature),
      ("00 FF 51 03 00 00 00", .tempo), ("00 FF 51 02 07 A1", .metaLength), ("00 FF 58 00", .metaLength),
      ("00 FF 83 01 00", .metaType),
    ])
  func impossibleValues(event: String, rule: MIDIRule) throws {
    let bytes = file("\(event) 00 90 3C 40 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.rules == [rule])
    #expect(midi.messages().last == TimedMessage(0, on))
    #expect(midi.encoded() == bytes)
    #expect(strictFault(bytes) == rule)
  }

  @Test(
    "system messages of the cable are skipped with their data",
    arguments: [
      "F1 7F", "F2 7F 7F", "F3 7F", "F4", "F5", "F6", "F8", "F9", "FA", "FB", "FC", "FD", "FE",
    ])
  func systemMessages(message: String) throws {
    let bytes = file("00 \(message) 00 90 3C 40 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages() == [TimedMessage(0, on)])
    #expect(midi.rules == [.systemMessage])
    #expect(strictFault(bytes) == .systemMessage)
  }

  @Test("data without a status is passed over")
  func missingStatus() throws {
    let bytes = file("00 3C 40 00 90 3C 40 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages() == [TimedMessage(0, on)])
    #expect(midi.rules == [.missingStatus])
    #expect(strictFault(bytes) == .missingStatus)
  }

  @Test("an RMID wrapper is taken off, whatever its two sizes say", arguments: [0, -8, 100, -100])
  func riff(error: Int) throws {
    let inner = file("00 90 3C 40 00 FF 2F 00")
    func little(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let bytes =
      Array("RIFF".utf8) + little(inner.count + 12 + error) + Array("RMID".utf8) + Array("data".utf8)
      + little(inner.count + (error == -8 ? 0 : error)) + inner
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages() == [TimedMessage(0, on)])
    #expect(midi.tracks[0].events.first?.offset == 42)
    #expect(midi.rules.first == .wrapper)
    #expect(midi.rules.contains(.wrapperSize) == (error != 0))
    #expect(strictFault(bytes) == (error == 0 ? nil : .wrapperSize))
  }

  @Test("a MacBinary header is removed, and the padding after the data")
  func macBinary() throws {
    let inner = file("00 90 3C 40 00 FF 2F 00")
    var header = [UInt8](repeating: 0, count: 128)
    header[1] = 4
    header.replaceSubrange(2..<6, with: Array("tune".utf8))
    header.replaceSubrange(65..<69, with: Array("Midi".utf8))
    header[86] = UInt8(inner.count)
    let bytes = header + inner + [UInt8](repeating: 0, count: 128 - inner.count)
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.messages() == [TimedMessage(0, on)])
    #expect(midi.rules == [.wrapper])
    #expect(strictFault(bytes) == nil)
  }

  @Test("bytes after the last track, and a second file, are left alone")
  func trailingBytes() throws {
    let whole = file("00 90 3C 40 00 FF 2F 00")
    for (tail, rule) in [([0x2A], MIDIRule.trailingBytes), (whole, .secondHeader)] {
      let midi = try MIDIFile(bytes: whole + tail)
      #expect(midi == (try MIDIFile(bytes: whole)))
      #expect(midi.rules == [rule])
      #expect(strictFault(whole + tail) == rule)
    }
  }

  @Test("what is no MIDI file is refused, with the offset")
  func refusals() {
    #expect(throws: MIDIError.emptyFile) { try MIDIFile(bytes: []) }
    #expect(throws: MIDIError.notMIDI(offset: 0)) { try MIDIFile(bytes: Array("not a midi file".utf8)) }
    #expect(throws: MIDIError.divisionIsZero(offset: 12)) {
      try MIDIFile(bytes: file(division: "00 00", "00 FF 2F 00"))
    }
    #expect(throws: MIDIError.divisionIsZero(offset: 12)) {
      try MIDIFile(bytes: file(division: "E7 00", "00 FF 2F 00"))
    }
    #expect(throws: MIDIError.unknownFrameRate(offset: 12, framesPerSecond: 26)) {
      try MIDIFile(bytes: file(division: "E6 28", "00 FF 2F 00"))
    }
    #expect(throws: MIDIError.headerTooShort(offset: 0, length: 4)) {
      try MIDIFile(bytes: chunk("MThd", [0, 0, 0, 1]))
    }
  }

  @Test("an unknown format is read as format 1")
  func unknownFormat() throws {
    let bytes = file(format: 7, "00 90 3C 40 00 FF 2F 00")
    #expect(try MIDIFile(bytes: bytes).format == .simultaneous)
    #expect(try MIDIFile(bytes: bytes).rules == [.format])
    #expect(strictFault(bytes) == .format)
  }

  @Test("a rule that is broken everywhere is reported a bounded number of times")
  func manyWarnings() throws {
    let bytes = file(String(repeating: "00 F8 ", count: 1_000) + "00 90 3C C0 00 FF 2F 00")
    let midi = try MIDIFile(bytes: bytes)
    #expect(midi.warnings.count == 17)
    #expect(midi.rules.last == .dataByte)
  }
}
