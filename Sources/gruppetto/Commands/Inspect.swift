internal import Analysis
internal import ArgumentParser
internal import Composing
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation

/// `gruppetto inspect`: shows what is in music files.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the tracks, bars, tempo, time signature, key and warnings of music files.",
    discussion: """
      Example:

        gruppetto inspect tune.mid --svg roll.svg
      """)

  @Argument(help: "MIDI files or tune books; - is standard input.")
  var files: [String]

  @Option(help: ArgumentHelp("SVG picture of the piece as a piano roll to write.", valueName: "file"))
  var svg: String?

  @Flag(help: "List every event of a MIDI file with its byte offset.")
  var events = false

  @OptionGroup var piece: PieceOption
  @OptionGroup var ornament: OrnamentOption
  @OptionGroup var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard svg == nil || files.count == 1 else {
      throw ValidationError("--svg draws one file; name only one.")
    }
  }

  func run() throws {
    if let svg {
      guard try OutputFile(svg).form == .picture else { throw UsageError("\(svg): the ending must be .svg") }
      try OutputFile(svg).checkFolder()
    }
    var failure: (any Error)?
    var inspections: [Inspection] = []
    for path in files {
      do {
        inspections += try inspect(path)
      } catch {
        // The readable ones of several files are still shown; the last error decides the exit code.
        guard files.count > 1, let known = error as? any DiagnosableError else { throw error }
        if failure != nil || path != files.last { Console.printError("gruppetto: \(known.message)") }
        failure = error
      }
    }
    if common.json { try printJSON(inspections) }
    if let failure { throw failure }
  }

  /// One object: that of a single piece, or a list of several.
  private func printJSON(_ inspections: [Inspection]) throws {
    struct Pieces: Encodable {
      var pieces: [Inspection]
    }
    if inspections.isEmpty { return }
    try inspections.count == 1
      ? Console.printJSON(inspections[0]) : Console.printJSON(Pieces(pieces: inspections))
  }

  private func inspect(_ path: String) throws -> [Inspection] {
    let (bytes, name) = try MusicInput.bytes(of: path, input)
    let reading = try ScoreReader.read(bytes: bytes, name: name, ornaments: ornament.ornaments)
    let scores = try chosen(reading.scores, path: path)
    let midi = try? MIDIFile(bytes: bytes)
    // Each piece repeats the warnings of its file. For a book of many tunes with many warnings the output would be far
    // longer than the file, so there only the first piece has them.
    let isLong = scores.count * reading.warnings.count > 100_000
    func inspection(_ index: Int) -> Inspection {
      Inspection(
        file: path, midi: midi, score: scores[index],
        warnings: isLong && index > 0 ? [] : reading.warnings)
    }
    // What is printed is not kept: of a book of many tunes it takes more memory than they do.
    let inspections = common.json ? scores.indices.map(inspection) : []
    if !common.json {
      try printTexts(scores.indices.lazy.map { inspection($0).text })
      if events { try listEvents(of: midi, path: path) }
    }
    guard let svg, let score = scores.first else { return inspections }
    guard scores.count == 1 else {
      throw UsageError("\(path) holds \(scores.count) pieces; choose the one to draw with --piece N")
    }
    let title = score.title ?? path.split(separator: "/").last.map(String.init) ?? path
    try replaceFile(at: svg, with: PianoRoll().svg(of: score, title: title))
    common.remark("\(svg): the piano roll")
    return inspections
  }

  /// Prints texts, many of them at a time.
  private func printTexts(_ texts: some Sequence<String>) throws {
    var page = ""
    for text in texts {
      page += page.isEmpty ? text : "\n" + text
      if page.utf8.count > 1 << 16 {
        try Console.print(page)
        page = ""
      }
    }
    if !page.isEmpty { try Console.print(page) }
  }

  private func chosen(_ scores: [Score], path: String) throws -> [Score] {
    guard let number = piece.piece else { return scores }
    guard scores.indices.contains(number - 1) else {
      throw UsageError("\(path) has no piece \(number); it holds \(Readable.plural(scores.count, "piece"))")
    }
    return [scores[number - 1]]
  }

  private func listEvents(of midi: MIDIFile?, path: String) throws {
    guard let midi else { throw UsageError("\(path): --events lists the events of MIDI files only") }
    for (index, track) in midi.tracks.enumerated() {
      try Console.print("track \(index)")
      for event in track.events {
        try Console.print(EventLine(event, in: track).text)
      }
    }
  }
}

/// The facts about one piece, as `--json` prints them.
struct Inspection: Encodable {
  /// The part of a diagnostic that is printed, under the names in the manual.
  struct Warning: Encodable, CustomStringConvertible {
    let diagnostic: Diagnostic

    private enum Keys: String, CodingKey {
      case offset, line, column, rule, message
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encodeIfPresent(diagnostic.offset, forKey: .offset)
      try container.encodeIfPresent(diagnostic.line, forKey: .line)
      try container.encodeIfPresent(diagnostic.column, forKey: .column)
      try container.encode(diagnostic.rule, forKey: .rule)
      try container.encode(diagnostic.message, forKey: .message)
    }

    var description: String { diagnostic.description }
  }

  let file: String
  let format: String
  let summary: ScoreSummary
  let alignment: BeatAlignment
  /// What the file was made with, if the program made it and the file tells.
  let made: CompositionRecord?
  let warnings: [Warning]

  init(file: String, midi: MIDIFile?, score: Score, warnings: [Diagnostic]) {
    self.file = file
    format = midi.map { "midi \($0.format.rawValue)" } ?? "abc"
    summary = ScoreSummary(score)
    alignment = BeatAlignment(of: score)
    // What cannot be read is no fault of the music; `generate --like` says what is wrong with it.
    made = midi.flatMap { try? CompositionRecord(texts: $0.texts, path: file) }
    self.warnings = warnings.map(Warning.init)
  }

  private enum Keys: String, CodingKey {
    case file, format, beats, made, warnings
  }

  func encode(to encoder: any Encoder) throws {
    try summary.encode(to: encoder)
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(file, forKey: .file)
    try container.encode(format, forKey: .format)
    try container.encode(AlignmentReport(alignment), forKey: .beats)
    try container.encodeIfPresent(made, forKey: .made)
    try container.encode(warnings, forKey: .warnings)
  }

  var text: String {
    var lines = [Readable.line(file + (summary.title.map { ": \($0)" } ?? ""))]
    lines.append(
      "  \(format), \(summary.ticksPerQuarter) ticks per quarter note, \(Readable.plural(summary.bars, "bar")), "
        + "\(Readable.plural(summary.notes, "note")), \(duration)")
    // One that is stated again, where bars are counted anew, is no other one.
    var timeSignatures = summary.timeSignatures.map { "\($0.numerator)/\($0.denominator)" }
    timeSignatures = timeSignatures.indices.filter { $0 == 0 || timeSignatures[$0] != timeSignatures[$0 - 1] }
      .map { timeSignatures[$0] }
    let tempos = summary.tempos.map { Readable.decimal($0.beatsPerMinute, 1) }
    lines.append(
      "  time signature \(Self.few(timeSignatures)), tempo \(Self.few(tempos)) quarter notes per minute")
    if let key = summary.key {
      lines.append("  sounds like \(key)" + (summary.keySignature.map { ", written in \($0)" } ?? ""))
    }
    if let sentence = alignment.sentence { lines.append("  \(sentence)") }
    if let made {
      lines.append(
        Readable.line(
          "  made by \(made.program) with the model \(made.model.path) (\(made.model.fingerprint)), seed \(made.seed)"
        ))
    }
    let rows = summary.tracks.enumerated().map { index, track in
      let sound = track.isDrum ? "Drums" : track.program.flatMap(GeneralMIDI.programName) ?? "no program"
      return ["   \(index + 1)", Readable.line(track.name), sound, Readable.plural(track.notes, "note")]
    }
    lines.append(Readable.table(rows, rightAligned: [3]))
    lines += warnings.map { "  warning: \($0)" }
    return lines.joined(separator: "\n")
  }

  /// The length of the piece, and the end of its last note if that is different.
  private var duration: String {
    let (end, lastNote) = (Readable.clock(summary.seconds), Readable.clock(summary.lastNoteSeconds))
    return end == lastNote ? end : "\(end) (the last note ends at \(lastNote))"
  }

  private static func few(_ values: [String]) -> String {
    values.count > 4
      ? values.prefix(3).joined(separator: ", ") + ", … (\(values.count) changes)"
      : values.joined(separator: ", ")
  }
}
