public import Music

/// A way to write scores as sequences of tokens, and back.
///
/// For every score, `decode(encode(score).ids)` equals `normalized(score).score`: what is lost is lost in normalizing,
/// which says so in its report.
///
/// A new tokenizer is a type with this protocol, a `TokenDecoder`, a `TokenGrammar` and a `TokenizerConfiguration`, and a
/// line in a `TokenizerRegistry`. Nothing outside looks for tokens by name: `vocabulary.roles` says what each id does.
public protocol Tokenizer: Sendable {
  /// The tokens, their ids and their roles.
  var vocabulary: Vocabulary { get }
  /// The ids of a score, from the one that begins a piece to the one that ends it.
  /// - Throws: `TokenizationError.noNotes`, `.tooLong`.
  func encode(_ score: Score) throws(TokenizationError) -> Encoding
  /// What reads ids one at a time, before its first.
  func makeDecoder() -> any TokenDecoder
  /// The score that ids describe. The ids that begin and end a piece may be missing.
  /// - Throws: `TokenizationError` for an id that is unknown or not allowed at its place.
  func decode(_ ids: [Int32]) throws(TokenizationError) -> Score
  /// What the tokens can say of a score, and a report of what they cannot.
  /// - Throws: `TokenizationError.noNotes`, `.tooLong`.
  func normalized(_ score: Score) throws(TokenizationError) -> (score: Score, report: NormalizationReport)
  /// Which ids may follow which: the grammar before its first id, for pieces whose number of bars is within `bars`. Where the
  /// tokens know no bars, the limit says nothing.
  func makeGrammar(bars: BarLimit) -> any TokenGrammar
  /// What a network may be told beside the ids; empty where it is told nothing else.
  var contextFeatures: [ContextFeature] { get }
  /// What tells it, before the first id of a piece; nil where there are no features.
  func makeContext() -> (any TokenContext)?
  /// What each id becomes where a piece is not to tell how many bars it has; nil where the tokens never tell.
  var openLengthTable: [Int32]? { get }
  /// The greatest number of bars that a piece can tell at its beginning that it has; nil where the tokens never tell.
  var longestStatedLength: Int? { get }
  /// What a piece says of itself at its beginning, and may leave open; empty where it says nothing.
  var attributes: [PieceAttribute] { get }
  /// The ids of a piece that says at its beginning that it is of a style; the same ids where there is no token for it.
  /// - Parameters:
  ///   - style: The style.
  ///   - ids: The ids of a whole piece.
  func stating(style: String, in ids: [Int32]) -> [Int32]
  /// The ids with which a longer piece begins as another one does: what a primer gives.
  /// - Parameters:
  ///   - ids: The ids of a whole piece.
  ///   - barCount: How many bars the longer piece is to have in all; nil where that is open.
  func beginning(of ids: [Int32], barCount: Int?) -> [Int32]
  /// What each id becomes when the music moves by `semitones`, drums staying as they are; −1 for an id whose pitch
  /// would leave the vocabulary's range.
  func transpositionTable(semitones: Int) -> [Int32]
  /// A tokenizer without the tokens that say nothing in these pieces, since all of them have the same; nil if there are none.
  /// - Throws: `TokenizationError.invalidConfiguration`.
  func narrowing(to pieces: some Sequence<[Int32]>) throws(TokenizationError) -> TokenizerNarrowing?
}

extension Tokenizer {
  /// The grammar before its first id, for pieces of any length.
  public func makeGrammar() -> any TokenGrammar { makeGrammar(bars: .unlimited) }

  /// None.
  public var attributes: [PieceAttribute] { [] }

  /// The style in the place of what the piece says of its style, or leaves open.
  public func stating(style: String, in ids: [Int32]) -> [Int32] {
    guard let attribute = attributes.first(where: { $0.kind == .style }),
      let id = attribute.values.first(where: { $0.name == style })?.id
    else { return ids }
    let places = Set(attribute.values.map(\.id) + [attribute.open])
    guard let place = ids.firstIndex(where: { places.contains($0) }) else { return ids }
    var stated = ids
    stated[place] = id
    return stated
  }

  /// None.
  public var contextFeatures: [ContextFeature] { [] }
  /// Nil: a network is told the ids alone.
  public func makeContext() -> (any TokenContext)? { nil }

  /// The ids without the one that ends the piece.
  public func beginning(of ids: [Int32], barCount: Int?) -> [Int32] {
    ids.last == vocabulary.roles.end ? ids.dropLast() : ids
  }

  /// Nil.
  public var openLengthTable: [Int32]? { nil }
  /// Nil.
  public var longestStatedLength: Int? { nil }

  /// The score that ids describe, read by the decoder.
  public func decode(_ ids: [Int32]) throws(TokenizationError) -> Score {
    var decoder = makeDecoder()
    var music = DecodedMusic()
    for id in ids {
      try decoder.take(id, into: &music)
      music.removeAll()
    }
    return try decoder.finished().score
  }

  /// The score as it is after encoding and decoding.
  public func normalized(
    _ score: Score
  ) throws(TokenizationError) -> (score: Score, report: NormalizationReport) {
    let encoding = try encode(score)
    return (try decode(encoding.ids), encoding.report)
  }

  /// No transposition but by nothing: every pitch would leave the range.
  public func transpositionTable(semitones: Int) -> [Int32] {
    let roles = vocabulary.roles
    return (0..<Int32(roles.count)).map { semitones != 0 && roles[$0].contains(.pitch) ? -1 : $0 }
  }

  /// Nil: every token says something.
  public func narrowing(to pieces: some Sequence<[Int32]>) throws(TokenizationError) -> TokenizerNarrowing? {
    nil
  }
}

/// A score as ids, and what there is to know of it. Which ids say which note tells `Tokenizer.spans(of:)`.
public struct Encoding: Sendable, Hashable {
  /// The ids, from the one that begins a piece to the one that ends it.
  public var ids: [Int32]
  /// What was changed to fit the grid.
  public var report: NormalizationReport
  /// How many notes the ids hold.
  public var noteCount: Int
  /// How many bars the ids hold; 0 if the tokens know no bars.
  public var barCount: Int
  /// How long the piece sounds at its tempos, to the end of its last bar, in seconds.
  public var seconds: Double

  /// An encoding.
  public init(ids: [Int32], report: NormalizationReport, noteCount: Int, barCount: Int, seconds: Double) {
    self.ids = ids
    self.report = report
    self.noteCount = noteCount
    self.barCount = barCount
    self.seconds = seconds
  }
}

/// A tokenizer with fewer tokens, and the way to it.
public struct TokenizerNarrowing: Sendable {
  /// The tokenizer of what the pieces are then.
  public var tokenizer: any Tokenizer
  /// What each id becomes; −1 for an id that is left out.
  public var idMap: [Int32]

  /// A narrower tokenizer and the map from id to id.
  public init(tokenizer: any Tokenizer, idMap: [Int32]) {
    self.tokenizer = tokenizer
    self.idMap = idMap
  }
}
