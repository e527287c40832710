public import Arithmetic
public import Groundwork
internal import Recurrent
internal import Tokenization

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

  let model: MusicModel
  let weights: SamplerWeights
  private let sampler: LanguageModelSampler
  private var chooser: TokenChooser

  /// A composer with this model, whose weights it reads in `format`. Fewer bytes are quicker, and change what a seed gives.
  /// - Throws: `ComposingError.unsuitableNetwork` where the model's network is not one that goes from ids to ids.
  public init(model: MusicModel, format: WeightFormat = .float32) throws(ComposingError) {
    self.model = model
    weights = SamplerWeights(model: try model.network, format: format)
    sampler = LanguageModelSampler(weights: weights)
    chooser = TokenChooser(model: model)
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
    var draft = try Draft(options, tokenizer: model.tokenizer)
    sampler.reset()
    while !draft.isFinished {
      if cancellation.isRequested { throw .interrupted }
      let logits = sampler.advance(draft.nextID)
      if try draft.take(logits, chooser: &chooser) {
        progress?(report(draft.writing, bars: options.bars))
      }
    }
    return try draft.finished(tokenizer: model.tokenizer)
  }

  private func report(_ writing: Writing, bars: Int?) -> ProgressReport {
    ProgressReport(
      activity: "composing", completed: Double(writing.grammar.barCount - writing.givenBars),
      total: bars.map(Double.init), unit: "bars")
  }
}
