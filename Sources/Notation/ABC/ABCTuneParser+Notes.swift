/// Notes, rests and chords, and what binds them: ties, broken rhythm, tuplets.
extension ABCTuneParser {
  /// A note with its slot: the letter and octave that its accidental holds for.
  private struct ReadNote {
    var note: ABCNote
    var slot: Int
  }

  mutating func parseSingleNote() {
    guard let read = parseNote() else { return }
    appendEvent([read], length: read.note.length)
  }

  /// Accidental, letter, octave marks and length; nil if no letter follows the accidental.
  private mutating func parseNote() -> ReadNote? {
    let start = position
    let index = voiceIndex()
    let accidental = parseAccidental()
    let letter = byte
    let isLower = letter >= UInt8(ascii: "a")
    let letterIndex = Int(letter | 0x20) - Int(UInt8(ascii: "a"))
    guard (0..<7).contains(letterIndex), letter >= UInt8(ascii: "A") else {
      warn("an accidental without a note is skipped", at: start)
      return nil
    }
    position += 1
    var octave = isLower ? 6 : 5
    while byte == UInt8(ascii: ",") || byte == UInt8(ascii: "'") {
      octave += byte == UInt8(ascii: "'") ? 1 : -1
      position += 1
    }
    octave = min(max(octave + voices[index].octave, 0), 10)
    let slot = letterIndex * 16 + octave
    let natural = [9, 11, 0, 2, 4, 5, 7][letterIndex] + 12 * octave
    var pitch: Int
    // An accidental holds for the letter in every octave unless %%propagate-accidentals changes that (section 11.3).
    let scope = accidentalScope == .octave ? slot : letterIndex
    if let accidental {
      if accidentalScope != .note {
        voices[index].barAccidentals.removeAll { $0.slot == scope }
        voices[index].barAccidentals.append((scope, accidental))
      }
      pitch = natural + accidental + voices[index].transposition
    } else if let tie = voices[index].ties.first(where: { $0.slot == slot }) {
      pitch = tie.pitch
    } else {
      let state = voices[index]
      let semitones =
        state.barAccidentals.first { $0.slot == scope }?.semitones ?? state.key.accidentals[letterIndex]
      pitch = natural + semitones + state.transposition
    }
    if !(0...127).contains(pitch) {
      warn("this note is outside the range of MIDI; it is moved by octaves", at: start)
      pitch = pitch < 0 ? pitch + 12 * ((11 - pitch) / 12) : pitch - 12 * ((pitch - 127 + 11) / 12)
    }
    let length = readLength(of: voices[index].unitLength, at: start)
    let note = ABCNote(pitch: pitch, length: length, velocity: voices[index].velocity)
    return ReadNote(note: note, slot: slot)
  }

  /// `^`, `^^`, `=`, `_`, `__` as semitones; nil if there is none. Microtones are read as their plain notes.
  private mutating func parseAccidental() -> Int? {
    let start = position
    var semitones: Int?
    while true {
      if byte == UInt8(ascii: "^"), (semitones ?? 0) >= 0, semitones != 2 {
        semitones = (semitones ?? 0) + 1
      } else if byte == UInt8(ascii: "_"), (semitones ?? 0) <= 0, semitones != -2 {
        semitones = (semitones ?? 0) - 1
      } else if byte == UInt8(ascii: "="), semitones == nil {
        semitones = 0
        position += 1
        break
      } else {
        break
      }
      position += 1
    }
    if semitones != nil, byte == UInt8(ascii: "/") || (0x30...0x39).contains(byte) {
      warn("microtones are not supported; the note is read without one", at: start)
      _ = parseLength()
      return nil
    }
    return semitones
  }

  mutating func parseRest() {
    let start = position
    let kind = byte
    position += 1
    let index = voiceIndex()
    let isWholeBars = kind == UInt8(ascii: "Z") || kind == UInt8(ascii: "X")
    if isWholeBars {
      let bar =
        voices[index].timeSignature.barLength > 0 ? voices[index].timeSignature.barLength : ABCTime.whole
      let bars = (0x30...0x39).contains(byte) ? parseNumber() : 1
      // A rest of many bars has no bar lines within, so that it is no bar that is too long.
      let length = ABCTime.scaled(bar, by: bars, over: 1)
      if length == nil { warn("this rest is implausibly long; it is read as one bar", at: start) }
      appendEvent([], length: length ?? bar)
      if (length ?? bar) > 0 { voices[index].barLength = 0 }
    } else {
      let length = readLength(of: voices[index].unitLength, at: start)
      appendEvent([], length: length)
    }
  }

  /// The most notes of a chord: more than MIDI has keys would double some.
  private static let chordLimit = 128

  /// `[CEG]2`: the notes keep lengths of their own, and the first determines when the next element begins (ABC 2.1, section 4.17).
  mutating func parseChord() {
    let start = position
    position += 1
    var notes: [ReadNote] = []
    var firstLength: Int?
    while position < lineEnd, byte != UInt8(ascii: "]") {
      let before = position
      if notes.count == Self.chordLimit {
        warn("this chord has more than \(Self.chordLimit) notes; the rest are skipped", at: start)
        position = bytes[position..<lineEnd].firstIndex { "]|".utf8.contains($0) } ?? lineEnd
        continue
      }
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "G"), UInt8(ascii: "a")...UInt8(ascii: "g"), UInt8(ascii: "^"),
        UInt8(ascii: "_"), UInt8(ascii: "="):
        if let note = parseNote() {
          firstLength = firstLength ?? note.note.length
          notes.append(note)
        }
      case UInt8(ascii: "z"), UInt8(ascii: "x"):
        position += 1
        let length = readLength(of: voices[voiceIndex()].unitLength, at: before)
        firstLength = firstLength ?? length
      case UInt8(ascii: "-"):
        if !notes.isEmpty { notes[notes.count - 1].note.isTied = true }
        position += 1
      case UInt8(ascii: "|"):
        // The bracket was never closed.
        warn("this chord has no ']'", at: start)
        appendChord(notes, firstLength, at: start)
        return
      case UInt8(ascii: "\""):
        let close = bytes[(position + 1)..<lineEnd].firstIndex(of: UInt8(ascii: "\""))
        position = (close ?? lineEnd - 1) + 1
      default:
        position += 1
      }
      if position <= before { position = before + 1 }
    }
    if position < lineEnd { position += 1 } else { warn("this chord has no ']'", at: start) }
    appendChord(notes, firstLength, at: start)
  }

  private mutating func appendChord(_ notes: [ReadNote], _ firstLength: Int?, at start: Int) {
    guard let firstLength else { return }
    let factor = parseLength()
    var notes = notes
    for index in notes.indices {
      notes[index].note.length = multiplied(notes[index].note.length, factor, at: start)
    }
    appendEvent(notes, length: multiplied(firstLength, factor, at: start))
  }

  /// Adds a note, chord or rest, with its lengths changed by its tuplet and broken rhythm.
  private mutating func appendEvent(_ read: [ReadNote], length: Int) {
    let index = voiceIndex()
    let marks = voices[index].marks
    voices[index].marks = []
    var factors: [(numerator: Int, denominator: Int)] = []
    if voices[index].tuplet.remaining > 0 {
      factors.append((voices[index].tuplet.numerator, voices[index].tuplet.denominator))
      voices[index].tuplet.remaining -= 1
    }
    let plainLength = factors.reduce(length) { multiplied($0, $1, at: position) }
    if let factor = takeBrokenRhythm(before: plainLength, isHeld: marks.contains(.fermata)) {
      factors.append(factor)
    }
    let first = voices[index].voice.notes.count
    for single in read {
      var note = single.note
      note.isStaccato = marks.contains(.staccato)
      // One player cannot trill or roll several notes at once.
      if read.count == 1 {
        note.ornament = ornament(marks, slot: single.slot, written: length, length: plainLength)
      }
      for factor in factors { note.length = multiplied(note.length, factor, at: position) }
      voices[index].voice.notes.append(note)
    }
    var length = length
    for factor in factors { length = multiplied(length, factor, at: position) }
    let section = voices[index].voice.sections.count - 1
    let event = ABCEvent(
      notes: first..<voices[index].voice.notes.count, length: length, isHeld: marks.contains(.fermata))
    voices[index].lastEvent = voices[index].voice.sections[section].count
    append(.event(event), to: index)
    note(written: read.count)
    voices[index].hasEvents = true
    voices[index].barLength += length
    voices[index].lastSlots = read.map { ($0.slot, $0.note.pitch) }
    voices[index].ties = read.filter(\.note.isTied).map { ($0.slot, $0.note.pitch) }
    if !read.isEmpty, let last = voices[index].lastEvent {
      if voices[index].hasLyrics {
        voices[index].hasLyrics = false
        voices[index].lineEvents.removeAll(keepingCapacity: true)
      }
      voices[index].lineEvents.append(last)
    }
  }

  /// `>` lengthens the note before and shortens the one after, `<` the other way round, more so where doubled.
  mutating func parseBrokenRhythm() {
    let start = position
    let mark = byte
    var count = 0
    while byte == mark {
      count += 1
      position += 1
    }
    let index = voiceIndex()
    guard count <= 4, let last = voices[index].lastEvent else {
      warn("a broken rhythm needs a note on both sides; it is skipped", at: start)
      return
    }
    let short = (1, 1 << count)
    let long = ((2 << count) - 1, 1 << count)
    let (before, after) = mark == UInt8(ascii: ">") ? (long, short) : (short, long)
    voices[index].broken = VoiceState.BrokenRhythm(event: last, place: start, before: before, after: after)
  }

  /// Applies a broken rhythm to the event before it, and returns the factor for the event after it, whose length is
  /// `length`. Between notes of different lengths it means nothing that two readers agree on, so it is skipped; and a
  /// fermata takes its note out of it, since how long that lasts is the player's matter.
  private mutating func takeBrokenRhythm(
    before length: Int, isHeld: Bool
  ) -> (numerator: Int, denominator: Int)? {
    let index = voiceIndex()
    guard let broken = voices[index].broken else { return nil }
    voices[index].broken = nil
    let section = voices[index].voice.sections.count - 1
    guard case .event(var event) = voices[index].voice.sections[section][broken.event] else { return nil }
    guard event.length == length else {
      warn("a broken rhythm needs notes of one length on both sides; it is skipped", at: broken.place)
      return nil
    }
    guard event.isHeld == isHeld else { return nil }
    event.length = multiplied(event.length, broken.before, at: broken.place)
    if voices[index].barLength >= length { voices[index].barLength += event.length - length }
    for note in event.notes {
      let length = voices[index].voice.notes[note].length
      voices[index].voice.notes[note].length = multiplied(length, broken.before, at: broken.place)
    }
    voices[index].voice.sections[section][broken.event] = .event(event)
    return broken.after
  }

  mutating func parseTie() {
    let start = position
    position += 1
    let index = voiceIndex()
    let section = voices[index].voice.sections.count - 1
    guard let last = voices[index].lastEvent,
      case .event(let event) = voices[index].voice.sections[section][last], !event.notes.isEmpty
    else {
      warn("there is no note before this tie; it is skipped", at: start)
      return
    }
    // Under a tie staccato notes are struck again, if softly: portato.
    for note in event.notes {
      voices[index].voice.notes[note].isTied = !voices[index].voice.notes[note].isStaccato
    }
    voices[index].ties = voices[index].lastSlots
  }

  // MARK: Numbers

  /// A length after a note, such as `3`, `/`, `3/2`, of a unit in grains.
  private mutating func readLength(of unit: Int, at place: Int) -> Int {
    multiplied(unit, parseLength(), at: place)
  }

  /// `length` times a factor, held within what a note can be.
  private mutating func multiplied(
    _ length: Int, _ factor: (numerator: Int, denominator: Int), at place: Int
  ) -> Int {
    guard let result = ABCTime.scaled(length, by: factor.numerator, over: factor.denominator) else {
      warn("this length is longer than 256 whole notes; it is shortened", at: place)
      return ABCTime.longestNote
    }
    if result < ABCTime.shortestNote {
      warn("this length is shorter than 1/1024; it is set to 1/1024", at: place)
      return ABCTime.shortestNote
    }
    return result
  }

  /// A multiplier at the reading position: `3`, `/`, `//`, `/4`, `3/2`; 1 if there is none.
  mutating func parseLength() -> (numerator: Int, denominator: Int) {
    let numerator = (0x30...0x39).contains(byte) ? parseNumber() : 1
    var denominator = 1
    while byte == UInt8(ascii: "/") {
      position += 1
      let divisor = (0x30...0x39).contains(byte) ? parseNumber() : 2
      denominator = min(denominator * max(divisor, 1), 1 << 24)
    }
    return (numerator, denominator)
  }

  /// Digits at the reading position as a number, at most 1,000,000.
  mutating func parseNumber() -> Int {
    var value = 0
    while (0x30...0x39).contains(byte) {
      value = min(value * 10 + Int(byte - 0x30), 1_000_000)
      position += 1
    }
    return value
  }
}
