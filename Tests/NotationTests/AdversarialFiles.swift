/// Files made to make a reader slow or large: each repeats one thing that some list, search or copy could be quadratic in.
enum AdversarialFiles {
  /// Every kind, by the name of a file of it.
  static let names = midi.keys.sorted() + tunes.keys.sorted()

  /// A file of about `size` bytes.
  static func bytes(_ name: String, size: Int) -> [UInt8] {
    midi[name]?(size) ?? Array((tunes[name]?(size) ?? "").utf8)
  }

  // MARK: MIDI

  private static let end: [UInt8] = [0x00, 0xFF, 0x2F, 0x00]
  private static let shortTrack = chunk([0x00, 0x90, 0x3C, 0x40, 0x01, 0x3C, 0x00] + end)

  private static func chunk(_ body: [UInt8]) -> [UInt8] {
    Array("MTrk".utf8) + bigEndian(body.count) + body
  }

  private static func bigEndian(_ value: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }

  private static func header(_ format: UInt8, _ tracks: Int) -> [UInt8] {
    let count = min(tracks, 65_535)
    return Array("MThd".utf8) + [0, 0, 0, 6, 0, format, UInt8(count >> 8), UInt8(count & 0xFF), 0, 96]
  }

  /// A file of one track after an empty one, filled with an event.
  private static func filled(_ event: [UInt8], start: [UInt8] = [], _ size: Int) -> [UInt8] {
    header(1, 2) + chunk(end) + chunk(start + repeated(event, size) + end)
  }

  /// A file of one track of messages with one status.
  private static func running(_ status: UInt8, _ data: [UInt8], _ size: Int) -> [UInt8] {
    var body: [UInt8] = [0x00, status]
    body += repeated(data + [0x01], size)
    return header(0, 1) + chunk(body + data + end)
  }

  private static func repeated(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
    Array(repeatElement(bytes, count: max(1, size / bytes.count)).joined())
  }

  private static let midi: [String: @Sendable (Int) -> [UInt8]] = [
    "tracks without a program under many changes.mid": { size in
      let changes = chunk([0x00, 0xC0, 0x05] + repeated([0x01, 0x06], size / 2) + end)
      return header(1, size / 38 + 1) + changes + repeated(shortTrack, size / 2)
    },
    "tracks.mid": { header(1, $0 / 8) + repeated(chunk([]), $0) },
    "tracks of all channels.mid": { size in
      let notes = (0..<16).flatMap { channel -> [UInt8] in [0x00, 0x90 + UInt8(channel), 0x3C, 0x40] }
      return header(1, size / 76) + repeated(chunk(notes + end), size)
    },
    "sequences.mid": { header(2, $0 / 19) + repeated(shortTrack, $0) },
    "tempos.mid": { filled([0x01, 0xFF, 0x51, 0x03, 0x07, 0xA1, 0x20], $0) },
    "time signatures.mid": { filled([0x01, 0xFF, 0x58, 0x04, 0x03, 0x02, 0x18, 0x08], $0) },
    "keys.mid": { filled([0x01, 0xFF, 0x59, 0x02, 0x01, 0x00], $0) },
    "markers.mid": { filled([0x01, 0xFF, 0x06, 0x01, 0x41], $0) },
    "lyrics.mid": { filled([0x01, 0xFF, 0x05, 0x01, 0x41], $0) },
    "names.mid": { filled([0x00, 0xFF, 0x20, 0x01, 0x03, 0x01, 0xFF, 0x03, 0x01, 0x41], $0) },
    "overlapping notes.mid": { size in
      let notes = repeated([0x3C, 0x40, 0x01], size / 2) + repeated([0x3C, 0x00, 0x01], size / 2)
      return header(0, 1) + chunk([0x00, 0x90] + notes + [0x3C, 0x40] + end)
    },
    "hanging notes.mid": { running(0x90, [0x3C, 0x40], $0) },
    "all notes off.mid": { running(0xB0, [0x7B, 0x00], $0) },
    "late program changes.mid": { size in
      let events = (0..<size / 11).flatMap { index -> [UInt8] in
        [1, 0x90, 60, 64, 0, 0xC0, UInt8(index % 128), 0, 0x90, 61, 64]
      }
      return header(0, 1) + chunk(events + end)
    },
    "chunks too short.mid": { size in
      header(1, 1)
        + repeated(Array("MTrk".utf8) + [0, 0, 0, 4, 0x00, 0x90, 0x3C, 0x40, 0x01, 0x21, 0x21, 0x21], size)
    },
    "chunks that claim everything.mid": { size in
      header(1, 1) + repeated(Array("MTrk".utf8) + [0x7F, 0xFF, 0xFF, 0xFF] + end, size)
    },
    "chunks that claim more and end badly.mid": { size in
      header(1, 1)
        + repeated(Array("MTrk".utf8) + [0x00, 0x00, 0xFF, 0xFF, 0x00, 0xF4, 0x00, 0x90], size)
    },
    "alien chunks.mid": { header(1, 1) + repeated(Array("abcd".utf8) + [0, 0, 0, 0], $0) },
    "stray data.mid": { header(0, 1) + chunk(repeated([0x00, 0x05], $0)) },
    "system messages.mid": { header(0, 1) + chunk(repeated([0x00, 0xF8], $0)) },
    "long pauses.mid": { filled([0xFF, 0xFF, 0xFF, 0x7F, 0x90, 0x3C, 0x40], $0) },
  ]

  // MARK: ABC

  private static let start = "X:1\nL:1/8\nK:C\n"

  private static func many(_ text: String, _ size: Int) -> String {
    String(repeating: text, count: max(1, size / text.utf8.count))
  }

  private static let tunes: [String: @Sendable (Int) -> String] = [
    "tunes.abc": { many("X:1\nK:C\nC\n\n", $0) },
    "a long header and many tunes.abc": { size in
      many("A:b\n", size / 2) + "\n" + many("X:1\nK:C\nC\n\n", size / 2)
    },
    "voices in the file's header.abc": { size in
      (0..<64).map { "V:\($0)\n" }.joined() + "\n" + many("X:1\nK:C\nC\n\n", size)
    },
    "nested repeats.abc": { start + many("|:C", $0) + ":|" },
    "bare repeats.abc": { start + many("|:", $0) + "C:|" },
    "endings.abc": { start + "|:C" + many("|1C|2D", $0) + ":|" },
    "endings and sections.abc": { size in
      start + many("[1D||", size / 2) + many("C|C|C|C|D||", size / 2)
    },
    "double bars.abc": { start + many("|| :|", $0) },
    "colons.abc": { start + "C" + many(":", $0) },
    "renamed voices.abc": { size in
      "X:1\nK:C\n" + (0..<size / 10).map { "V:v\($0)\nK:C\n" }.joined() + "C"
    },
    "voices.abc": { size in "X:1\nK:C\n" + (0..<size / 8).map { "V:\($0 % 64)\nC|\n" }.joined() },
    "parts.abc": { "X:1\nP:" + many("A", 256) + "\nK:C\n" + many("P:A\nC|\n", $0) },
    "parts of 64 voices.abc": { size in
      "X:1\nK:C\n" + (0..<64).map { "V:\($0)\nC\n" }.joined() + many("P:A\n", size)
    },
    "a part of bar lines played often.abc": { size in
      "X:1\nP:" + many("A", 256) + "\nK:C\nP:A\n" + many("||", size) + "\nC|"
    },
    "a part of chords played often.abc": { size in
      "X:1\nP:" + many("A", 256) + "\nK:C\nP:A\n" + many("\"C\"", size) + "\nC|"
    },
    "a chord.abc": { start + "[" + many("C-", $0) + "]" },
    "chords tied to others.abc": { size in
      start + "[" + many("C-", size / 2) + "][" + many("D", size / 2) + "]"
    },
    "ties left open.abc": { start + many("[C/C999-D999-E999-]", $0 / 2) + many("C/", $0 / 2) },
    "ties.abc": { start + many("C-", $0) },
    "overlays.abc": { start + many("C&", $0) },
    "fermatas.abc": { "X:1\nM:1/256\nL:1\nK:C\n" + many("HC256", $0) },
    "trills.abc": { "X:1\nL:1/8\nQ:1/4=1\nK:C\n" + many("TC2048", $0) },
    "user symbols.abc": { start + many("U:T=!trill!\n", $0) + "C|" },
    "signs.abc": { start + many("T", $0) + "C|" },
    "lyrics.abc": { start + many("C", $0 / 2) + "\nw:" + many("a ", $0 / 2) },
    "lines of lyrics.abc": { start + many("C\nw:a\n", $0) },
    "slips.abc": { start + many("- ", $0) + "C" },
    "broken rhythms.abc": { start + many("C>", $0) },
    "chord symbols.abc": { start + many("\"Am\"C|", $0) },
    "repeats of many passes.abc": { start + many("C D", $0) + many(":", 40) },
    "keys.abc": { start + many("K:D\nC|\n", $0) },
    "words of a key.abc": { "X:1\nK:C " + many("foo ", $0) + "\nC" },
    "properties of a voice.abc": { "X:1\nK:C\nV:1 " + many("a=b ", $0) + "\nC" },
    "a title of escapes.abc": { "X:1\nT:" + many("\\&", $0) + "a\nK:C\nC" },
    "blanks.abc": { start + many(" ", $0) + "C" },
    "parentheses of parts.abc": { "X:1\nP:" + many("(A)9", $0) + "\nK:C\nC" },
  ]
}
