/// Signs before notes: letters, dots and names between exclamation marks (ABC 2.1, sections 4.14 to 4.16).
extension ABCTuneParser {
  /// A letter that stands for a decoration: those of the standard, and those of `U:` fields.
  mutating func parseDecorationLetter(_ letter: UInt8) {
    let isKnown = "HLMOPSTuvRJk".utf8.contains(letter) || userSymbols[letter] != nil
    if isKnown { mark(letter) } else { warnUnknown(letter) }
    position += 1
  }

  /// A dot or a tilde, unless the dot makes a slur, tie or bar line a dotted one.
  mutating func parseDecorationSign(_ sign: UInt8) {
    let isDottedLine = sign == UInt8(ascii: ".") && "(-|".utf8.contains(byte(ahead: 1))
    if !isDottedLine { mark(sign) }
    position += 1
  }

  /// Hands the sign's marks to the note that it is before. A sign before anything else is out of the standard's
  /// order (section 4.20), and which note it means cannot be known: it is skipped.
  private mutating func mark(_ sign: UInt8) {
    guard let marks = userSymbols[sign] ?? ABCMarks.lettered[sign], !marks.isEmpty else { return }
    let next = byte(ahead: 1)
    let isPlaced =
      "ABCDEFGabcdefg^_=[zx.~!+".utf8.contains(next) || (0x48...0x57).contains(next)
      || (0x68...0x77).contains(next)
    guard isPlaced else {
      warn("this sign is not followed by a note; it is skipped")
      return
    }
    add(marks)
  }

  private mutating func add(_ marks: ABCMarks) {
    guard ornaments == .play else { return }
    let index = voiceIndex()
    voices[index].marks.formUnion(marks)
  }

  /// `!trill!`, or in older tunes `+trill+`; dynamics set how loud the notes are, and what ABC has no way of playing is
  /// for the page. A single `!` is an older tune's line break.
  mutating func parseDecoration(_ mark: UInt8) {
    let start = position + 1
    position = start
    let length = bytes[start..<min(start + 24, lineEnd)].firstIndex(of: mark).map { $0 - start } ?? 0
    let name = bytes[start..<(start + length)]
    guard length > 0, !name.contains(where: { ABCText.isSpace($0) || $0 == UInt8(ascii: "|") }) else {
      if mark == UInt8(ascii: "+") { warnUnknown(mark) }
      return
    }
    position = start + length + 1
    let velocities = [
      "pppp": 20, "ppp": 30, "pp": 43, "p": 55, "mp": 67, "mf": 80, "f": 93, "ff": 106, "fff": 118,
      "ffff": 127,
    ]
    let text = ABCText.decode(name)
    if let velocity = velocities[text] {
      let index = voiceIndex()
      voices[index].velocity = velocity
    }
    if let marks = ABCMarks.named[text] { add(marks) }
  }

  /// `U: n = !trill!` gives a letter a meaning.
  mutating func parseUserSymbol(_ text: String) {
    guard let symbol = text.utf8.first else { return }
    let name = text.drop { $0 != "=" }.filter { !$0.isWhitespace && !"=!+".contains($0) }
    userSymbols[symbol] = ABCMarks.named[name] ?? []
  }

  /// What the marks before a single note make of it.
  /// - Parameters:
  ///   - slot: the note's letter and octave.
  ///   - written: its length as it is in the text, in grains.
  ///   - length: the same within its tuplet.
  func ornament(_ marks: ABCMarks, slot: Int, written: Int, length: Int) -> ABCOrnament? {
    guard let currentVoice, marks.contains(.trill) || marks.contains(.roll) else { return nil }
    let upper = neighbor(of: slot, steps: 1)
    if marks.contains(.trill) { return .trill(upper: upper) }
    let unit = voices[currentVoice].unitLength
    return written == 3 * unit
      ? .roll(upper: upper, lower: neighbor(of: slot, steps: -1), pulse: length / 3)
      : .cut(upper: upper, touch: unit / 4)
  }

  /// The key that lies that many steps of the key signature's scale from a note.
  private func neighbor(of slot: Int, steps: Int) -> Int {
    guard let currentVoice else { return 0 }
    let state = voices[currentVoice]
    // Steps from C, where letters count from A.
    let step = (slot % 16) * 7 + (slot / 16 + 5) % 7 + steps
    // Below the lowest C the division must round down.
    let octave = (step + 7) / 7 - 1
    let degree = step - 7 * octave
    let semitones = [0, 2, 4, 5, 7, 9, 11][degree] + state.key.accidentals[(degree + 2) % 7]
    return min(max(12 * octave + semitones + state.transposition, 0), 127)
  }
}
