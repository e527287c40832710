public import Music

/// REMI: a piece as bars, positions in the bar, and at each position its notes (Huang and Yang, *Pop Music Transformer*,
/// 2020), with the names and the order of MidiTok's tokens.
///
///     BOS_None
///     Bar_None TimeSig_3/4
///       Position_0 Tempo_120.0 Program_0 Pitch_60 Velocity_91 Duration_1.0.12 Pitch_64 …
///       Position_12 …
///     Bar_None TimeSig_3/4 …
///     EOS_None
///
/// Positions and durations count steps of `stepsPerQuarter` a quarter note in every time signature. The first position is always
/// 0 and states the tempo; later tempos are stated where they change. Notes of one position stand by program, drums last, then by
/// pitch. `Program` tokens are there where the configuration tells instruments apart; drums have pitch tokens of their own, so that
/// transposing is a map from ids to ids. The last bar is the one in which the last note ends.
public struct REMITokenizer: Tokenizer {
  /// The settings.
  public let configuration: REMIConfiguration
  /// The tokens and their ids.
  public let vocabulary: Vocabulary
  let layout: REMILayout

  /// A tokenizer with these settings.
  /// - Throws: `TokenizationError.invalidConfiguration`.
  public init(configuration: REMIConfiguration = REMIConfiguration()) throws(TokenizationError) {
    try configuration.validate()
    self.configuration = configuration
    layout = REMILayout(configuration)
    vocabulary = try Vocabulary(
      configuration: configuration, tokens: layout.tokens(), roles: layout.roles(), values: layout.values())
  }

  /// The part of a score that the grid can represent, and a report of the rest.
  ///
  /// No note moves by more than half a step, and neither does its end, but that a note lasts at least one step and at most
  /// `maximumDuration`. The result has a track for each program, drums last, and ends with the bar in which its last note does.
  public func normalized(
    _ score: Score
  ) throws(TokenizationError) -> (score: Score, report: NormalizationReport) {
    var report = NormalizationReport()
    let grid = try GridScore(score, layout: layout, report: &report)
    return (grid.score(layout), report)
  }

  /// The ids of a score, from `BOS_None` to `EOS_None`.
  public func encode(_ score: Score) throws(TokenizationError) -> Encoding {
    var report = NormalizationReport()
    let grid = try GridScore(score, layout: layout, report: &report)
    return Encoding(
      ids: grid.ids(layout), report: report, noteCount: grid.notes.count, barCount: grid.bars.count,
      seconds: grid.seconds(layout))
  }

  /// The score that ids describe. `BOS_None` and `EOS_None` may be missing; notes of one position may be in any order.
  public func decode(_ ids: [Int32]) throws(TokenizationError) -> Score {
    var decoder = REMIDecoder(layout)
    decoder.reserveCapacity(idCount: ids.count)
    for id in ids { try decoder.read(id) }
    return try decoder.gridScore().score(layout)
  }

  /// What reads ids one at a time.
  public func makeDecoder() -> any TokenDecoder { REMIDecoder(layout) }

  /// Which ids may follow which.
  public func makeGrammar(bars: BarLimit) -> any TokenGrammar {
    REMIGrammar(layout: layout, bars: bars)
  }

  /// What each id becomes when the music moves by `semitones`; −1 where its pitch would leave the range.
  public func transpositionTable(semitones: Int) -> [Int32] {
    var table = (0..<Int32(layout.count)).map { $0 }
    for id in layout.pitch {
      let moved = Int(id) + semitones
      table[Int(id)] =
        Int(layout.pitch.lowerBound) <= moved && moved < Int(layout.pitch.upperBound) ? Int32(moved) : -1
    }
    return table
  }

  /// A tokenizer whose notes name no program, if all pieces have only one, or only drums: the program would carry no information, and be
  /// a fifth of all tokens.
  public func narrowing(to pieces: some Sequence<[Int32]>) throws(TokenizationError) -> TokenizerNarrowing? {
    guard configuration.instruments == .programs else { return nil }
    var programs: Set<Int> = []
    for ids in pieces {
      addPrograms(in: ids, to: &programs)
      if programs.count > 1 { return nil }
    }
    guard let sole = programs.first else { return nil }
    var configuration = configuration
    configuration.instruments = sole == REMILayout.drums ? .drums : .single(program: sole)
    let narrow = try REMITokenizer(configuration: configuration)
    return TokenizerNarrowing(
      tokenizer: narrow, idMap: vocabulary.tokens.map { narrow.vocabulary.id(of: $0) ?? -1 })
  }

  /// Adds the programs that `ids` name, with 128 for drums.
  private func addPrograms(in ids: [Int32], to programs: inout Set<Int>) {
    var last: Int32 = -1
    for id in ids where id != last && layout.program.contains(id) {
      programs.insert(Int(id - layout.program.lowerBound))
      last = id
    }
  }
}

extension REMIConfiguration: TokenizerConfiguration {
  /// `remi`.
  public static var tokenizerName: String { "remi" }

  /// The standard grid.
  public static func standard(timeSignature: TimeSignature?) -> Self? { Self(timeSignature: timeSignature) }

  /// The tokenizer with these settings.
  public func makeTokenizer() throws(TokenizationError) -> any Tokenizer {
    try REMITokenizer(configuration: self)
  }
}
