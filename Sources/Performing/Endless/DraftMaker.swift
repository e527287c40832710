internal import Composing
internal import Music
internal import Tokenization

/// Makes the drafts of endless music's pieces as its settings ask for them.
struct DraftMaker {
  /// What composes.
  let composer: Composer

  /// - Parameters:
  ///   - settings: What the music is like.
  ///   - usualDensity: How many notes a bar has where nobody asks for more or fewer.
  /// - Throws: `ComposingError` for settings that the model cannot follow.
  func check(_ settings: EndlessSettings, usualDensity: Double) throws(ComposingError) {
    _ = try options(settings, seed: 0, barsBefore: 0, primer: nil, usualDensity: usualDensity)
  }

  /// The draft of a piece, of which nothing is composed yet.
  /// - Parameters:
  ///   - settings: What it is like.
  ///   - seed: Its seed.
  ///   - barsBefore: How many bars of the piece there are already.
  ///   - primer: The last of them, which it goes on from; nil for a piece from its beginning.
  ///   - isHeardAtOnce: Whether its first phrase is taken as it comes.
  ///   - usualDensity: How many notes a bar has where nobody asks for more or fewer.
  /// - Throws: `ComposingError`: settings that cannot be held, a model that cannot compose.
  func draft(
    _ settings: EndlessSettings, seed: UInt64, barsBefore: Int, primer: Score?, isHeardAtOnce: Bool,
    usualDensity: Double
  ) throws(ComposingError) -> PieceDraft {
    let (options, held) = try options(
      settings, seed: seed, barsBefore: barsBefore, primer: primer, usualDensity: usualDensity)
    let session = try composer.session(options)
    let asked = settings.composition.bars ?? held.bars
    return PieceDraft(
      session, tokenizer: composer.model.tokenizer, held: held, seed: seed, barsBefore: barsBefore,
      mostBars: max(1, (asked ?? EndlessComposer.longestPiece) - barsBefore),
      isExpressive: settings.isExpressive, isConstrained: !options.constraints.isEmpty,
      writer: writer(of: session, settings.composition),
      phraseBars: settings.composition.search?.bars ?? 1, isUrgent: isHeardAtOnce)
  }

  /// What searches the phrases of a piece; nil where they are taken as they come.
  private func writer(
    of session: CompositionSession, _ composition: CompositionSettings
  ) -> PhraseWriter? {
    guard let search = composition.search, search.tries > 1, let critic = composer.model.critic,
      composer.model.tokenizer.vocabulary.roles.hasBars
    else { return nil }
    return PhraseWriter(session, search: search, ending: composition.ending, critic: critic)
  }

  /// What a piece is asked for.
  private func options(
    _ settings: EndlessSettings, seed: UInt64, barsBefore: Int, primer: Score?, usualDensity: Double
  ) throws(ComposingError) -> (CompositionOptions, HeldLimits) {
    try checkNumbers(settings)
    let tokenizer = composer.model.tokenizer
    var composition = settings.composition
    // What is for a single piece, and what is searched here.
    (composition.form, composition.search, composition.ending, composition.change) = (nil, nil, nil, nil)
    composition.primer = nil
    if !tokenizer.vocabulary.roles.hasBars { composition.bars = nil }
    composition.bars = composition.bars.map { max(1, $0 - barsBefore) }
    let held = try heldLimits(settings, composition, tokenizer, primer, usualDensity)
    composition.primer = nil
    var options = try composition.options(seed: seed, tokenizer: tokenizer, primer: primer, held: held)
    if primer != nil { options.keepsPrimer = true }
    return (options, held)
  }

  private func checkNumbers(_ settings: EndlessSettings) throws(ComposingError) {
    try requireSetting(
      EndlessSettings.tempoFactors.contains(settings.tempoFactor), "tempo", settings.tempoFactor,
      "\(EndlessSettings.tempoFactors.lowerBound) to \(EndlessSettings.tempoFactors.upperBound) times as fast"
    )
    try requireSetting(
      EndlessSettings.transpositions.contains(settings.transposition), "transposition",
      settings.transposition,
      "-24 to 24 semitones")
    try requireSetting(
      settings.density.map(EndlessSettings.densities.contains) ?? true, "density", settings.density ?? 1,
      "a factor from 0.25 to 4")
    try requireSetting(
      settings.programs.allSatisfy((0...127).contains), "programs", "\(settings.programs)",
      "General MIDI programs from 0 to 127")
    try settings.composition.sampling.validate()
  }

  private func requireSetting(
    _ isValid: Bool, _ name: String, _ value: some CustomStringConvertible, _ expected: String
  ) throws(ComposingError) {
    guard isValid else { throw .invalidOption(name: name, value: "\(value)", expected: expected) }
  }

  private func heldLimits(
    _ settings: EndlessSettings, _ composition: CompositionSettings, _ tokenizer: any Tokenizer,
    _ primer: Score?, _ usualDensity: Double
  ) throws(ComposingError) -> HeldLimits {
    var limits = settings.limits
    if let density = settings.density { limits.densities = [Self.wanted(density, limits, usualDensity)] }
    guard !limits.isEmpty else {
      return HeldLimits(
        bars: composition.bars, constraints: try composition.plainConstraints(tokenizer),
        quartersPerMinute: composition.tempo)
    }
    limits.tempo = composition.tempo
    if limits.timeSignatures.isEmpty, let text = composition.timeSignature,
      let signature = TimeSignature(text)
    {
      limits.timeSignatures = [Limits.TimeSignatureRun(signature)]
    }
    if primer != nil { limits.firstNotes = [] }
    do {
      return try limits.held(by: tokenizer, bars: composition.bars, primer: primer)
    } catch {
      throw .cause(error)
    }
  }

  /// Notes a bar, as a factor of what was asked for or has been composed so far.
  private static func wanted(
    _ density: Double, _ limits: Limits, _ usualDensity: Double
  ) -> Limits.ForPart<ClosedRange<Int>> {
    let asked = limits.densities.first { $0.part == nil }?.value
    let usual = asked.map { Double($0.lowerBound + min($0.upperBound, 62)) / 2 } ?? usualDensity
    let notes = min(max(1, usual * density), 50)
    let least = max(1, Int((0.7 * notes).rounded(.down))), most = Int((1.3 * notes).rounded(.up))
    return Limits.ForPart(least...max(least + 1, most))
  }
}
