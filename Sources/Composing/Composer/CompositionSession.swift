public import Arithmetic
public import Groundwork
public import Music
internal import Recurrent
public import Tokenization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A piece while it is composed, one token after another.
///
///     let session = try CompositionSession(model: model, CompositionOptions(seed: 1, bars: 8))
///     while let bar = try session.nextBar() { play(bar) }
///     let piece = try session.finish()
///
/// Between two steps the sampling can be changed, the session can be forked, to try several ways on from here, and it can be taken
/// back to a bar line. The same model, options and calls give the same tokens. A session is used by one thread at a time.
public final class CompositionSession {
  let vocabulary: Vocabulary
  let weights: SamplerWeights
  let sampler: LanguageModelSampler
  private(set) var chooser: TokenChooser
  var piece: PieceInProgress
  /// Notes and bars that are complete and were not given by `nextBar` yet.
  private var pending = DecodedMusic()
  /// Where the last bars begin that `nextBar` gave, whose notes are still in `pending`.
  private var givenStarts: [Int] = []

  /// How many of the last bars can be rewound to by default.
  public static let savedBarLimit = 64

  /// The beginning of a piece.
  /// - Parameters:
  ///   - model: What composes.
  ///   - options: What to compose.
  ///   - format: How the model's weights are read.
  ///   - savedBarLimit: How many of the last bars can be rewound to; each takes the memory of the network's state.
  /// - Throws: `ComposingError`: invalid options, a primer that the tokenizer cannot express or that is too long.
  public convenience init(
    model: MusicModel, _ options: CompositionOptions, format: WeightFormat = .float32,
    savedBarLimit: Int = CompositionSession.savedBarLimit
  ) throws(ComposingError) {
    let weights = try model.samplerWeights(format)
    try self.init(
      model: model, sampler: LanguageModelSampler(weights: weights), chooser: TokenChooser(model: model),
      options, savedBarLimit: savedBarLimit)
  }

  /// The beginning of a piece on the first stream of a sampler, whose state is made zero.
  init(
    model: MusicModel, sampler: LanguageModelSampler, chooser: TokenChooser, _ options: CompositionOptions,
    savedBarLimit: Int
  ) throws(ComposingError) {
    vocabulary = model.tokenizer.vocabulary
    weights = sampler.weights
    self.sampler = sampler
    self.chooser = chooser
    piece = try PieceInProgress(
      options, tokenizer: model.tokenizer, habits: model.critic?.habits,
      savedBarLimit: max(0, savedBarLimit))
    pending = piece.openingMusic
    sampler.reset()
  }

  /// Leaves out the first of the given ids, which the network has been fed elsewhere; before the first step.
  func skip(_ read: ReadIDs) { piece.skip(read, sampler, stream: 0) }

  private init(copying other: CompositionSession) {
    vocabulary = other.vocabulary
    weights = other.weights
    sampler = LanguageModelSampler(weights: other.weights)
    sampler.setState(other.sampler.state(ofStream: 0), ofStream: 0)
    chooser = other.chooser
    piece = other.piece
    pending = other.pending
    givenStarts = other.givenStarts
  }

  /// All ids so far, those that were given among them.
  public var ids: [Int32] { piece.ids }
  /// How many ids at the beginning of `ids` were given.
  public var givenCount: Int { piece.beginning.ids.count }
  /// How often nothing was left that all constraints allow, so that ids had to be taken back.
  package var deadEndCount: Int { piece.deadEndCount }
  /// Whether the piece has ended.
  public var isFinished: Bool { piece.isFinished }
  /// How many bars have begun, without those of a primer.
  public var barCount: Int { piece.newBars }
  /// How many bars at the beginning of the piece are a primer's.
  package var givenBarCount: Int { piece.beginning.bars }
  /// The music up to here, with that of a primer; nil where the tokens end amid a note.
  package var scoreSoFar: Score? { piece.scoreSoFar }
  /// How many notes are complete, with those of a primer.
  public var noteCount: Int { piece.progress.grammar.noteCount }
  /// Ticks in a quarter note of all notes and bars.
  public var ticksPerQuarter: Int { piece.progress.decoder.ticksPerQuarter }
  /// Where no note or bar is incomplete, so that the piece could be cut here.
  public var isBetweenNotes: Bool { piece.progress.grammar.isBetweenNotes }
}

// MARK: - Going on

/// The result of one step of a session.
public struct CompositionStep: Sendable {
  /// The id that was chosen.
  public var id: Int32
  /// Its token.
  public var token: String
  /// −log p of the token in nats, under the model's own distribution: before temperature, filters, grammar and constraints.
  public var surprisal: Double
  /// The notes, bars and changes of tempo that it completes.
  public var music: DecodedMusic
  /// How many ids before it were taken back since the step before, because nothing could follow them that all constraints allow; 0
  /// without constraints. Notes whose ids reached so far are no part of the piece any more.
  public var takenBack: Int
  /// How many ids at the beginning of the piece are the same as after the step before: all but the new one, where none was taken
  /// back. Notes of later ids come again, with the ids that they have now, or are no part of the piece any more.
  public var keptCount: Int

  /// p of the token, 0...1.
  public var probability: Double { exp(-surprisal) }
}

/// A bar as it was composed.
public struct ComposedBar: Sendable, Hashable {
  /// The bar.
  public var bar: DecodedBar
  /// The notes that begin in it.
  public var notes: [DecodedNote]

  /// The number of the bar in the piece, from 0.
  public var number: Int { bar.number }
  /// Its time signature.
  public var timeSignature: TimeSignature { bar.timeSignature }
}

extension CompositionSession {
  /// Chooses the next token.
  ///
  /// The first step feeds the network all that was given, which for a long primer takes a while.
  /// - Returns: the result of the step; nil if the piece has ended.
  /// - Throws: `ComposingError`: broken weights, constraints that contradict each other, or `.interrupted`.
  public func step(cancellation: Cancellation? = nil) throws(ComposingError) -> CompositionStep? {
    guard !piece.isFinished else { return nil }
    while try !advance() {
      if cancellation?.isRequested == true { throw .interrupted }
    }
    let id = piece.ids[piece.ids.count - 1]
    let taken = piece.forgetTakenBack()
    return CompositionStep(
      id: id, token: vocabulary.tokens[Int(id)],
      surprisal: piece.surprisals[piece.surprisals.count - 1], music: piece.music,
      takenBack: taken.count, keptCount: taken.untouched)
  }

  /// Feeds the network one id, and chooses the next once all that is known is fed.
  /// - Returns: whether one was chosen.
  func advance() throws(ComposingError) -> Bool {
    sampler.advance(piece.nextID, context: piece.nextContext)
    return try piece.take(sampler, stream: 0, chooser: &chooser)
  }

  /// Goes on until a bar is complete. What `step` brings is not given again here: a session is read by tokens or by bars.
  ///
  /// Where constraints made it necessary to take back a bar that was given before, that bar comes again, with its number.
  /// - Returns: the bar; nil if the piece has ended, or its tokens know no bars.
  /// - Throws: as `step`.
  public func nextBar(cancellation: Cancellation? = nil) throws(ComposingError) -> ComposedBar? {
    while true {
      while pending.bars.isEmpty {
        guard let step = try step(cancellation: cancellation) else { return nil }
        if step.takenBack > 0 { pending.notes.removeAll { $0.ids.upperBound > step.keptCount } }
        pending.notes += step.music.notes
        pending.bars += step.music.bars
      }
      let bar = pending.bars.removeFirst()
      let notes = pending.notes.filter { (bar.start..<bar.end).contains($0.note.onset) }
      forgetNotes(before: bar)
      // The last bar of a primer is complete only when the next one begins.
      if bar.number >= piece.beginning.bars { return ComposedBar(bar: bar, notes: notes) }
    }
  }

  /// Drops notes of bars that were given long ago. Those of the last bars stay, for a bar may be given again, with what is left of
  /// its notes.
  private func forgetNotes(before bar: DecodedBar) {
    givenStarts.append(bar.start)
    guard givenStarts.count > Self.savedBarLimit else { return }
    givenStarts.removeFirst()
    let first = givenStarts[0]
    pending.notes.removeAll { $0.note.onset < first }
  }

  /// Goes on to the end of the piece.
  /// - Throws: as `step`; `ComposingError.nothingComposed`.
  public func finish(
    cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(ComposingError) -> Composition {
    while !piece.isFinished {
      if cancellation?.isRequested == true { throw .interrupted }
      if try advance(), piece.progress.idsInBar == 0 {
        progress?(
          ProgressReport(
            activity: "composing", completed: Double(piece.newBars),
            total: piece.options.bars.map(Double.init), unit: "bars"))
      }
    }
    return try piece.finished(roles: vocabulary.roles)
  }

  /// Makes all further choices by this preset.
  /// - Throws: `ComposingError.invalidOption`.
  public func sample(by sampling: SamplingPreset) throws(ComposingError) {
    try piece.sample(by: sampling)
  }
}

// MARK: - Other ways

extension CompositionSession {
  /// Goes on with another continuation of the piece, whose network is in `state`.
  func take(_ continuation: PieceInProgress, state: [Float]) {
    piece = continuation
    sampler.setState(state, ofStream: 0)
  }

  /// An independent session in the same state.
  /// - Parameter seed: The seed of its further choices; nil for the same as here.
  public func fork(seed: UInt64? = nil) -> CompositionSession {
    let copy = CompositionSession(copying: self)
    if let seed { copy.piece.reseed(seed) }
    return copy
  }

  /// The bars that `rewind` can go back to, by their numbers in the piece; nil if there are none yet.
  public var savedBars: ClosedRange<Int>? { piece.savedBars }

  /// Takes back all that was chosen after the bar line of a bar: network, decoder, grammar, constraints and random numbers are where
  /// they stood then. The sampling stays as it is now.
  /// - Parameters:
  ///   - number: The number of the bar in the piece, from 0, a primer's bars included; one of `savedBars`.
  ///   - seed: The seed of all further choices; nil for those that were made before.
  /// - Throws: `ComposingError.invalidOption`.
  public func rewind(toBar number: Int, seed: UInt64? = nil) throws(ComposingError) {
    try piece.rewind(toBar: number, sampler, stream: 0)
    pending.notes.removeAll { $0.ids.upperBound > piece.ids.count }
    pending.bars.removeAll { $0.number >= number }
    if let seed { piece.reseed(seed) }
  }
}
