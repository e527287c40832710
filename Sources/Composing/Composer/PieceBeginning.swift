internal import Music
internal import Tokenization

/// What a piece begins with, and how long it may become.
struct PieceBeginning {
  /// The ids that are given: those with which a piece begins as the primer does, or the id that begins every piece and the opening.
  let ids: [Int32]
  /// How many bars are given by a primer; those of an opening belong to the piece.
  let bars: Int
  /// The tick at which a primer ends whose tokens know no bars; else 0.
  let end: Int
  /// How many bars the piece may have.
  let limit: BarLimit

  /// - Throws: `ComposingError`: a number of bars that is invalid, or a primer that the tokenizer cannot express or that is too
  ///   long.
  init(_ options: CompositionOptions, tokenizer: any Tokenizer) throws(ComposingError) {
    let roles = tokenizer.vocabulary.roles
    if let filling = options.filling {
      try requireOption(
        options.bars == nil && options.primer == nil && options.opening.isEmpty && options.form == nil,
        "filling", "beside a number of bars, a primer, an opening or a form", "nothing else to begin with")
      try requireOption(
        filling.beginning.last != roles.end, "filling", "a piece without hidden cells",
        "at least one hidden cell")
      ids = filling.beginning
      bars = 0
      end = 0
      limit = .exactly(max(1, filling.barCount))
      return
    }
    if let bars = options.bars {
      try requireOption(
        (1...Composer.mostBars).contains(bars), "bars", bars, "1 to \(Composer.mostBars) bars")
      try requireOption(
        roles.hasBars, "bars", bars, "no number of bars, because the model's tokens have no bars")
    }
    if let primer = options.primer {
      try requireOption(
        options.opening.isEmpty, "the opening", "\(options.opening.count) ids beside a primer",
        "one of the two")
      let encoding: Encoding
      do {
        encoding = try tokenizer.encode(primer)
      } catch {
        throw .unusablePrimer(reason: error.message)
      }
      guard encoding.ids.first == roles.beginning else {
        throw .unusablePrimer(reason: "its ids do not begin like a piece, because of a bug in the tokenizer")
      }
      ids = tokenizer.beginning(
        of: encoding.ids,
        barCount: options.leavesLengthOpen ? nil : options.bars.map { encoding.barCount + $0 })
      bars = encoding.barCount
      do {
        end = roles.hasBars ? 0 : try tokenizer.decode(ids).length
      } catch {
        throw .unusablePrimer(reason: error.message)
      }
    } else {
      ids = [roles.beginning] + options.opening
      bars = 0
      end = 0
    }
    let (fewest, most) = options.bars.map { ($0, $0) } ?? (1, Composer.barLimit(of: tokenizer))
    guard bars + most <= BarLimit.highest else {
      throw .primerTooLong(bars: bars, limit: BarLimit.highest - most, newBars: most)
    }
    limit = BarLimit(bars + fewest...bars + most)
    if !options.opening.isEmpty { try check(tokenizer) }
  }

  /// Checks that the grammar allows an opening.
  /// - Throws: `ComposingError.invalidOption`.
  private func check(_ tokenizer: any Tokenizer) throws(ComposingError) {
    let vocabulary = tokenizer.vocabulary
    var grammar = tokenizer.makeGrammar(bars: limit)
    var mask = [Bool](repeating: false, count: vocabulary.count)
    for (index, id) in ids.enumerated() {
      grammar.allowed(into: &mask)
      try requireOption(
        mask.indices.contains(Int(id)) && mask[Int(id)] && id != vocabulary.roles.end,
        "token \(index) of the opening", vocabulary.token(of: id) ?? "\(id)",
        "one that the tokenizer's grammar allows there")
      grammar.advance(id)
    }
  }
}
