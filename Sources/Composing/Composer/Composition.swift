public import Music
public import Tokenization

/// What to compose.
public struct CompositionOptions: Sendable {
  /// The seed of every choice.
  public var seed: UInt64
  /// How adventurous the choices are.
  public var sampling: SamplingPreset
  /// Exactly how many bars to write, after those of the primer; nil lets the model find its end, in at most
  /// as many bars as the composer's `barLimit`. A model whose tokens know no bars takes nil alone.
  public var bars: Int?
  /// Music to continue from.
  public var primer: Score?
  /// Whether the primer is at the beginning of the score that is written, as the tokenizer's grid has it; otherwise
  /// the score begins at the first bar line after it, or at its end where the model's tokens know no bars.
  public var keepsPrimer: Bool
  /// Ids that the piece begins with, after the one that begins every piece: attributes, a first chord. Where there is a primer, it
  /// brings its own.
  public var opening: [Int32]
  /// What is asked of the piece beyond the tokenizer's grammar.
  public var constraints: [any TokenConstraint]
  /// The sections of the piece and which of them return; nil leaves that to the model. Its lengths have to agree with `bars`. Only
  /// `Composer.compose` writes forms, not a session, which goes one way from beginning to end.
  public var form: Form?
  /// Which share of the bars of a varied section (`A'`) is composed anew, from its end on: 0...1.
  public var variation: Double
  /// How phrases are searched for that are like the collection; nil takes the first that come. It needs a model with a critic, and
  /// `Composer.compose`; forms are written without it.
  public var search: PhraseSearch?
  /// How a good ending is searched for; nil takes the first that comes. `Composer.compose` does it by itself, for a session there is
  /// `CompositionSession.finish(_:cancellation:progress:)`.
  public var ending: EndingSearch?
  /// The piece of which the hidden cells are to be filled in; nil for a piece that is written from its beginning. It brings its own bars,
  /// and neither a primer nor an opening nor a form goes with it.
  public var filling: CellFilling?
  /// Whether a piece that continues a primer says nothing of its length at its beginning, even where `bars` is given: so what is given
  /// stays the same while the primer grows.
  package var leavesLengthOpen = false

  /// The usual strength of variation.
  public static let usualVariation = 0.3

  /// Options; what is not given is a free piece.
  public init(
    seed: UInt64, sampling: SamplingPreset = SamplingPreset(), bars: Int? = nil, primer: Score? = nil,
    keepsPrimer: Bool = false, opening: [Int32] = [], constraints: [any TokenConstraint] = [],
    form: Form? = nil, variation: Double = CompositionOptions.usualVariation, search: PhraseSearch? = nil,
    ending: EndingSearch? = nil, filling: CellFilling? = nil
  ) {
    self.seed = seed
    self.sampling = sampling
    self.bars = bars
    self.primer = primer
    self.keepsPrimer = keepsPrimer
    self.opening = opening
    self.constraints = constraints
    self.form = form
    self.variation = variation
    self.search = search
    self.ending = ending
    self.filling = filling
  }
}

/// Why a composition ends where it ends.
public enum CompositionStop: String, Codable, Hashable, Sendable {
  /// It has as many bars as were requested.
  case barsWritten
  /// The model ended the piece by itself.
  case modelEnded
  /// It reached the most bars that a piece without a given length may have.
  case barLimit
  /// It reached the most tokens of a piece whose tokens know no bars.
  case tokenLimit
}

/// A new piece.
public struct Composition: Sendable {
  /// The music.
  public var score: Score
  /// The tick of `score` at which the new music begins: 0, but where the score has the primer at its beginning.
  public var newMusicTick: Int
  /// The seed that it came from.
  public var seed: UInt64
  /// All ids, from the beginning of the primer where there was one.
  public var ids: [Int32]
  /// How many ids at the beginning of `ids` were given: the primer's, or the one that begins every piece.
  public var givenCount: Int
  /// −log p of each id that was chosen, in nats, under the model's own distribution: of `ids[givenCount]` and those that follow.
  public var surprisals: [Double]
  /// How many bars the score has.
  public var bars: Int
  /// How many notes the score has.
  public var notes: Int
  /// How many ids the model chose.
  public var tokens: Int
  /// How long the score lasts, in seconds.
  public var seconds: Double
  /// The mean of `surprisals`: before temperature, filters, grammar and constraints.
  public var nllPerToken: Double
  /// Why it ends where it ends.
  public var stopReason: CompositionStop
}
