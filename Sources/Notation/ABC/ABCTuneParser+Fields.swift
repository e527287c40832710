internal import Groundwork

/// Fields, in the header, between lines of music and inline.
extension ABCTuneParser {
  mutating func parseField(_ letter: UInt8, value: Range<Int>) {
    let text = ABCText.decode(bytes[value])
    if !isInBody { add(ABCField(letter: Character(Unicode.Scalar(letter)), value: text)) }
    switch Character(Unicode.Scalar(letter)) {
    case "X":
      if number == nil { number = Int(text.prefix { $0.isNumber }) }
    case "T" where isInBody: add(ABCField(letter: "T", value: text))
    case "M": parseMetre(text)
    case "L": parseUnitLength(text)
    case "Q": parseTempo(text)
    case "K": parseKey(text)
    case "P": parsePart(text)
    // A file's header has no voices (section 3.1, the table of fields).
    case "V" where !isInFileHeader: parseVoice(text)
    case "U": parseUserSymbol(text)
    case "w" where isInBody: parseLyrics(value)
    default: break
    }
  }

  private mutating func parseMetre(_ text: String) {
    guard let timeSignature = ABCTimeSignature(text) else {
      warn("'\(text)' is not a time signature; the field is skipped")
      return
    }
    updateVoice { $0.timeSignature = timeSignature }
    if isInBody {
      let index = voiceIndex()
      append(.timeSignature(timeSignature), to: index)
    } else if headerUnitLength == nil {
      updateVoice { $0.unitLength = timeSignature.unitLength }
    }
  }

  private mutating func parseUnitLength(_ text: String) {
    let halves = text.split(separator: "/", omittingEmptySubsequences: false)
    let numbers = halves.map { part in Int(part.filter { !$0.isWhitespace }) }
    guard let upper = numbers[0], let lower = numbers.count == 2 ? numbers[1] : 1, (1...16).contains(upper),
      (1...256).contains(lower), numbers.count <= 2,
      let length = ABCTime.scaled(ABCTime.whole, by: upper, over: lower)
    else {
      warn("'\(text)' is not a unit note length; the field is skipped")
      return
    }
    if !isInBody { headerUnitLength = length }
    updateVoice { $0.unitLength = length }
  }

  private mutating func parseTempo(_ text: String) {
    guard isInBody else {
      // The old forms count unit lengths, which a later L: may still set.
      headerTempo = text
      return
    }
    let index = voiceIndex()
    let reading = ABCTempo.read(text, unitLength: voices[index].unitLength)
    if !reading.isUnderstood { warn("'\(text)' is not a tempo; the field is skipped") }
    if let tempo = reading.microsecondsPerQuarter { append(.tempo(tempo), to: index) }
  }

  private mutating func parseKey(_ text: String) {
    let reading = ABCKey.read(text)
    for word in reading.unknown { warn("'\(word)' has no meaning in a K: field; it is skipped") }
    let key = reading.key
    updateVoice { state in
      if let key { state.key = key }
      if reading.octave != 0 { state.octave = reading.octave }
      if reading.transposition != 0 { state.transposition = reading.transposition }
      state.barAccidentals.removeAll(keepingCapacity: true)
    }
    if isInBody {
      if let key {
        let index = voiceIndex()
        append(.key(key), to: index)
      }
    } else if block.bytes.contains(position) || position == block.bytes.upperBound {
      beginBody(key ?? ABCKey())
    }
  }

  /// The header is over: every voice begins with its key, its time signature and the tempo.
  private mutating func beginBody(_ key: ABCKey) {
    defaults.key = key
    defaults.append(.key(key))
    defaults.append(.timeSignature(defaults.timeSignature))
    for index in voices.indices {
      voices[index].key = key
      voices[index].timeSignature = defaults.timeSignature
      voices[index].unitLength = defaults.unitLength
      voices[index].append(.key(key))
      voices[index].append(.timeSignature(defaults.timeSignature))
    }
    let opening = defaults.voice.sections[0]
    defaults.voice.sections = [[]]
    isInBody = true
    currentVoice = nil
    let index = voiceIndex()
    if voices[index].voice.sections[0].isEmpty { voices[index].voice.sections[0] = opening }
    if let headerTempo { parseTempo(headerTempo) }
  }

  private mutating func parsePart(_ text: String) {
    if !isInBody {
      let order = ABCPartOrder.read(text)
      if order.count > 1 {
        playingOrder = order
      } else {
        sectionLabels = [order.first]
      }
      return
    }
    guard sectionLabels.count < ABCTuneParser.sectionLimit else {
      warn(
        "there are more than \(ABCTuneParser.sectionLimit) parts; this one is joined to the last",
        action: .replaced)
      append(.part(text), to: voiceIndex())
      return
    }
    sectionLabels.append(text)
    _ = voiceIndex()
    for index in voices.indices {
      voices[index].voice.sections.append([])
      voices[index].lastEvent = nil
      voices[index].broken = nil
      voices[index].lineEvents = []
    }
    // A label applies to all voices, and starts with the first.
    currentVoice = 0
    append(.part(text), to: 0)
  }

  private mutating func parseVoice(_ text: String) {
    let identifier = String(text.prefix { !$0.isWhitespace })
    guard !identifier.isEmpty else { return }
    let known = voices.firstIndex { $0.voice.identifier == identifier }
    guard known != nil || voices.count < 64 else {
      warn("there are more than 64 voices; '\(identifier)' is joined to the last")
      return
    }
    // In the body the voice that K: began is this one, if nothing has been written to it.
    let unused =
      isInBody && known == nil && voices.count == 1 && !voices[0].hasEvents
      && voices[0].voice.identifier == "1"
    if unused { voices[0].voice.identifier = identifier }
    let index = known ?? (unused ? 0 : addVoice(identifier))
    currentVoice = index
    let properties = text.dropFirst(identifier.count)
    if let name = property("name", in: properties) ?? property("nm", in: properties), !name.isEmpty {
      voices[index].voice.name = name
    }
    if let octave = property("octave", in: properties).flatMap({ Int($0) }), (-4...4).contains(octave) {
      voices[index].octave = octave
    }
    if let shift = property("transpose", in: properties).flatMap({ Int($0) }), (-48...48).contains(shift) {
      voices[index].transposition = shift
    }
  }

  /// The value of `name=value` or `name="a value"`.
  private func property(_ name: String, in text: Substring) -> String? {
    var rest = text
    while !rest.isEmpty {
      rest = rest.drop(while: \.isWhitespace)
      let word = rest.prefix { !$0.isWhitespace && $0 != "=" }
      rest = rest.dropFirst(word.count)
      guard rest.first == "=" else {
        if word.isEmpty { return nil }
        continue
      }
      rest = rest.dropFirst()
      let value: Substring
      if rest.first == "\"" {
        value = rest.dropFirst().prefix { $0 != "\"" }
        rest = rest.dropFirst(value.count + 2)
      } else {
        value = rest.prefix { !$0.isWhitespace }
        rest = rest.dropFirst(value.count)
      }
      if word == name { return String(value) }
    }
    return nil
  }

  /// Hands the syllables of a `w:` field to the notes since the one before (ABC 2.1, section 5). Further verses are skipped.
  private mutating func parseLyrics(_ value: Range<Int>) {
    let index = voiceIndex()
    guard !voices[index].hasLyrics else { return }
    voices[index].hasLyrics = true
    var events = voices[index].lineEvents[...]
    for syllable in ABCLyrics.syllables(ABCText.decode(bytes[value])) {
      guard let event = events.popFirst() else {
        warn("there are more syllables than notes; the rest is skipped")
        return
      }
      if let syllable { voices[index].setSyllable(syllable, ofEvent: event) }
    }
  }
}

extension VoiceState {
  /// Puts a syllable under an event of the section that is being read.
  mutating func setSyllable(_ syllable: String, ofEvent index: Int) {
    let section = voice.sections.count - 1
    guard case .event(var event) = voice.sections[section][index] else { return }
    event.syllable = voice.syllables.count
    voice.syllables.append(syllable)
    voice.sections[section][index] = .event(event)
  }
}

/// The playing order of parts in a header's `P:` field: `ABA`, `A.AB.AC`, `A(AB)3C2` (ABC 2.1, section 3.1.9).
enum ABCPartOrder {
  private static let limit = 256

  /// The labels in playing order, at most 256; empty where the text is not a playing order.
  static func read(_ text: String) -> [String] {
    var stack: [[String]] = [[]]
    var last: [String] = []
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "A"..."Z", "a"..."z":
        last = [String(character)]
        stack[stack.count - 1] += last
      case "(":
        guard stack.count < 32 else { return [] }
        stack.append([])
      case ")":
        guard stack.count > 1, let group = stack.popLast() else { return [] }
        last = group
        stack[stack.count - 1] += group
      case "0"..."9":
        guard let times = Int(String(character)) else { return [] }
        for _ in 1..<max(times, 2) where times > 1 && stack[stack.count - 1].count < limit {
          stack[stack.count - 1] += last
        }
      case ".", ",", " ", "\t": break
      default: return []
      }
      if stack[stack.count - 1].count > limit { return [] }
    }
    return stack.count == 1 ? stack[0] : []
  }
}

/// The syllables of a line of lyrics.
enum ABCLyrics {
  /// One entry a note: the syllable, with a hyphen where its word continues; nil if the note has none (`*`, `_`).
  static func syllables(_ text: String) -> [String?] {
    var result: [String?] = []
    var current = ""
    var isEscaped = false
    func flush(_ ending: String = "") {
      if !current.isEmpty { result.append(current + ending) }
      current = ""
    }
    for character in text {
      if isEscaped {
        current.append(character)
        isEscaped = false
        continue
      }
      switch character {
      case "\\": isEscaped = true
      case " ", "\t", "|": flush()
      case "-":
        if current.isEmpty { if !result.isEmpty { result.append(nil) } } else { flush("-") }
      case "_", "*":
        flush()
        result.append(nil)
      case "~": current.append(" ")
      default: current.append(character)
      }
    }
    flush()
    return result
  }
}
