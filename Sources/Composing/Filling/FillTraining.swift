internal import Arithmetic
internal import Tokenization
internal import Training

/// Pieces in which some cells are learned as if they were to be filled in.
struct FillTraining: Sendable {
  private let tokenizer: CellsTokenizer
  /// The share of the pieces in which some are.
  private let share: Float

  /// Nil where nothing is to be filled in.
  init?(_ tokenizer: any Tokenizer, share: Double?) {
    guard let share, let cells = tokenizer as? CellsTokenizer, cells.configuration.infilling else {
      return nil
    }
    self.tokenizer = cells
    self.share = Float(share)
  }

  /// What the hidden cells of a piece are drawn by; nil for a piece without any.
  func maskSeed(seed: UInt64, name: String) -> UInt64? {
    var random = RandomStream(seed: seed, name: name)
    return random.uniformFloat() < share ? random.next() : nil
  }

  /// What reads the context of a piece with hidden cells.
  func reader(maskSeed: UInt64, _ ids: some Sequence<Int32>) -> any ContextReader {
    var random = RandomStream(seed: maskSeed, name: "mask")
    return TokenizerContext.reader(
      of: tokenizer.makeContext(filling: ids) { bars, parts in
        FillMasks.draw(barCount: bars, partCount: parts, random: &random)
      })
  }
}

/// What is told of validation pieces, as many of which have hidden cells as of those that are learned, always the same.
struct FillValidation: ContextSource {
  private let context: TokenizerContext
  private let filling: FillTraining
  private let seed: UInt64

  /// Nil where nothing is to be filled in.
  init?(_ tokenizer: any Tokenizer, settings: ModelPreset) {
    guard let context = TokenizerContext(tokenizer),
      let filling = FillTraining(tokenizer, share: settings.infilling)
    else { return nil }
    self.context = context
    self.filling = filling
    seed = settings.training.seed
  }

  var featureCount: Int { context.featureCount }

  func makeReader() -> any ContextReader { context.makeReader() }

  func makeReader(ofPiece number: Int, ids: UnsafeBufferPointer<Int32>) -> any ContextReader {
    guard let maskSeed = filling.maskSeed(seed: seed, name: "validation/\(number)") else {
      return makeReader()
    }
    return filling.reader(maskSeed: maskSeed, ids)
  }
}
