public import Arithmetic
public import Groundwork
public import Music
internal import Recurrent
package import Tokenization

/// Writes new music with a model, one id after another.
///
/// The tokenizer's grammar masks out every id that cannot come next, so that what is written always reads as music: it
/// has the bars that were requested, no note sounds beyond the last bar line, and there is at least one note.
public final class Composer {
  /// The most bars of a piece whose length is not given, where the tokens do not tell how many it has.
  public static let barLimit = 64
  /// The most bars that can be asked for.
  public static let mostBars = 4096
  /// After this many ids within one bar, the bar is closed as soon as the grammar lets it: no music that can be read
  /// has as many, but a model that was hardly trained may never end. Where the tokens know no bars, the piece ends.
  static let idsPerBarLimit = 4096

  /// The model that composes.
  public let model: MusicModel
  let weights: SamplerWeights
  private let sampler: LanguageModelSampler
  private let chooser: TokenChooser

  /// A composer with this model, whose weights it reads in `format`. Fewer bytes are quicker, and change what a seed gives.
  /// - Throws: `ComposingError.unsuitableNetwork` if the model's network is not one that goes from ids to ids,
  ///   `.insufficientMemory` if the machine has too little memory for its weights.
  public init(model: MusicModel, format: WeightFormat = .float32) throws(ComposingError) {
    self.model = model
    weights = try model.samplerWeights(format)
    sampler = LanguageModelSampler(weights: weights)
    chooser = TokenChooser(model: model)
  }

  /// A composer that shares the weights of another, for another thread.
  init(sharing other: Composer) {
    model = other.model
    weights = other.weights
    sampler = LanguageModelSampler(weights: weights)
    chooser = TokenChooser(model: model)
  }

  /// The most bars of a piece whose length is not given: as many as the model's tokens can tell in advance, so that no length that
  /// the model may choose is cut; else `barLimit`, for a model that has no idea how far it has come may not find an end.
  public var barLimit: Int { Self.barLimit(of: model.tokenizer) }

  static func barLimit(of tokenizer: any Tokenizer) -> Int {
    max(barLimit, min(mostBars, tokenizer.longestStatedLength ?? 0))
  }

  /// The seeds of `count` pieces: `seed` and those that follow it, so that each piece can be had again by its own.
  public static func seeds(from seed: UInt64, count: Int) -> [UInt64] {
    (0..<UInt64(max(count, 0))).map { seed &+ $0 }
  }

  /// A session that shares this composer's weights and composes by itself.
  /// - Throws: as `CompositionSession.init`.
  public func session(
    _ options: CompositionOptions, savedBarLimit: Int = CompositionSession.savedBarLimit
  ) throws(ComposingError) -> CompositionSession {
    try CompositionSession(
      model: model, sampler: LanguageModelSampler(weights: weights), chooser: chooser, options,
      savedBarLimit: savedBarLimit)
  }

  /// Composes a piece. The same model and options give the same piece.
  /// - Throws: `ComposingError`: invalid options, a primer that the tokenizer cannot express or that is too long,
  ///   constraints that contradict each other, broken weights, or `.interrupted`.
  public func compose(
    _ options: CompositionOptions, cancellation: Cancellation = Cancellation(),
    progress: ProgressHandler? = nil
  ) throws(ComposingError) -> Composition {
    if let form = options.form {
      var work = try FormComposition(
        form, composer: self, options: options, cancellation: cancellation, progress: progress)
      return try work.finish()
    }
    let session = try CompositionSession(
      model: model, sampler: sampler, chooser: chooser, options, savedBarLimit: options.ending?.bars ?? 0)
    if let search = options.search {
      guard let critic = model.critic else { throw .noCritic(model: model.name) }
      return try session.finish(
        search, critic: critic, ending: options.ending, cancellation: cancellation, progress: progress)
    }
    guard let ending = options.ending else {
      return try session.finish(cancellation: cancellation, progress: progress)
    }
    return try session.finish(ending, cancellation: cancellation, progress: progress)
  }

  /// How surprising the model finds each token of a score.
  /// - Parameters:
  ///   - score: The score.
  ///   - cache: What makes more probable what the score has had already in a similar place; nil for nothing.
  ///   - cancellation: Asks to give up.
  /// - Throws: `ComposingError.cause` for a score that the tokenizer cannot express, `.interrupted`.
  public func surprisals(
    of score: Score, cache: NeuralCache? = nil, cancellation: Cancellation? = nil
  ) throws(ComposingError) -> ScoreSurprisals {
    let ids: [Int32]
    let spans: TokenSpans
    do {
      ids = try model.tokenizer.encode(score).ids
      spans = try model.tokenizer.spans(of: ids)
    } catch {
      throw .cause(error)
    }
    return ScoreSurprisals(
      ids: ids, surprisals: try surprisals(ofIDs: ids, cache: cache, cancellation: cancellation), spans: spans
    )
  }

  /// How surprising the model finds each id of a piece, in nats; 0 for the first, which is given.
  /// - Parameters:
  ///   - ids: The ids.
  ///   - settings: What makes more probable what the piece has had already; nil for nothing.
  ///   - filling: What is known of the piece where some of its cells are filled in; nil where it is read from beginning to end.
  ///   - cancellation: Asks to give up.
  /// - Throws: `ComposingError.interrupted`.
  package func surprisals(
    ofIDs ids: [Int32], cache settings: NeuralCache? = nil, filling: CellFilling? = nil,
    cancellation: Cancellation? = nil
  ) throws(ComposingError) -> [Double] {
    try settings?.validate()
    var cache = settings.map { PieceCache($0, vocabularySize: model.tokenizer.vocabulary.count) }
    sampler.reset()
    var surprisals = [0.0]
    surprisals.reserveCapacity(ids.count)
    var context = filling.map { $0.makeContext() } ?? model.tokenizer.makeContext()
    var features = [Int32](repeating: -1, count: model.tokenizer.contextFeatures.count)
    for (id, next) in zip(ids, ids.dropFirst()) {
      if cancellation?.isRequested == true { throw .interrupted }
      context?.advance(id)
      context?.write(into: &features)
      let logits = sampler.advance(id, context: features), state = sampler.output(ofStream: 0)
      surprisals.append(
        cache?.mix(logits, key: state).withUnsafeBufferPointer {
          TokenChooser.surprisal(of: next, logits: $0)
        } ?? TokenChooser.surprisal(of: next, logits: logits))
      cache?.add(state, follower: next)
    }
    return surprisals
  }
}
