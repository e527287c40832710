internal import ArgumentParser
internal import Composing
internal import Groundwork
internal import Music
internal import Tokenization

/// What a piece has to hold; shared by all commands that compose.
struct LimitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How long the piece lasts; without --tempo the tempo is fitted to whole bars, of 4/4 unless --time-signature says otherwise.",
      valueName: "seconds"))
  var seconds: Double?

  @Option(
    help: ArgumentHelp(
      "Key or scale that all notes are of: Dm, \"D dorian\", \"A minor pentatonic\", \"E blues\".",
      valueName: "key"))
  var key: String?

  @Option(
    help: ArgumentHelp(
      "Greatest share of notes outside the --key, from 0 to 1 (default: 0).", valueName: "share"))
  var chromatic: Double?

  @Option(
    help: ArgumentHelp(
      "Lowest and highest note, such as C3...C6; of one part as in melody:D4...B5. Repeat it for several parts.",
      valueName: "range"))
  var range: [String] = []

  @Option(
    help: ArgumentHelp(
      "Instruments, one part each and no others: violin,guitar; with its part as in melody:fiddle; a/b leaves the choice.",
      valueName: "names"))
  var instruments: String?

  @Option(
    help: ArgumentHelp(
      "Fewest and most notes that sound together wherever any does: 2...4, or 4 for at most 4.",
      valueName: "voices"))
  var voices: String?

  @Option(
    name: .customLong("note-lengths"),
    help: ArgumentHelp("Shortest and longest note, such as 1/16...1/2.", valueName: "lengths"))
  var noteLengths: String?

  @Option(
    help: ArgumentHelp(
      "Fewest and most notes in a bar: 2...6; of one part as in melody:2...6. Repeat it for several parts.",
      valueName: "notes"))
  var density: [String] = []

  @Option(
    help: ArgumentHelp(
      "Share of the time in which nothing sounds: none, 0.2 for at most a fifth, or 0.1...0.3.",
      valueName: "share"))
  var rests: String?

  @Option(help: ArgumentHelp("Notes that the melody begins with, such as \"D4 F4 A4\".", valueName: "notes"))
  var first: String?

  @Option(help: ArgumentHelp("Last note of the melody, on the last bar line: D, or D4.", valueName: "note"))
  var last: String?

  @Option(
    name: .customLong("last-chord"),
    help: ArgumentHelp("Chord that the piece ends with, on the last bar line: Dm.", valueName: "chord"))
  var lastChord: String?

  @Option(
    help: ArgumentHelp(
      "Chords bar by bar, repeated over the piece, that notes on strong beats belong to: \"Dm7 G7 | Cmaj7\".",
      valueName: "chords"))
  var chords: String?

  @Option(
    help: ArgumentHelp(
      "Rhythm of the melody, repeated: lengths with r before rests, as in \"1/4 1/8 1/8 | 1/2 r1/4\", or a music file.",
      valueName: "rhythm"))
  var rhythm: String?

  @Option(
    help: ArgumentHelp(
      "Line that the melody stays near from beginning to end: notes such as \"C4 G4 C5 E4\", or a music file.",
      valueName: "line"))
  var contour: String?

  /// Nothing is asked for.
  static let none: LimitOptions = {
    var options = LimitOptions()
    (options.range, options.density) = ([], [])
    (options.key, options.instruments, options.voices, options.noteLengths) = (nil, nil, nil, nil)
    (options.rests, options.first, options.last, options.lastChord) = (nil, nil, nil, nil)
    (options.chords, options.rhythm, options.contour) = (nil, nil, nil)
    (options.seconds, options.chromatic) = (nil, nil)
    return options
  }()

  func validate() throws {
    let texts = [
      ("--instruments", instruments), ("--first", first), ("--last", last), ("--last-chord", lastChord),
      ("--chords", chords), ("--rhythm", rhythm), ("--contour", contour),
    ]
    if let empty = texts.first(where: { $0.1.map { $0.allSatisfy(\.isWhitespace) } ?? false }) {
      throw ValidationError("\(empty.0) is empty; say what it asks for, or leave it out.")
    }
    guard chromatic == nil || key != nil else {
      throw ValidationError(
        "--chromatic is the share of notes outside a --key; give a --key, or drop --chromatic.")
    }
    if let chromatic, !(0...1).contains(chromatic) {
      throw ValidationError("--chromatic is a share from 0 to 1, not \(chromatic).")
    }
    if let seconds, !(seconds > 0 && seconds <= 36_000) {
      throw ValidationError("--seconds is more than 0 and at most 36000, not \(seconds).")
    }
    // Files are read when the piece is composed.
    _ = try parsed(reading: nil)
  }

  /// The limits.
  /// - Parameter read: Reads a music file; nil leaves files unread.
  func parsed(reading read: ((String) throws -> Score)?) throws -> Limits {
    var limits = Limits()
    limits.seconds = seconds
    limits.key = try named("--key", key) { text throws(MusicTextError) in try Scale(text) }
    limits.chromaticShare = chromatic ?? 0
    limits.ranges = try range.map { try forPart("--range", $0, Self.pitches) }
    limits.densities = try density.map { try forPart("--density", $0, Self.counts) }
    limits.instruments = try (instruments ?? "").split(separator: ",").map { item in
      try forPart("--instruments", String(item), Self.instrument)
    }
    limits.voices = try voices.map { text in
      guard let voices = Int(text) else { return try Self.counts("--voices")(text) }
      guard voices > 0 else { throw ValidationError("--voices is at least 1, not \(text).") }
      return 1...voices
    }
    limits.noteLengths = try noteLengths.map(Self.lengths)
    limits.rests = try rests.map(Self.share)
    limits.firstNotes = try (first ?? "").split(whereSeparator: { " ,".contains($0) }).map { name in
      guard let pitch = Pitch(name) else {
        throw ValidationError("--first is notes with octaves such as \"D4 F4\", not \"\(name)\".")
      }
      return pitch
    }
    limits.lastNote = try last.map(Self.lastNote)
    limits.lastChord = try named("--last-chord", lastChord) { text throws(MusicTextError) in
      try ChordSymbol(text)
    }
    limits.chords = try named("--chords", chords) { text throws(MusicTextError) in try ChordProgression(text)
    }
    if let rhythm {
      if Self.isFile(rhythm) {
        limits.rhythm = try read.map {
          try RhythmPattern(of: $0(rhythm), description: "of \(rhythm)") ?? noMelody(rhythm)
        }
      } else {
        limits.rhythm = try named("--rhythm", rhythm) { text throws(MusicTextError) in try RhythmPattern(text)
        }
      }
    }
    if let contour {
      if Self.isFile(contour) {
        limits.contour = try read.map { try Limits.Contour(of: $0(contour)) ?? noMelody(contour) }
      } else {
        limits.contour = try Self.line(contour)
      }
    }
    return limits
  }

  /// The options as they were typed.
  private var words: [String] {
    var words: [String] = []
    func add(_ name: String, _ text: String?) { if let text { words += ["--" + name, text] } }
    add("seconds", seconds.map { "\($0)" })
    add("key", key)
    add("chromatic", chromatic.map { "\($0)" })
    for text in range { add("range", text) }
    add("instruments", instruments)
    add("voices", voices)
    add("note-lengths", noteLengths)
    for text in density { add("density", text) }
    for (name, text) in [
      ("rests", rests), ("first", first), ("last", last), ("last-chord", lastChord), ("chords", chords),
      ("rhythm", rhythm), ("contour", contour),
    ] {
      add(name, text)
    }
    return words
  }

  /// Takes the limits into a request, and writes down what they are.
  /// - Throws: `ValidationError`, `UsageError`; what reading a file throws.
  func record(in request: inout CompositionRequest, input: InputOptions, common: CommonOptions) throws {
    var files: [String: String] = [:]
    request.limits = try parsed { path in
      let given = try MusicInput.readWhole(path, piece: nil, input: input, common: common)
      files[path] = given.fingerprint
      return given.score
    }
    request.settings.limits = words.isEmpty ? nil : words
    request.settings.limitFiles = files.isEmpty ? nil : files
  }

  private func noMelody<Value>(_ path: String) throws -> Value {
    throw UsageError("\(path) has no melody to follow: it has no pitched notes")
  }

  // MARK: Reading values

  private func named<Value>(
    _ option: String, _ text: String?, _ make: (String) throws(MusicTextError) -> Value
  ) throws -> Value? {
    guard let text else { return nil }
    do {
      return try make(text)
    } catch {
      throw ValidationError("\(option): \(error.message).")
    }
  }

  /// A value for a part, `melody:2...6`, or for the piece.
  private func forPart<Value>(
    _ option: String, _ text: String, _ make: (String) -> (String) throws -> Value
  ) throws -> Limits.ForPart<Value> {
    let make = make(option)
    guard let colon = text.firstIndex(of: ":") else { return Limits.ForPart(try make(text)) }
    guard let part = Limits.PartName(text[..<colon]) else {
      throw ValidationError(
        "\(option) names the part \"\(text[..<colon])\"; the parts are melody, chords, bass, other and drums, "
          + "with a number where there are several, as in melody 2.")
    }
    return Limits.ForPart(try make(String(text[text.index(after: colon)...])), part: part)
  }

  /// The two ends of `a...b`; either may be missing.
  private static func ends(_ text: String) -> (low: String, high: String)? {
    guard let dots = text.firstRange(of: "...") else { return nil }
    return (String(text[..<dots.lowerBound]), String(text[dots.upperBound...]))
  }

  private static func pitches(_ option: String) -> (String) throws -> ClosedRange<Pitch> {
    { text in
      guard let (low, high) = ends(text), let from = low.isEmpty ? .lowest : Pitch(low),
        let to = high.isEmpty ? .highest : Pitch(high), from <= to
      else {
        throw ValidationError("\(option) is the lowest and highest note, such as C3...C6, not \(text).")
      }
      return from...to
    }
  }

  private static func instrument(_ option: String) -> (String) throws -> InstrumentName {
    { name in
      do throws(MusicTextError) {
        return try InstrumentName(name)
      } catch {
        throw ValidationError("\(option): \(error.message).")
      }
    }
  }

  private static func counts(_ option: String) -> (String) throws -> ClosedRange<Int> {
    { text in
      if let exact = Int(text), exact > 0 { return exact...exact }
      guard let (low, high) = ends(text), let from = low.isEmpty ? 0 : Int(low),
        let to = high.isEmpty ? Int.max : Int(high), from >= 0, from <= to
      else { throw ValidationError("\(option) is the fewest and most, such as 2...6, not \(text).") }
      return from...to
    }
  }

  private static func lengths(_ text: String) throws -> ClosedRange<NoteLength> {
    guard let (low, high) = ends(text), let from = low.isEmpty ? NoteLength(1, 128) : NoteLength(low),
      let to = high.isEmpty ? NoteLength(64, 1) : NoteLength(high), from <= to
    else {
      throw ValidationError("--note-lengths is the shortest and longest, such as 1/16...1/2, not \(text).")
    }
    return from...to
  }

  private static func share(_ text: String) throws -> ClosedRange<Double> {
    if text == "none" { return 0...0 }
    if let most = Double(text), (0...1).contains(most) { return 0...most }
    guard let (low, high) = ends(text), let from = low.isEmpty ? 0 : Double(low),
      let to = high.isEmpty ? 1 : Double(high), 0 <= from, from <= to, to <= 1
    else {
      throw ValidationError("--rests is none, or a share of the time such as 0.2 or 0.1...0.3, not \(text).")
    }
    return from...to
  }

  private static func lastNote(_ text: String) throws -> Limits.LastNote {
    if let pitch = Pitch(text), Int(text) == nil { return .pitch(pitch) }
    guard let pitch = Pitch(text + "4"), Int(text) == nil else {
      throw ValidationError(
        "--last is a note such as D or D4, not \(text); a chord is asked for by --last-chord.")
    }
    return .pitchClass(pitch.pitchClass)
  }

  private static func line(_ text: String) throws -> Limits.Contour {
    let heights = try text.split(whereSeparator: { " ,".contains($0) }).map { name in
      guard let pitch = Pitch(name) else {
        throw ValidationError(
          "--contour is notes with octaves such as \"C4 G4 C5\", or a music file, not \"\(name)\".")
      }
      return Double(pitch.key)
    }
    guard !heights.isEmpty else {
      throw ValidationError("--contour has no notes; write some such as \"C4 G4 C5\".")
    }
    return Limits.Contour(heights: heights)
  }

  /// Whether a text names a music file rather than saying something itself.
  private static func isFile(_ text: String) -> Bool {
    [".mid", ".midi", ".rmi", ".kar", ".abc"].contains { text.lowercased().hasSuffix($0) }
  }
}
