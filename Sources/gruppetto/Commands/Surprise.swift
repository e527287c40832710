internal import Analysis
internal import ArgumentParser
internal import Composing
internal import Evaluation
internal import Groundwork
internal import Music
internal import Tokenization

/// `gruppetto surprise`: how surprising a model finds each note of a piece, and which are probably wrong.
struct Surprise: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how surprising a model finds each note of a piece, and which are probably wrong.",
    discussion: """
      A note counts as wrong if the music up to the end of the following bar is
      more probable with another pitch in its place.

      Example:

        gruppetto surprise model tune.mid --svg roll.svg
      """)

  @Argument(help: "Folder of a trained model.")
  var model: String

  @Argument(help: "MIDI file or tune book; - is standard input.")
  var file: String

  @Option(help: ArgumentHelp("Table of all notes to write, comma separated.", valueName: "file"))
  var csv: String?

  @Option(
    help: ArgumentHelp(
      "SVG picture to write: the piece as a piano roll, colored by surprisal.", valueName: "file"))
  var svg: String?

  @Option(help: ArgumentHelp("Number of probably wrong notes to list.", valueName: "n"))
  var worst = 10

  @Flag(help: "Do not look for wrong notes, which is much faster.")
  var onlySurprisal = false

  @OptionGroup var piece: PieceOption
  @OptionGroup(title: HelpPage.rarelyNeeded) var weights: WeightOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var threads: ThreadOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard worst >= 0 else { throw ValidationError("--worst is a number from 0, not \(worst).") }
  }

  func run() throws {
    if let svg {
      guard try OutputFile(svg).form == .picture else { throw UsageError("\(svg): the ending must be .svg") }
    }
    for path in [csv, svg].compactMap({ $0 }) { try OutputFile.checkFolder(of: path) }
    if let csv, let svg, canonicalPath(csv) == canonicalPath(svg) {
      throw UsageError("--csv and --svg name the same file")
    }
    let score = try MusicInput.readOne(file, piece: piece.piece, input: input, common: common)
    let model = try MusicModel(path: model)
    let prepared = try model.preparation().prepare(score)
    if prepared.isMoved, let sentence = prepared.alignment?.sentence {
      common.remark("\(file): \(sentence); bars and beats are those after it")
    }
    let composer = try Composer(model: model, format: weights.weights)
    let report = try SurpriseReport(
      of: prepared.score, by: composer, options: SurpriseOptions(triesAlternatives: !onlySurprisal),
      threadCount: threads.count, cancellation: Interruption.cancellation(), progress: common.progress)
    if !onlySurprisal, !report.triedAlternatives {
      common.remark(
        "\(file): wrong notes are not sought in a piece of \(Readable.plural(report.notes.count, "note")), at most "
          + "\(Readable.count(SurpriseOptions().mostNotes)); surprisal alone is shown")
    }
    if let csv { try replaceFile(at: csv, with: report.csv) }
    let title = score.title ?? file.split(separator: "/").last.map(String.init) ?? file
    if let svg {
      try replaceFile(
        at: svg, with: report.pianoRoll(title: "\(title), as \(ModelFolder(path: self.model).name) hears it"))
    }
    try common.report(SurpriseOutput(file: file, report: report, worst: worst)) {
      Self.text(report, file: file, worst: worst, isTableWritten: csv != nil)
    }
  }

  /// The table of the notes, and those that are probably wrong.
  private static func text(
    _ report: SurpriseReport, file: String, worst: Int, isTableWritten: Bool
  ) -> String {
    var lines = [
      "\(file): \(Readable.plural(report.notes.count, "note")), \(Readable.decimal(report.perNote, 2)) nats per note, "
        + "\(Readable.decimal(report.perToken, 2)) per token"
    ]
    if !isTableWritten {
      var rows = [["bar", "beat", "part", "note", "surprisal", "entropy"]]
      rows += report.notes.map { note in
        [
          "\(note.bar + 1)", Readable.decimal(note.beat + 1, 2), "\(note.place.track + 1)",
          name(of: note, in: report), Readable.decimal(note.surprisal, 2), Readable.decimal(note.entropy, 2),
        ]
      }
      lines.append(Readable.table(rows, rightAligned: [0, 1, 2, 4, 5]))
    }
    let wrong = report.likelyWrongNotes.prefix(worst)
    guard !wrong.isEmpty else { return lines.joined(separator: "\n") }
    lines.append("probably wrong, the worst first:")
    var rows = [["bar", "beat", "part", "note", "expected", "probability", "wrongness"]]
    rows += wrong.map { note in
      [
        "\(note.bar + 1)", Readable.decimal(note.beat + 1, 2), "\(note.place.track + 1)",
        name(of: note, in: report), note.expected.map { pitchName($0.pitch) } ?? "",
        note.expected.map { Readable.decimal($0.probability, 3) } ?? "",
        Readable.decimal(note.wrongness ?? 0, 2),
      ]
    }
    lines.append(Readable.table(rows, rightAligned: [0, 1, 2, 5, 6]))
    return lines.joined(separator: "\n")
  }

  static func name(of note: NoteSurprise, in report: SurpriseReport) -> String {
    guard report.score.tracks[note.place.track].isDrum else { return pitchName(note.note.pitch) }
    return GeneralMIDI.drumName(note.note.pitch) ?? "drum \(note.note.pitch)"
  }
}

/// What `surprise --json` prints.
private struct SurpriseOutput: Encodable {
  struct Entry: Encodable {
    var bar: Int
    var beat: Double
    var onset: Double
    var duration: Double
    var track: Int
    var pitch: Int
    var name: String
    var surprisal: Double
    var entropy: Double
    var wrongness: Double?
    var superfluity: Double?
    var expected: NoteSurprise.ExpectedPitch?

    init(_ note: NoteSurprise, in report: SurpriseReport) {
      let quarter = Double(report.score.ticksPerQuarter)
      bar = note.bar + 1
      beat = note.beat + 1
      onset = Double(note.note.onset) / quarter
      duration = Double(note.note.duration) / quarter
      track = note.place.track + 1
      pitch = note.note.pitch
      name = Surprise.name(of: note, in: report)
      surprisal = note.surprisal
      entropy = note.entropy
      wrongness = note.wrongness
      superfluity = note.superfluity
      expected = note.expected
    }
  }

  var file: String
  var nats: Double
  var nllPerNote: Double
  var nllPerToken: Double
  var notes: [Entry]
  var probablyWrong: [Entry]

  init(file: String, report: SurpriseReport, worst: Int) {
    self.file = file
    nats = report.total
    nllPerNote = report.perNote
    nllPerToken = report.perToken
    notes = report.notes.map { Entry($0, in: report) }
    probablyWrong = report.likelyWrongNotes.prefix(worst).map { Entry($0, in: report) }
  }
}
