internal import ArgumentParser
internal import Composing
internal import Groundwork
internal import Music
internal import Tokenization

/// What is settled of a piece before it is composed: its form, its ending, its tempo and its time signature.
struct PlanOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Sections that return, such as AABA; A' is a variation of A, and A8 has 8 bars (default: as --bars divides, else \(Form.usualBars)).",
      valueName: "letters"))
  var form: String?

  @Option(
    help: ArgumentHelp(
      "Share of the bars of a varied section that is new, from 0 to 1; its last bars go first.",
      valueName: "share"))
  var variation = CompositionOptions.usualVariation

  @Option(
    help: ArgumentHelp(
      "Write each phrase (of eight bars, or fewer if the model needs it) this many times, and go on with one that is like the collection; 0 takes the first (default: \(PhraseSearch.usualTries) if the model learned to tell its music from the collection's).",
      valueName: "n"))
  var search: Int?

  @Option(
    help: ArgumentHelp(
      "Try this many endings, and keep the best; 0 takes the first that comes (default: 32 if the model's tokens tell the length, as cells do, and 64 if it has a critic too).",
      valueName: "n"))
  var endings: Int?

  @Option(
    help: ArgumentHelp(
      "Number of last bars that --endings tries anew (default: 4, or those of a phrase, 2 to 8, if the model has a critic).",
      valueName: "n"))
  var endingBars: Int?

  @Option(
    help: ArgumentHelp("Tempo in quarter notes a minute (default: the model decides).", valueName: "bpm"))
  var tempo: Double?

  @Option(
    name: [.customLong("time-signature"), .customLong("metre")],
    help: ArgumentHelp(
      "Time signature such as 3/4, or several with their bars: \"3/4x8 4/4x8\" (default: the model decides).",
      valueName: "n/d"))
  var timeSignature: String?

  func validate() throws {
    guard (0...1).contains(variation) else {
      throw ValidationError("--variation is a share from 0 to 1, not \(variation).")
    }
    if form == nil, Typed.hasOption("--variation") {
      throw ValidationError("--variation is for a --form with primes, such as AA'BA.")
    }
    if let search, search != 0, !PhraseSearch.tryCounts.contains(search) {
      throw ValidationError(
        "--search is a number from 0 to \(PhraseSearch.tryCounts.upperBound), not \(search).")
    }
    if let endings, endings != 0, !EndingSearch.tryCounts.contains(endings) {
      throw ValidationError(
        "--endings is a number from 0 to \(EndingSearch.tryCounts.upperBound), not \(endings).")
    }
    if let endingBars, !EndingSearch.barCounts.contains(endingBars) {
      throw ValidationError(
        "--ending-bars is a number from 1 to \(EndingSearch.barCounts.upperBound), not \(endingBars).")
    }
    if let tempo, !RequestedTempo.range.contains(tempo) {
      throw ValidationError(
        "--tempo is a number of quarter notes a minute from \(Int(RequestedTempo.range.lowerBound)) "
          + "to \(Int(RequestedTempo.range.upperBound)), not \(tempo).")
    }
    _ = try Self.timeSignatureRuns(timeSignature)
  }

  /// The time signatures in a text, with their numbers of bars.
  static func timeSignatureRuns(_ timeSignature: String?) throws -> [Limits.TimeSignatureRun] {
    let words = (timeSignature ?? "").split(whereSeparator: { " ,".contains($0) })
    guard timeSignature == nil || !words.isEmpty else {
      throw ValidationError("--time-signature is written like 3/4, not an empty text.")
    }
    return try words.enumerated().map { index, word in
      let parts = word.split(separator: "x", omittingEmptySubsequences: false)
      guard parts.count <= 2, let signature = TimeSignature(parts[0]) else {
        throw ValidationError("--time-signature is written like 3/4, or \"3/4x8 4/4x8\", not \(word).")
      }
      let bars = parts.count == 2 ? Int(parts[1]) : nil
      guard parts.count == 1 || bars.map({ (1...Composer.mostBars).contains($0) }) == true else {
        throw ValidationError(
          "--time-signature \(word) has no number of bars from 1 to \(Composer.mostBars) after its x.")
      }
      guard bars != nil || index == words.count - 1 else {
        throw ValidationError(
          "--time-signature \(word) is followed by another; say for how many bars it holds, as in \(word)x8.")
      }
      return Limits.TimeSignatureRun(signature, bars: bars)
    }
  }

  /// The form, checked against the number of bars.
  func parsedForm(bars: Int?) throws -> Form? {
    do {
      let form = try form.map { text throws(FormError) in try Form(text) }
      _ = try form?.lengths(bars: bars)
      return form
    } catch {
      throw ValidationError("--form: \(error.message).")
    }
  }

  /// How phrases are searched for. A form is written without a search.
  func search(_ model: MusicModel) -> PhraseSearch? {
    guard let search else { return form == nil ? .usual(for: model) : nil }
    return search > 0 ? .usual(for: model, tries: search) ?? PhraseSearch(tries: search) : nil
  }

  /// How the ending is searched for.
  func ending(_ model: MusicModel) -> EndingSearch? {
    let usual = EndingSearch.usual(for: model)
    guard let tries = endings ?? usual?.tries, tries > 0 else { return nil }
    var search = usual ?? EndingSearch()
    search.tries = tries
    search.bars = endingBars ?? search.bars
    return search
  }

  /// Writes down what is settled.
  /// - Parameters:
  ///   - settings: What is asked of a piece.
  ///   - model: The model.
  func record(in settings: inout CompositionSettings, _ model: MusicModel) {
    settings.form = form
    settings.variation = form == nil ? nil : variation
    settings.search = search(model)
    settings.ending = ending(model)
    settings.tempo = tempo
    settings.timeSignature = timeSignature
  }
}
