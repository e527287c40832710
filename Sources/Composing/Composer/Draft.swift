internal import Arithmetic
internal import Music
internal import Tokenization

/// A piece on its way: what was asked for, what is written, and where its chance stands. It knows nothing of the network; it
/// says which id to feed next and takes the logits that come back.
struct Draft {
  /// The id that the network is to be fed next.
  private(set) var nextID: Int32
  /// Whether the end has been reached.
  var isFinished: Bool { writing.grammar.isFinished }
  /// What is written so far.
  private(set) var writing: Writing

  private let options: CompositionOptions
  private let filters: [any SamplingFilter]
  private let limit: BarLimit
  /// How many of the given ids the network has been fed.
  private var fedCount = 0
  private var random: RandomStream

  /// The beginning of a piece: its primer, or the id that begins every piece.
  /// - Throws: `ComposingError`: options that make no sense, or a primer that the tokenizer has no words for.
  init(_ options: CompositionOptions, tokenizer: any Tokenizer) throws(ComposingError) {
    filters = try options.sampling.filters()
    if let bars = options.bars {
      try requireOption(
        (1...Composer.mostBars).contains(bars), "bars", bars, "1 to \(Composer.mostBars) bars")
    }
    let given = try Self.givenIDs(primer: options.primer, tokenizer: tokenizer)
    limit =
      if let bars = options.bars {
        BarLimit.exactly(given.bars + bars)
      } else {
        BarLimit(given.bars + 1...given.bars + Composer.barLimit)
      }
    self.options = options
    nextID = given.ids[0]
    writing = Writing(given: given.ids, bars: given.bars, grammar: tokenizer.makeGrammar(bars: limit))
    random = RandomStream(seed: options.seed, name: "sampling")
  }

  /// The ids of the primer without its end, or the id that begins every piece.
  private static func givenIDs(
    primer: Score?, tokenizer: any Tokenizer
  ) throws(ComposingError) -> (ids: [Int32], bars: Int) {
    let vocabulary = tokenizer.vocabulary
    guard let primer else { return ([vocabulary.bosID], 0) }
    let encoding: Encoding
    do {
      encoding = try tokenizer.encode(primer)
    } catch {
      throw .unusablePrimer(reason: error.message)
    }
    let ids = encoding.ids.last == vocabulary.eosID ? encoding.ids.dropLast() : encoding.ids
    return (ids, encoding.barCount)
  }

  /// Takes the logits that the network gave for `nextID`, and chooses by them once all that was given is fed.
  /// - Returns: whether a bar ended.
  /// - Throws: `ComposingError.brokenWeights`.
  mutating func take(
    _ logits: UnsafeBufferPointer<Float>, chooser: inout TokenChooser
  ) throws(ComposingError) -> Bool {
    fedCount += 1
    guard fedCount >= writing.givenCount else {
      nextID = writing.ids[fedCount]
      return false
    }
    nextID = try chooser.chooseID(logits: logits, filters: filters, writing: writing, random: &random)
    writing.take(nextID, logits: logits)
    return writing.idsInBar == 0
  }

  /// Reads the ids as a score.
  /// - Throws: `ComposingError.nothingComposed`.
  func finished(tokenizer: any Tokenizer) throws(ComposingError) -> Composition {
    let tokens = writing.ids.count - writing.givenCount
    guard writing.newNotes > 0 else { throw .nothingComposed(tokens: tokens) }
    var score: Score
    do {
      score = try tokenizer.decode(writing.ids)
    } catch {
      throw .cause(error)
    }
    var bars = writing.grammar.barCount
    var newMusicTick = 0
    if options.keepsPrimer {
      let all = score.bars
      newMusicTick = writing.givenBars < all.count ? all[writing.givenBars].start : score.length
      score.title = options.primer?.title
    } else {
      score = score.slice(bars: writing.givenBars..., boundary: .drop).withoutTracks(where: \.notes.isEmpty)
      bars -= writing.givenBars
    }
    let stopReason: CompositionStop =
      if options.bars != nil {
        .barsWritten
      } else {
        writing.grammar.barCount == limit.maximum ? .barLimit : .modelEnded
      }
    return Composition(
      score: score, newMusicTick: newMusicTick, seed: options.seed, ids: writing.ids,
      givenCount: writing.givenCount, bars: bars,
      notes: score.noteCount, tokens: tokens, seconds: score.seconds,
      nllPerToken: writing.surprisal / Double(max(tokens, 1)), stopReason: stopReason)
  }
}
