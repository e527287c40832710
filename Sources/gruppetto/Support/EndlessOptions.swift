internal import ArgumentParser
internal import Audio
internal import Composing
internal import Groundwork
internal import Music
internal import Performing

/// What endless music is like, and where it goes; for `play` with a model.
struct EndlessOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Bars of each piece (default: the model decides, at most 64).", valueName: "n"))
  var bars: Int?

  @Option(
    help: ArgumentHelp(
      "Stop at the first bar line after so many minutes (default: never).", valueName: "minutes"))
  var minutes: Double?

  @Option(
    help: ArgumentHelp(
      "What need not stay the same from piece to piece: key, tempo, ensemble, in a list with commas.",
      valueName: "what"))
  var free: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Keep what is played in a file: .mid is complete to the last bar even if the program is killed, .wav to the last second, others when it ends; repeat it for several.",
      valueName: "file"))
  var record: [String] = []

  static let names = [
    "--bars", "--minutes", "--free", "--record", "--seed",
    "--preset", "--temperature", "--top-k", "--top-p", "--min-p", "--by-role", "--no-by-role", "--weights",
    "--style", "--tempo", "--time-signature", "--metre", "--seconds", "--key", "--chromatic", "--range",
    "--instruments", "--voices", "--note-lengths", "--density", "--rests", "--first", "--last",
    "--last-chord",
    "--chords", "--rhythm", "--contour", "--search",
  ]

  func validate() throws {
    if let bars, !(1...EndlessComposer.longestPiece).contains(bars) {
      throw ValidationError("--bars is a number from 1 to \(EndlessComposer.longestPiece), not \(bars).")
    }
    if let minutes, !(minutes > 0 && minutes <= 100_000) {
      throw ValidationError("--minutes is more than 0 and at most 100000, not \(minutes).")
    }
    for word in freed where !["key", "tempo", "ensemble"].contains(word) {
      throw ValidationError("--free is key, tempo or ensemble, or a list of these, not \(word).")
    }
    guard Set(record).count == record.count else { throw ValidationError("Two --record name the same file.") }
  }

  /// What need not stay the same.
  var freed: [String] { (free ?? "").split(separator: ",").map { $0.trimmed } }
}

extension Substring {
  /// Without spaces at its ends.
  fileprivate var trimmed: String {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}

/// How the pieces of endless music are composed.
struct EndlessComposingOptions: ParsableArguments {
  @Option(
    name: .customLong("tempo"),
    help: ArgumentHelp("Tempo in quarter notes a minute (default: the model decides).", valueName: "bpm"))
  var tempo: Double?

  @Option(
    name: [.customLong("time-signature"), .customLong("metre")],
    help: ArgumentHelp("Time signature such as 3/4 (default: the model decides).", valueName: "n/d"))
  var timeSignature: String?

  @Option(
    help: ArgumentHelp(
      "Write each phrase (of eight bars, or fewer if the model needs it) n times in the time before it is heard, and go on with the one most like the collection; 0 takes the first (default: 16, fewer with a large network, so that it takes about a tenth of a processor's core).",
      valueName: "n"))
  var search: Int?

  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var styles: StyleOptions
  @OptionGroup var weights: WeightOptions

  func validate() throws {
    if let search, search != 0, !PhraseSearch.tryCounts.contains(search) {
      throw ValidationError(
        "--search is a number from 0 to \(PhraseSearch.tryCounts.upperBound), not \(search).")
    }
    guard styles.styles.isEmpty || (search ?? 0) == 0 else {
      throw ValidationError(
        "--search chooses what is like the collection, and a --style is something else; drop one.")
    }
    if let tempo, !RequestedTempo.range.contains(tempo) {
      throw ValidationError(
        "--tempo is a number of quarter notes a minute from \(Int(RequestedTempo.range.lowerBound)) "
          + "to \(Int(RequestedTempo.range.upperBound)), not \(tempo).")
    }
    _ = try PlanOptions.timeSignatureRuns(timeSignature)
  }

  /// How phrases and endings are searched while a model plays.
  /// - Throws: `ComposingError.noCritic`.
  func record(in settings: inout CompositionSettings, _ model: MusicModel) throws {
    guard (search ?? 0) < 2 || model.critic != nil else { throw ComposingError.noCritic(model: model.name) }
    let usual = styles.styles.isEmpty ? PhraseSearch.whilePlaying(model) : nil
    settings.search = search.map { $0 > 1 ? .usual(for: model, tries: $0) : nil } ?? usual
    settings.ending = settings.search == nil ? nil : EndingSearch.usual(for: model)
  }
}
