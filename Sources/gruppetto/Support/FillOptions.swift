public import ArgumentParser
public import Composing
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation
internal import Tokenization

/// A number of bars, or which bars: `16`, `9-12`, `1-4,9`.
struct BarsArgument: ExpressibleByArgument {
  /// Bars by number, from 1.
  var ranges: [ClosedRange<Int>]
  /// The text, for messages.
  var text: String

  init?(argument: String) {
    text = argument
    ranges = []
    // A number below zero is refused with a reason, later.
    if let number = Int(argument) {
      ranges = [number...number]
      return
    }
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count <= 2, let first = ends[0], let last = ends.count == 2 ? ends[1] : first, first <= last
      else {
        return nil
      }
      ranges.append(first...last)
    }
    guard !ranges.isEmpty else { return nil }
  }

  /// A single number.
  var number: Int? {
    Int(text)
  }
}

/// How `--vary` chooses its bars.
extension Variation.Order: ExpressibleByArgument {}

/// Pieces that are filled in, varied, or led to another one.
struct FillOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write some bars (--bars 9-12) of some parts (--parts) of this piece anew; all else stays as it is.",
      valueName: "file"))
  var fill: String?

  @Option(
    help: ArgumentHelp(
      "Parts that may change: numbers of tracks as inspect counts them, their names, or what they do, such as 2 or bass,chords (default: all).",
      valueName: "list"))
  var parts: String?

  @Option(
    help: ArgumentHelp(
      "Write a share of the bars (--share) of the parts of this piece anew.", valueName: "file"))
  var vary: String?

  @Option(
    help: ArgumentHelp(
      "Share of the bars of parts that --vary writes anew, above 0 and up to 1.", valueName: "share"))
  var share = Variation.usualShare

  @Option(
    help: ArgumentHelp(
      "Which bars --vary takes first, by how much they surprise the model: most-surprising, least-surprising or random.",
      valueName: "order"))
  var varyOrder = Variation.Order.mostSurprising

  @Option(
    help: ArgumentHelp("Go from this piece to that of --to, in --steps numbered pieces.", valueName: "file"))
  var morph: String?

  @Option(help: ArgumentHelp("The piece that --morph comes to.", valueName: "file"))
  var to: String?

  @Option(help: ArgumentHelp("Number of pieces between the two of --morph.", valueName: "n"))
  var steps = 4

  @Option(
    help: ArgumentHelp(
      "Write what is filled in n times, and keep what fits best to what is before and after it (default: 1; 8 for --vary, which keeps what changes most).",
      valueName: "n"))
  var tries: Int?

  /// The file whose bars are written anew.
  var file: String? { fill ?? vary ?? morph }

  /// Checks what goes together.
  func validate(bars: BarsArgument?) throws {
    let chosen = [fill, vary, morph].count { $0 != nil }
    guard chosen <= 1 else { throw ValidationError("Choose one of --fill, --vary and --morph.") }
    if fill == nil, let bars, bars.number == nil {
      throw ValidationError(
        "--bars \(bars.text) chooses bars of a piece; name it with --fill FILE, or give a number.")
    }
    if vary != nil || morph != nil, bars != nil {
      throw ValidationError("--bars is for a new piece, or chooses bars with --fill; leave it out here.")
    }
    if parts != nil, fill == nil, vary == nil {
      throw ValidationError("--parts chooses parts of a piece; name it with --fill or --vary.")
    }
    guard (morph == nil) == (to == nil) else {
      throw ValidationError("--morph A --to B goes from one piece to another; give both.")
    }
    if vary == nil, let option = ["--share", "--vary-order"].first(where: Typed.hasOption) {
      throw ValidationError("\(option) is for --vary FILE.")
    }
    if morph == nil, Typed.hasOption("--steps") { throw ValidationError("--steps is for --morph A --to B.") }
    guard share > 0, share <= 1 else {
      throw ValidationError("--share is above 0 and at most 1, not \(share).")
    }
    guard Morph.stepCounts.contains(steps) else {
      throw ValidationError("--steps is a number from 1 to \(Morph.stepCounts.upperBound), not \(steps).")
    }
    try Self.check(tries: tries)
    if tries != nil, file == nil { throw ValidationError("--tries is for --fill, --vary and --morph.") }
  }

  static func check(tries: Int?) throws {
    if let tries, !(1...1024).contains(tries) {
      throw ValidationError("--tries is a number from 1 to 1024, not \(tries).")
    }
  }

  /// The parts that are named.
  static func parts(_ text: String?) -> [FillRequest.Part] {
    (text ?? "").split(separator: ",").map { part in
      FillRequest.Part(String(part.drop { $0 == " " }))
    }
  }

  /// Takes what is to be filled in into a request.
  func record(
    in request: inout CompositionRequest, bars: BarsArgument?, piece: Int?, input: InputOptions,
    common: CommonOptions
  ) {
    guard let file, let job = job(bars: bars, piece: piece, input: input, common: common) else { return }
    var words = [fill != nil ? "--fill" : vary != nil ? "--vary" : "--morph", file]
    if let bars { words += ["--bars", bars.text] }
    if let piece { words += ["--piece", "\(piece)"] }
    if let parts { words += ["--parts", parts] }
    if vary != nil { words += ["--share", "\(share)", "--vary-order", varyOrder.rawValue] }
    if let to { words += ["--to", to, "--steps", "\(steps)"] }
    if let tries { words += ["--tries", "\(tries)"] }
    request.job = job
    request.settings.change = CompositionSettings.Change(command: "generate", options: words)
  }

  /// What is to be filled in, by the model that will do it.
  func job(bars: BarsArgument?, piece: Int?, input: InputOptions, common: CommonOptions) -> FillJob.Maker? {
    guard let file else { return nil }
    let parts = Self.parts(parts)
    if let to {
      return { composer, seed in
        let first = try MusicInput.readWhole(file, piece: piece, input: input, common: common)
        let second = try MusicInput.readWhole(to, piece: nil, input: input, common: common)
        let morph = try FillJob.naming(file) {
          try Morph(from: first.score, to: second.score, stepCount: steps, model: composer.model, seed: seed)
        }
        return FillJob(
          fillings: morph.steps, tries: tries ?? 1,
          files: [file: first.fingerprint, to: second.fingerprint])
      }
    }
    return { composer, seed in
      let given = try FillJob.Given(file, piece: piece, input: input, common: common)
      let filling = try FillJob.naming(file) {
        if vary != nil {
          return try PieceFilling(
            Variation(share: share, order: varyOrder), of: given.score, parts: parts, composer: composer,
            seed: seed)
        }
        let request = FillRequest(
          bars: bars?.ranges.map { $0.lowerBound - 1..<$0.upperBound } ?? [], parts: parts)
        return try PieceFilling(request, of: given.score, model: composer.model)
      }
      return FillJob(
        filling, in: given, tries: tries ?? (vary == nil ? 1 : 8),
        choice: vary == nil ? .likeliest : .mostChanged(filling))
    }
  }
}

/// Pieces that a model fills in, and what becomes of them.
struct FillJob {
  /// Makes the job once the model is read; the seed is that of the first piece.
  typealias Maker = (_ composer: Composer, _ seed: UInt64) throws -> FillJob

  /// A piece as it was given, and as a MIDI file.
  struct Given {
    var score: Score
    var midi: MIDIFile
    /// The fingerprint of the file, by its path.
    var files: [String: String]

    init(_ file: String, piece: Int?, input: InputOptions, common: CommonOptions) throws {
      let given = try MusicInput.readWhole(file, piece: piece, input: input, common: common)
      files = [file: given.fingerprint]
      midi = try given.midi ?? MIDIFile(score: given.score)
      // Tracks are counted as the file has them that is written.
      score = try Score(midi: midi)
      score.title = given.score.title
    }
  }

  /// What is filled in: the same in all pieces, or in each its own.
  var fillings: [CellFilling]
  /// What else is asked of what is written.
  var constraints: [any TokenConstraint] = []
  /// How often each piece is written.
  var tries: Int
  /// The piece that is changed; nil where new ones are made.
  private var change: (filling: PieceFilling, given: Given)?
  /// Which of several tries is kept.
  var choice = TryChoice.likeliest
  /// The fingerprints of the files that it reads, by path.
  var files: [String: String]
  /// Which step of several the only one is that is made again; nil for none.
  var step: Int?

  init(fillings: [CellFilling], tries: Int, files: [String: String]) {
    self.fillings = fillings
    self.tries = tries
    self.files = files
  }

  init(_ filling: PieceFilling, in given: Given, tries: Int, choice: TryChoice = .likeliest) {
    fillings = [filling.cells]
    constraints = filling.constraints
    self.tries = tries
    self.choice = choice
    files = given.files
    change = (filling, given)
  }

  /// What `body` gives; errors that are about the music name its file.
  static func naming<Value>(_ file: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as FillError where error.isAboutMusic {
      throw UnusableFile(path: file == "-" ? "standard input" : file, cause: error)
    }
  }

  /// How many pieces there are in one go.
  var pieceCount: Int? { fillings.count > 1 ? fillings.count : nil }

  /// The piece with what was composed.
  func finished(_ composition: Composition) throws -> (score: Score, midi: MIDIFile?) {
    guard let (filling, given) = change else {
      return (composition.score.withoutTracks(where: \.notes.isEmpty), nil)
    }
    let midi = try given.midi.applying(filling.edit(by: composition))
    var score = try Score(midi: midi)
    score.title = given.score.title
    return (score, midi)
  }

  /// How many cells were written, and how many of them are not as they were.
  func cells(of composition: Composition) -> (written: Int, changed: Int)? {
    change.map { change in
      let (changed, count) = change.filling.changedCells(by: composition)
      return (count, changed)
    }
  }
}

extension FillError {
  /// Whether it is about the music rather than about the model or the request.
  var isAboutMusic: Bool {
    switch self {
    case .unusable, .differentMetres, .noSuchBars, .noSuchPart, .sharedPart, .nothingToWrite: true
    default: false
    }
  }
}
