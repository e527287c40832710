import Groundwork
import MIDI
import Testing

@Suite("Telling damaged files from those that do not keep to the standard")
struct DamageTests {
  private let whole = file("00 90 3C 40 60 3C 00 00 FF 2F 00")

  @Test("A header whose length and format are both invalid is not a header")
  func nonsenseHeader() {
    // Length 100,731,768 and format 19796, as found in the wild.
    let noise = Array("MThd".utf8) + hex("06 01 0B 78  4D 54  00 05  01 E0") + whole
    #expect(throws: MIDIError.headerIsNonsense(offset: 0, length: 100_731_768, format: 19_796)) {
      try MIDIFile(bytes: noise)
    }
    let short =
      Array("MThd".utf8) + hex("00 00 09 00  4D 54  00 05  01 E0") + [UInt8](repeating: 1, count: 3_000)
    #expect(throws: MIDIError.headerIsNonsense(offset: 0, length: 2_304, format: 19_796)) {
      try MIDIFile(bytes: short)
    }
  }

  @Test("A header with one of the two is read, and the file is damaged")
  func oddHeader() throws {
    var bytes = whole
    bytes[4] = 6
    #expect(try MIDIFile(bytes: bytes).messages().count == 2)
    #expect(try MIDIFile(bytes: bytes).damage.map(\.rule) == ["chunk-length"])
    let odd = file(format: 7, "00 90 3C 40 60 3C 00 00 FF 2F 00")
    #expect(try MIDIFile(bytes: odd).damage.map(\.rule) == ["format"])
  }

  @Test(
    "Reading stops at a second header, wherever it stands",
    arguments: [
      "at the end", "behind junk", "within the track's length", "behind a cut track", "behind a chunk",
    ])
  func secondHeader(place: String) throws {
    var first = whole
    switch place {
    case "behind junk": first += hex("80 81 82 83 84 85")
    case "within the track's length": first[21] += 14
    // The last event is cut off, and the length reaches into the second file.
    case "behind a cut track": first = Array(whole.dropLast(5))
    case "behind a chunk": first += chunk("abcd", hex("01 02 03"))
    default: break
    }
    let midi = try MIDIFile(bytes: first + whole)
    #expect(midi.tracks.count == 1)
    #expect(midi.messages().filter { $0.message == .noteOn(channel: 0, key: 60, velocity: 64) }.count == 1)
    #expect(midi.rules.contains(.secondHeader))
    #expect(midi.damage.contains { $0.rule == "second-header" && $0.offset == first.count })
  }

  @Test("A header's name within an event is part of the event")
  func headerInPayload() throws {
    let bytes = file("00 FF 01 08 4D 54 68 64 00 00 00 06 00 90 3C 40 00 FF 2F 00")
    #expect(try MIDIFile(bytes: bytes).messages().count == 2)
    #expect(try MIDIFile(bytes: bytes).warnings.isEmpty)
  }

  @Test(
    "What loses or misreads content is damage",
    arguments: [
      ("00 90 3C 40 60 3C", "truncated"), ("00 90 3C C0 00 FF 2F 00", "data-byte"),
      ("00 3C 40 00 90 3C 40 00 FF 2F 00", "missing-status"),
      ("00 90 3C 40 FF FF FF FF 7F 3C 00 00 FF 2F 00", "variable-length"),
    ])
  func damage(track: String, rule: String) throws {
    let midi = try MIDIFile(bytes: file(track))
    #expect(midi.damage.map(\.rule) == [rule])
    #expect(midi.damage.first?.track == 0)
  }

  @Test("Fewer tracks than promised are damage, more are none")
  func trackCount() throws {
    let track = "00 90 3C 40 00 FF 2F 00"
    #expect(try MIDIFile(bytes: file(format: 1, trackCount: 2, track)).damage.map(\.rule) == ["track-count"])
    let more = try MIDIFile(bytes: file(format: 1, trackCount: 1, track, track))
    #expect(more.rules == [.trackCount] && more.damage.isEmpty)
  }

  @Test(
    "What only breaks a rule is no damage",
    arguments: [
      "00 90 3C 40 00 FF 01 01 41 60 3C 00 00 FF 2F 00", "80 80 80 80 60 90 3C 40 00 FF 2F 00",
      "00 90 3C 40 60 3C 00", "00 F8 00 90 3C 40 00 FF 2F 00", "00 FF 59 02 08 00 00 FF 2F 00",
      "00 FF 51 03 00 00 00 00 FF 2F 00",
    ])
  func faults(track: String) throws {
    let midi = try MIDIFile(bytes: file(track))
    #expect(midi.warnings.count == 1 && midi.damage.isEmpty)
  }

  @Test("A diagnostic says in which track and at which tick, what was found and what was expected")
  func places() throws {
    let midi = try MIDIFile(bytes: file(format: 1, "00 FF 2F 00", "10 90 3C C0 00 FF 2F 00"))
    let found = try #require(midi.warnings.first)
    #expect(
      found.rule == MIDIRule.dataByte.rawValue && found.severity == .damage && found.action == .replaced)
    #expect(found.track == 1 && found.tick == 16 && found.offset == 34)
    #expect(found.found == "192" && found.expected == "0...127")
  }

  @Test("A MacBinary header before a file of a few bytes is answered", arguments: 132..<150)
  func shortMacBinary(count: Int) {
    var bytes = [UInt8](repeating: 0, count: count)
    bytes[1] = 4
    bytes.replaceSubrange(128..<132, with: Array("MThd".utf8))
    #expect(throws: MIDIError.self) { try MIDIFile(bytes: bytes) }
  }
}
