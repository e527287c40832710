/// Lines of music: bar lines, endings, symbols between the notes.
extension ABCTuneParser {
  /// The byte at the reading position; 0 at the line's end.
  var byte: UInt8 { position < lineEnd ? bytes[position] : 0 }

  /// The byte `distance` further on; 0 past the line's end.
  func byte(ahead distance: Int) -> UInt8 { position + distance < lineEnd ? bytes[position + distance] : 0 }

  mutating func parseMusic(until end: Int) {
    _ = voiceIndex()
    while position < lineEnd, !isFull {
      let start = position
      parseSymbol()
      // Whatever happens, the line is read once.
      if position <= start { position = start + 1 }
    }
  }

  private mutating func parseSymbol() {
    let symbol = byte
    switch symbol {
    case UInt8(ascii: "A")...UInt8(ascii: "G"), UInt8(ascii: "a")...UInt8(ascii: "g"), UInt8(ascii: "^"),
      UInt8(ascii: "_"), UInt8(ascii: "="):
      parseSingleNote()
    case UInt8(ascii: "z"), UInt8(ascii: "x"), UInt8(ascii: "Z"), UInt8(ascii: "X"): parseRest()
    case UInt8(ascii: "|"), UInt8(ascii: ":"): parseBar()
    case UInt8(ascii: "["): parseBracket()
    case UInt8(ascii: "("): parseParenthesis()
    case UInt8(ascii: "\""): parseQuotation()
    case UInt8(ascii: ">"), UInt8(ascii: "<"): parseBrokenRhythm()
    case UInt8(ascii: "-"): parseTie()
    case UInt8(ascii: "{"): parseGraceNotes()
    case UInt8(ascii: "!"), UInt8(ascii: "+"): parseDecoration(symbol)
    case UInt8(ascii: "&"): parseOverlay()
    case UInt8(ascii: "y"):
      position += 1
      _ = parseLength()
    case UInt8(ascii: "."), UInt8(ascii: "~"): parseDecorationSign(symbol)
    case UInt8(ascii: "\\"), UInt8(ascii: ")"), UInt8(ascii: "`"),
      UInt8(ascii: "*"), UInt8(ascii: "$"), UInt8(ascii: "]"):
      position += 1
    case UInt8(ascii: "h")...UInt8(ascii: "w"), UInt8(ascii: "H")...UInt8(ascii: "W"):
      parseDecorationLetter(symbol)
    default:
      if !ABCText.isSpace(symbol) { warnUnknown(symbol) }
      position += 1
    }
  }

  // MARK: Bar lines

  private mutating func parseBar() {
    let start = position
    var colonsBefore = 0
    var colonsAfter = 0
    var strokes = 0
    var isThick = false
    scan: while position < lineEnd {
      switch byte {
      case UInt8(ascii: ":"):
        // "[|]:|" is a hidden bar line and an end of a repeat.
        if bytes[max(position - 1, start)] == UInt8(ascii: "]"), byte(ahead: 1) == UInt8(ascii: "|") {
          break scan
        }
        if strokes == 0 { colonsBefore += 1 } else { colonsAfter += 1 }
      case UInt8(ascii: "|") where colonsAfter == 0: strokes += 1
      case UInt8(ascii: "]") where strokes > 0 && colonsAfter == 0: isThick = true
      case UInt8(ascii: "[") where byte(ahead: 1) == UInt8(ascii: "|") && colonsAfter == 0: isThick = true
      default: break scan
      }
      position += 1
    }
    var bar = ABCBar(isDouble: strokes > 1 || isThick)
    if strokes == 0, colonsBefore == 1 {
      warn("a single colon is not a bar line; it is skipped", at: start)
      return
    }
    if strokes == 0 {
      bar.endsRepeat = (colonsBefore + 1) / 2
      bar.beginsRepeat = colonsBefore / 2
    } else {
      bar.endsRepeat = colonsBefore
      bar.beginsRepeat = colonsAfter
    }
    append(bar, at: start)
    if (0x31...0x39).contains(byte) { parseEnding() }
  }

  private mutating func append(_ bar: ABCBar, at place: Int) {
    let index = voiceIndex()
    checkBarLength(before: bar, at: place)
    append(.bar(bar), to: index)
    let hadMusic = voices[index].barLength > 0
    let mayBeShort = bar.dividesSections || (!hadMusic && voices[index].barMayBeShort)
    voices[index].beginBar(mayBeShort: mayBeShort)
  }

  /// Warns if a bar does not have the length of its time signature, unless a section begins or ends with it.
  private mutating func checkBarLength(before bar: ABCBar, at place: Int) {
    let state = voices[voiceIndex()]
    let expected = state.timeSignature.barLength
    guard expected > 0, state.barLength > 0, state.barLength != expected, !state.barHasOverlay else { return }
    if state.barLength < expected, state.barMayBeShort || bar.dividesSections { return }
    let excess = state.barLength - expected
    let units = Double(abs(excess)) / Double(state.unitLength)
    let amount = units == units.rounded() ? "\(Int(units))" : "\((units * 1000).rounded() / 1000)"
    warn("this bar is \(amount) unit lengths too \(excess > 0 ? "long" : "short")", at: place)
  }

  /// A list of passes, `1`, `1,3`, `1-3`, at the reading position.
  private mutating func parseEnding() {
    var passes: UInt64 = 0
    var rangeStart: Int?
    while (0x30...0x39).contains(byte) {
      let number = min(parseNumber(), 63)
      for pass in min(rangeStart ?? number, number)...number where pass > 0 { passes |= 1 << UInt64(pass) }
      rangeStart = nil
      guard (0x30...0x39).contains(byte(ahead: 1)) else { break }
      if byte == UInt8(ascii: "-") { rangeStart = number } else if byte != UInt8(ascii: ",") { break }
      position += 1
    }
    if byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",") { position += 1 }
    let index = voiceIndex()
    append(.ending(passes: passes), to: index)
    voices[index].barAccidentals.removeAll(keepingCapacity: true)
  }

  // MARK: Brackets

  /// `[`: an inline field, a thick bar line, an ending or a chord.
  private mutating func parseBracket() {
    let next = byte(ahead: 1)
    if next == UInt8(ascii: "|") {
      parseBar()
    } else if (0x31...0x39).contains(next) {
      position += 1
      parseEnding()
    } else if byte(ahead: 2) == UInt8(ascii: ":"),
      (0x41...0x5A).contains(next) || (0x61...0x7A).contains(next)
    {
      parseInlineField(next)
    } else if next == UInt8(ascii: "]") {
      position += 2
    } else {
      parseChord()
    }
  }

  private mutating func parseInlineField(_ letter: UInt8) {
    let start = position + 3
    guard let close = bytes[start..<lineEnd].firstIndex(of: UInt8(ascii: "]")) else {
      warn("this inline field has no ']'; the rest of the line is skipped")
      position = lineEnd
      return
    }
    if letter == UInt8(ascii: "P") || "KLMQVU".utf8.contains(letter) {
      parseField(letter, value: start..<close)
    }
    position = close + 1
  }

  /// `(`: a tuplet `(3`, `(p:q:r`, or a slur, which changes no note.
  private mutating func parseParenthesis() {
    let start = position
    position += 1
    guard (0x31...0x39).contains(byte) else { return }
    let p = parseNumber()
    var q: Int?
    var r: Int?
    if byte == UInt8(ascii: ":") {
      position += 1
      if (0x30...0x39).contains(byte) { q = parseNumber() }
      if byte == UInt8(ascii: ":") {
        position += 1
        if (0x30...0x39).contains(byte) { r = parseNumber() }
      }
    }
    let index = voiceIndex()
    let time = q ?? 0
    let numerator =
      time > 0 ? time : ABCTuneParser.tupletTime(p, isCompound: voices[index].timeSignature.isCompound)
    guard (2...64).contains(p), (1...64).contains(numerator), (r ?? p) <= 64 else {
      warn("this is not a tuplet; it is skipped", at: start)
      return
    }
    let count = r ?? 0
    voices[index].tuplet = VoiceState.Tuplet(
      numerator: numerator, denominator: p, remaining: count > 0 ? count : p)
  }

  /// How many notes' time `p` notes take (ABC 2.1, section 4.13).
  private static func tupletTime(_ p: Int, isCompound: Bool) -> Int {
    switch p {
    case 3, 6: 2
    case 2, 4, 8: 3
    default: isCompound ? 3 : 2
    }
  }

  // MARK: Between the notes

  /// `"Am7"` is a chord symbol, `"^slowly"` a text for the page.
  private mutating func parseQuotation() {
    let start = position
    guard let close = bytes[(position + 1)..<lineEnd].firstIndex(of: UInt8(ascii: "\"")) else {
      warn("this text has no closing quotation mark; the rest of the line is skipped")
      position = lineEnd
      return
    }
    let text = ABCText.decode(bytes[(position + 1)..<close])
    position = close + 1
    guard let first = text.first, !"^_<>@".contains(first) else { return }
    let index = voiceIndex()
    switch ABCChordSymbol.read(text) {
    case .chord(let chord): append(.chordSymbol(chord), to: index)
    case .silence: append(.chordSymbol(nil), to: index)
    case .words: break
    case .unknown: warn("'\(text)' is not a known chord symbol; it is skipped", at: start)
    }
  }

  private mutating func parseGraceNotes() {
    guard let close = bytes[position..<lineEnd].firstIndex(of: UInt8(ascii: "}")) else {
      warn("these grace notes have no '}'; the rest of the line is skipped")
      position = lineEnd
      return
    }
    position = close + 1
  }

  private mutating func parseOverlay() {
    position += 1
    let index = voiceIndex()
    append(.overlay, to: index)
    voices[index].beginBar(mayBeShort: voices[index].barMayBeShort)
    voices[index].barHasOverlay = true
    voices[index].lastEvent = nil
    voices[index].broken = nil
    voices[index].ties = []
  }
}
