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
      "Try this many endings, and keep the best; 0 takes the first that comes (default: 32 if the model's tokens tell the length, as cells do).",
      valueName: "n"))
  var endings: Int?

  @Option(help: ArgumentHelp("Number of last bars that --endings tries anew.", valueName: "n"))
  var endingBars = EndingSearch().bars

  @Option(
    help: ArgumentHelp("Tempo in quarter notes a minute (default: the model decides).", valueName: "bpm"))
  var tempo: Double?

  @Option(
    name: [.customLong("time-signature"), .customLong("metre")],
    help: ArgumentHelp(
      "Time signature such as 3/4, or several with their bars: \"3/4x8 4/4x8\" (default: the model decides).",
      valueName: "n/d"))
  var timeSignature: String?

  /// Nothing is settled.
  static let none: PlanOptions = {
    var options = PlanOptions()
    options.form = nil
    options.variation = CompositionOptions.usualVariation
    options.endings = 0
    options.endingBars = EndingSearch().bars
    options.tempo = nil
    options.timeSignature = nil
    return options
  }()

  func validate() throws {
    guard (0...1).contains(variation) else {
      throw ValidationError("--variation is a share from 0 to 1, not \(variation).")
    }
    if form == nil, Typed.hasOption("--variation") {
      throw ValidationError("--variation is for a --form with primes, such as AA'BA.")
    }
    if let endings, endings != 0, !EndingSearch.tryCounts.contains(endings) {
      throw ValidationError(
        "--endings is a number from 0 to \(EndingSearch.tryCounts.upperBound), not \(endings).")
    }
    guard EndingSearch.barCounts.contains(endingBars) else {
      throw ValidationError(
        "--ending-bars is a number from 1 to \(EndingSearch.barCounts.upperBound), not \(endingBars).")
    }
    if let tempo, !RequestedTempo.range.contains(tempo) {
      throw ValidationError(
        "--tempo is a number of quarter notes a minute from \(Int(RequestedTempo.range.lowerBound)) "
          + "to \(Int(RequestedTempo.range.upperBound)), not \(tempo).")
    }
    _ = try timeSignatureRuns()
  }

  /// The time signatures with their numbers of bars.
  func timeSignatureRuns() throws -> [Limits.TimeSignatureRun] {
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

  /// How the ending is searched for.
  func ending(_ tokenizer: any Tokenizer) -> EndingSearch? {
    guard let tries = endings ?? EndingSearch.usual(for: tokenizer)?.tries, tries > 0 else { return nil }
    return EndingSearch(bars: endingBars, tries: tries)
  }

  /// What tempo, time signature and limits ask of the tokens of a model.
  /// - Throws: `LimitError`, `ComposingError.invalidOption`, `UsageError` for a form with limits that sections cannot hold.
  func request(
    _ limits: Limits, on tokenizer: any Tokenizer, _ options: CompositionOptions
  ) throws -> HeldLimits {
    var limits = limits
    let runs = try timeSignatureRuns()
    let isPlain = limits.isEmpty && runs.count < 2 && runs.allSatisfy { $0.bars == nil }
    guard !isPlain else {
      // As before there were limits, so that a seed gives the piece that it gave.
      return HeldLimits(
        bars: options.bars, constraints: try constraints(tokenizer, runs.first?.timeSignature),
        quartersPerMinute: tempo)
    }
    (limits.timeSignatures, limits.tempo) = (runs, tempo)
    if let form = options.form { try check(form, limits) }
    return try limits.held(by: tokenizer, bars: options.bars, primer: options.primer)
  }

  /// Checks that each section of a form can hold what is asked of the piece.
  private func check(_ form: Form, _ limits: Limits) throws {
    var rest = limits
    (rest.key, rest.ranges, rest.noteLengths, rest.tempo) = (nil, [], nil, nil)
    rest.chromaticShare = limits.chromaticShare > 0 ? 1 : 0
    if limits.timeSignatures.count == 1, limits.timeSignatures[0].bars == nil { rest.timeSignatures = [] }
    guard rest.isEmpty else {
      throw UsageError(
        "--form writes a piece section by section, and its sections hold --key, --range, --note-lengths, --tempo and one "
          + "--time-signature alone; drop --form, or the other limits")
    }
  }

  private func constraints(
    _ tokenizer: any Tokenizer, _ signature: TimeSignature?
  ) throws(ComposingError) -> [any TokenConstraint] {
    var constraints: [any TokenConstraint] = []
    if let tempo, let constraint = try RequestedTempo(quartersPerMinute: tempo, tokenizer: tokenizer) {
      constraints.append(constraint)
    }
    if let signature { constraints.append(try RequestedTimeSignature(signature, tokenizer: tokenizer)) }
    return constraints
  }
}
