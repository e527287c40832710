internal import Groundwork

/// Reads one tune in one pass over its bytes: the header's fields into defaults, the body into the elements of voices.
struct ABCTuneParser {
  let bytes: [UInt8]
  /// The tune, once its reading has begun.
  private(set) var block = ABCBlock(bytes: 0..<0, line: 1)
  /// Whether signs before notes change them.
  let ornaments: ABCOrnaments
  private(set) var diagnostics = DiagnosticSink(limit: ABCTuneParser.warningLimit)

  var number: Int?
  /// The fields of the file's header, and of the tune's own.
  private(set) var bookFields: [ABCField] = []
  private(set) var fields: [ABCField] = []
  /// The first `T:` field, and the first that is not empty.
  private(set) var title: String?
  private(set) var namedTitle: String?
  var voices: [VoiceState] = []
  /// The voice that music goes to; nil before the first is needed.
  var currentVoice: Int?
  /// The labels of the sections, in the order of the text; nil is what is before the first label.
  var sectionLabels: [String?] = [nil]
  /// The header's playing order of parts.
  var playingOrder: [String] = []
  /// Whether the `K:` field that ends the header has been read.
  var isInBody = false
  /// What a new voice begins with.
  var defaults = VoiceState(identifier: "1")
  var headerUnitLength: Int?
  var headerTempo: String?
  /// What the letters of `U:` fields stand for.
  var userSymbols: [UInt8: ABCMarks] = [:]
  var accidentalScope = AccidentalScope.letter

  /// What an accidental holds for until the bar's end: `%%propagate-accidentals`.
  enum AccidentalScope: String {
    case note = "not"
    case octave = "octave"
    case letter = "pitch"
  }

  /// The next byte, the end of its line, and where that line began.
  var position = 0
  var lineEnd = 0
  var line: Int
  private var lineStart = 0
  private(set) var isInFileHeader = false
  /// How much has been written to the voices: notes, chords, rests, bar lines and everything between them.
  private var writtenCount = 0
  private var isInTextBlock = false
  private var isAfterHistory = false
  private var unknownBytes: Set<UInt8> = []

  private static let warningLimit = 100
  /// The most that is written to a tune's voices: more than any tune has, little enough for memory.
  static let writingLimit = 200_000
  /// The most sections that `P:` fields divide a tune into.
  static let sectionLimit = 256

  /// A parser that has read what holds for every tune: the file's header.
  init(bytes: [UInt8], header: ABCBlock?, ornaments: ABCOrnaments) {
    self.bytes = bytes
    self.ornaments = ornaments
    line = 1
    if let header {
      isInFileHeader = true
      parse(header)
      isInFileHeader = false
      isInTextBlock = false
      swap(&bookFields, &fields)
    }
  }

  /// Whether there is a note or a rest in any voice.
  var hasMusic: Bool { voices.contains { !$0.voice.notes.isEmpty } }

  /// Reads a tune.
  mutating func parse(tune: ABCBlock) {
    block = tune
    parse(tune)
    for index in voices.indices where voices[index].tuplet.remaining > 0 {
      warn("the tune ends within a tuplet")
    }
  }

  private mutating func parse(_ block: ABCBlock) {
    line = block.line
    var next = block.bytes.lowerBound
    while next < block.bytes.upperBound {
      lineStart = next
      position = next
      let ends = ABCSplitter.lineEnd(in: bytes, from: next)
      (lineEnd, next) = (min(ends.end, block.bytes.upperBound), ends.next)
      parseLine()
      line += 1
    }
  }

  /// Adds a field of a header.
  mutating func add(_ field: ABCField) {
    fields.append(field)
    guard field.letter == "T" else { return }
    title = title ?? field.value
    if namedTitle == nil, !field.value.isEmpty { namedTitle = field.value }
  }

  /// Whether the voices are full, so that the rest of the tune is left out.
  var isFull: Bool { writtenCount > ABCTuneParser.writingLimit }

  /// Writes an element to the section of a voice that is being read.
  mutating func append(_ element: ABCElement, to index: Int) {
    note(written: 1)
    voices[index].append(element)
  }

  /// Counts what is written to the voices.
  mutating func note(written count: Int) {
    let wasFull = isFull
    writtenCount += count
    if isFull, !wasFull {
      let message = "the tune is too long; the rest is skipped"
      warn(message, action: .stopped, severity: .damage)
    }
  }

  private mutating func parseLine() {
    if position + 1 < lineEnd, bytes[position] == UInt8(ascii: "%"), bytes[position + 1] == UInt8(ascii: "%")
    {
      parseDirective()
      return
    }
    cutComment()
    guard position < lineEnd, !isInTextBlock, !isFull else { return }
    if let letter = ABCSplitter.fieldLetter(in: bytes, at: position, end: lineEnd) {
      position += 2
      parseField(letter, value: position..<lineEnd)
      isAfterHistory = letter == UInt8(ascii: "H") || (isAfterHistory && letter == UInt8(ascii: "+"))
    } else if isInBody {
      parseMusic(until: lineEnd)
    } else if !isInFileHeader, !isAfterHistory,
      bytes[position..<lineEnd].contains(where: { !ABCText.isSpace($0) })
    {
      warn("this line is neither a field nor, before the K: field, music; it is skipped")
    }
  }

  /// Ends the line before a comment: an unescaped `%`.
  private mutating func cutComment() {
    var index = position
    while index < lineEnd {
      if bytes[index] == UInt8(ascii: "%"), index == position || bytes[index - 1] != UInt8(ascii: "\\") {
        lineEnd = index
        return
      }
      index += 1
    }
  }

  /// `%%` lines are for typesetting programs; only `%%propagate-accidentals` and `%%MIDI program` and
  /// `transpose` are obeyed.
  private mutating func parseDirective() {
    let words = ABCText.decode(bytes[(position + 2)..<lineEnd]).split(whereSeparator: \.isWhitespace)
    guard let first = words.first else { return }
    if first == "begintext" || first == "beginps" {
      isInTextBlock = true
    } else if first == "endtext" || first == "endps" {
      isInTextBlock = false
    } else if first == "propagate-accidentals",
      let scope = words.last.flatMap({ AccidentalScope(rawValue: String($0)) })
    {
      accidentalScope = scope
    } else if first == "MIDI", words.count >= 3, let value = words.last.flatMap({ Int($0) }) {
      switch words[1] {
      case "program" where (0...127).contains(value): updateVoice { $0.voice.program = value }
      case "transpose" where (-48...48).contains(value): updateVoice { $0.transposition = value }
      default: break
      }
    }
  }

  /// Changes the current voice, or before the body what every voice begins with.
  mutating func updateVoice(_ change: (inout VoiceState) -> Void) {
    if isInBody {
      change(&voices[voiceIndex()])
    } else if let currentVoice {
      change(&voices[currentVoice])
    } else {
      change(&defaults)
      for index in voices.indices { change(&voices[index]) }
    }
  }

  /// The current voice's index; makes the first voice if there is none.
  mutating func voiceIndex() -> Int {
    if let currentVoice { return currentVoice }
    let index = voices.isEmpty ? addVoice("1") : 0
    currentVoice = index
    return index
  }

  /// Adds a voice that begins with the header's defaults.
  mutating func addVoice(_ identifier: String) -> Int {
    var state = defaults
    state.voice.identifier = identifier
    state.voice.sections = Array(repeating: [], count: sectionLabels.count)
    voices.append(state)
    return voices.count - 1
  }

  /// Adds a warning about the place that is being read, or `column` bytes into its line.
  mutating func warn(
    _ message: @autoclosure () -> String, at place: Int? = nil, action: Diagnostic.Action = .skipped,
    severity: Diagnostic.Severity = .fault
  ) {
    let (line, column) = (line, max(1, (place ?? position) - lineStart + 1))
    diagnostics.report(rule: "abc", severity: severity) {
      .abc(line: line, column: column, action: action, severity: severity, message: message())
    }
  }

  /// Warns of a byte that means nothing, once a tune.
  mutating func warnUnknown(_ byte: UInt8) {
    guard unknownBytes.insert(byte).inserted else { return }
    let name = (0x21..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    warn("\(name) has no meaning here; it is skipped")
  }
}

/// A voice while it is read: what has been written so far, and what holds at this point.
struct VoiceState {
  var voice: ABCVoice
  var key = ABCKey()
  var timeSignature = ABCTimeSignature.common
  var unitLength = ABCTime.whole / 8
  var octave = 0
  var transposition = 0
  var velocity = VoiceState.standardVelocity

  /// Accidentals in this bar, by the note's slot, or by the letter where they hold in every octave.
  var barAccidentals: [(slot: Int, semitones: Int)] = []
  /// The notes that are tied to what comes next: a tie carries its accidental over the bar line.
  var ties: [(slot: Int, pitch: Int)] = []
  /// The slots of the last event's notes.
  var lastSlots: [(slot: Int, pitch: Int)] = []
  /// Where the last event is in its section; nil at its beginning.
  var lastEvent: Int?
  var tuplet = Tuplet()
  /// A broken rhythm that waits for its second note.
  var broken: BrokenRhythm?

  /// The length of the bar so far, in grains.
  var barLength = 0
  /// Whether the bar may be incomplete, because a section began with it.
  var barMayBeShort = true
  var barHasOverlay = false
  /// The signs that are before the next note.
  var marks: ABCMarks = []
  /// Whether any note or rest has been written.
  var hasEvents = false
  /// Events since the last line of lyrics, and whether that line has been read.
  var lineEvents: [Int] = []
  var hasLyrics = false

  static let standardVelocity = 80

  /// `>` or `<`: what it does to the lengths of the events before and after it.
  struct BrokenRhythm {
    var event: Int
    var place: Int
    var before: (numerator: Int, denominator: Int)
    var after: (numerator: Int, denominator: Int)
  }

  struct Tuplet {
    var numerator = 1
    var denominator = 1
    var remaining = 0
  }

  init(identifier: String) { voice = ABCVoice(identifier: identifier) }

  /// Appends to the section that is being read.
  mutating func append(_ element: ABCElement) {
    voice.sections[voice.sections.count - 1].append(element)
  }

  /// Ends a bar: its accidentals go, and its length is counted again.
  mutating func beginBar(mayBeShort: Bool) {
    barAccidentals.removeAll(keepingCapacity: true)
    marks = []
    barLength = 0
    barMayBeShort = mayBeShort
    barHasOverlay = false
  }
}
