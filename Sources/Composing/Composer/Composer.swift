internal import Arithmetic
public import Groundwork
internal import Music
internal import Recurrent
internal import Tokenization
internal import Training

/// Writes new music with a model, one id after another.
///
/// The tokenizer's grammar puts out every id that cannot come next, so that what is written always reads as music: it
/// has the bars that were asked for, no note sounds beyond the last bar line, and there is at least one note.
public final class Composer {
  /// The most bars of a piece whose length is not given.
  public static let barLimit = 64
  /// The most bars that can be asked for.
  public static let mostBars = 4096
  /// After this many ids within one bar, the bar is closed as soon as the grammar lets it: no music that can be read
  /// has as many, but a model that was hardly trained may never come to an end.
  static let idsPerBarLimit = 4096

  private let model: MusicModel
  private let sampler: LanguageModelSampler
  private var distribution: TokenDistribution
  private var mask: [Bool]

  /// A composer with this model.
  public init(model: MusicModel) {
    self.model = model
    sampler = LanguageModelSampler(model: model.network)
    let size = model.tokenizer.vocabulary.count
    distribution = TokenDistribution(vocabularySize: size)
    mask = Array(repeating: false, count: size)
  }

  /// The seeds of `count` pieces: `seed` and those that follow it, so that each piece can be had again by its own.
  public static func seeds(from seed: UInt64, count: Int) -> [UInt64] {
    (0..<UInt64(max(count, 0))).map { seed &+ $0 }
  }

  /// Composes a piece. The same model and options give the same piece.
  /// - Throws: `ComposingError`: options that make no sense, a primer that the tokenizer has no words for, broken
  ///   weights, or `.interrupted`.
  public func compose(
    _ options: CompositionOptions, cancellation: Cancellation = Cancellation(),
    progress: ProgressHandler? = nil
  ) throws(ComposingError) -> Composition {
    let filters = try options.sampling.filters()
    if let bars = options.bars {
      try requireOption((1...Self.mostBars).contains(bars), "bars", bars, "1 to \(Self.mostBars) bars")
    }
    let given = try givenIDs(primer: options.primer)
    let limit =
      if let bars = options.bars {
        BarLimit.exactly(given.bars + bars)
      } else {
        BarLimit(given.bars + 1...given.bars + Self.barLimit)
      }
    var writing = Writing(
      given: given.ids, bars: given.bars, grammar: model.tokenizer.makeGrammar(bars: limit))
    var random = RandomStream(seed: options.seed, name: "sampling")
    sampler.reset()
    var logits = UnsafeBufferPointer<Float>(start: nil, count: 0)
    for id in given.ids { logits = sampler.advance(id) }
    while !writing.grammar.isFinished {
      if cancellation.isRequested { throw .interrupted }
      let id = try chooseID(logits: logits, filters: filters, writing: writing, random: &random)
      writing.take(id, logits: logits)
      if !writing.grammar.isFinished { logits = sampler.advance(id) }
      if writing.idsInBar == 0 { progress?(report(writing, bars: options.bars)) }
    }
    return try finish(writing, options: options, limit: limit)
  }

  private func report(_ writing: Writing, bars: Int?) -> ProgressReport {
    ProgressReport(
      activity: "composing", completed: Double(writing.grammar.barCount - writing.givenBars),
      total: bars.map(Double.init), unit: "bars")
  }

  /// The ids of the primer without its end, or the id that begins every piece.
  private func givenIDs(primer: Score?) throws(ComposingError) -> (ids: [Int32], bars: Int) {
    guard let primer else { return ([model.tokenizer.vocabulary.bosID], 0) }
    let encoding: Encoding
    do {
      encoding = try model.tokenizer.encode(primer)
    } catch {
      throw .unusablePrimer(reason: error.message)
    }
    let eos = model.tokenizer.vocabulary.eosID
    return (encoding.ids.last == eos ? encoding.ids.dropLast() : encoding.ids, encoding.barCount)
  }

  /// Draws the next id among those that the grammar allows.
  private func chooseID(
    logits: UnsafeBufferPointer<Float>, filters: [any SamplingFilter], writing: Writing,
    random: inout RandomStream
  ) throws(ComposingError) -> Int32 {
    let vocabulary = model.tokenizer.vocabulary
    writing.grammar.allowed(into: &mask)
    if writing.newNotes == 0 { forbid(vocabulary.eosID) }
    if writing.idsInBar >= Self.idsPerBarLimit { closeBar(vocabulary) }
    distribution.load(logits, allowed: mask)
    creditTheOtherEnd(logits, vocabulary)
    for filter in filters { filter.apply(to: &distribution) }
    guard let id = distribution.draw(random: &random) else {
      throw .brokenWeights(path: model.folder.training.weightsPath)
    }
    return id
  }

  /// A bar ends by the next bar line or by the end of the piece. Where the number of bars leaves only one of them, it stands for
  /// both; else a model that has finished its bar would be made to write notes until the improbable end came up.
  private func creditTheOtherEnd(_ logits: UnsafeBufferPointer<Float>, _ vocabulary: Vocabulary) {
    let end = vocabulary.eosID
    guard let bar = vocabulary.id(of: "Bar_None"), mask[Int(bar)] != mask[Int(end)] else { return }
    let (allowed, barred) = mask[Int(bar)] ? (bar, end) : (end, bar)
    distribution.credit(allowed, with: logits[Int(barred)])
  }

  /// Puts an id out unless it is the only one.
  private func forbid(_ id: Int32) {
    let index = Int(id)
    guard mask[index] else { return }
    mask[index] = false
    if !mask.contains(true) { mask[index] = true }
  }

  /// Leaves nothing but the end of the bar or of the piece, where either is allowed.
  private func closeBar(_ vocabulary: Vocabulary) {
    let closing = [vocabulary.id(of: "Bar_None"), vocabulary.eosID].compactMap { $0.map(Int.init) }
    guard closing.contains(where: { mask[$0] }) else { return }
    for index in mask.indices where !closing.contains(index) { mask[index] = false }
  }

  /// Reads the ids as a score.
  private func finish(
    _ writing: Writing, options: CompositionOptions, limit: BarLimit
  ) throws(ComposingError) -> Composition {
    let tokens = writing.ids.count - writing.givenCount
    guard writing.newNotes > 0 else { throw .nothingComposed(tokens: tokens) }
    var score: Score
    do {
      score = try model.tokenizer.decode(writing.ids)
    } catch {
      throw .cause(error)
    }
    var bars = writing.grammar.barCount
    if options.keepsPrimer {
      score.title = options.primer?.title
    } else {
      score = score.suffix(fromBar: writing.givenBars)
      bars -= writing.givenBars
    }
    let stopReason: CompositionStop =
      if options.bars != nil {
        .barsWritten
      } else {
        writing.grammar.barCount == limit.maximum ? .barLimit : .modelEnded
      }
    return Composition(
      score: score, seed: options.seed, ids: writing.ids, givenCount: writing.givenCount, bars: bars,
      notes: score.noteCount, tokens: tokens, seconds: score.seconds,
      nllPerToken: writing.surprisal / Double(max(tokens, 1)), stopReason: stopReason)
  }
}
