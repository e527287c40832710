public import Music

/// Cells: a piece as bars, in each of which each part has one cell: its notes, or 'as k bars ago', or the rhythm of k bars ago with
/// new pitches.
///
///     BOS_None Key_G Length_32 Tempo_120.0 Part_chords Program_0 Part_melody Program_0
///     Bar_None TimeSig_4/4
///       Velocity_63 Notes_None Duration_4.0.12 Pitch_48 And_52 And_55
///       Velocity_95 Notes_None Duration_1.0.12 Pitch_67 Position_24 Pitch_69
///     Bar_None
///       Same_1
///       Rhythm_1 Pitch_65 Pitch_64
///     …
///     EOS_None
///
/// The header states the key, how many bars the piece has (or leaves that open), the tempo, and the parts in the order of their roles:
/// chords, bass, others, melody, drums. A part that plays nothing new in a bar has `Rest`. Pitches are written in C major or A minor
/// and sound where the key says, so that transposing is the key's affair alone. A position is there only where a note does not begin
/// where the one before it ends, a duration only where it changes within the cell, a loudness only where it changes in the part (in
/// a drum part, within the cell). Drums last one step.
///
/// A cell that is equal to one of its part's last `longestLag` is always written as that; else, if it has two onsets or more, with the rhythm
/// of one of them. Of several the one as far back as the part's last reference was is taken, else the nearest. So a score is written in
/// one way. The last bar is the one in which the last note ends.
public struct CellsTokenizer: Tokenizer {
  /// The settings.
  public let configuration: CellsConfiguration
  /// The tokens and their ids.
  public let vocabulary: Vocabulary
  let layout: CellsLayout

  /// A tokenizer with these settings.
  /// - Throws: `TokenizationError.invalidConfiguration`.
  public init(configuration: CellsConfiguration = CellsConfiguration()) throws(TokenizationError) {
    try configuration.validate()
    self.configuration = configuration
    layout = CellsLayout(configuration)
    vocabulary = try Vocabulary(
      configuration: configuration, tokens: layout.tokens(), roles: layout.roles(),
      values: layout.tokenValues())
  }

  /// The part of a score that cells can say, and a report of the rest.
  ///
  /// No note moves by more than half a step, and neither does its end, but that a note lasts at least one step and at most
  /// `maximumDuration`, and a drum one step. The notes of a pitched part have one loudness in a bar. Tempos change at bar lines. The
  /// result has a track for each part, which states its role, states its key, and ends with the bar in which its last note does.
  public func normalized(
    _ score: Score
  ) throws(TokenizationError) -> (score: Score, report: NormalizationReport) {
    var report = NormalizationReport()
    let cells = try CellScore(score, layout: layout, report: &report)
    return (cells.score(layout), report)
  }

  /// The ids of a score, from `BOS_None` to `EOS_None`.
  public func encode(_ score: Score) throws(TokenizationError) -> Encoding {
    var report = NormalizationReport()
    let cells = try CellScore(score, layout: layout, report: &report)
    return Encoding(
      ids: CellsEncoder.ids(of: cells, layout), report: report, noteCount: cells.noteCount,
      barCount: cells.bars.count, seconds: cells.seconds(layout))
  }

  /// What reads ids one at a time.
  public func makeDecoder() -> any TokenDecoder { CellsDecoder(layout) }

  /// Which ids may follow which.
  public func makeGrammar(bars: BarLimit) -> any TokenGrammar { CellsGrammar(layout: layout, bars: bars) }

  /// The part, the place in the bar and in the piece, what stood at this place some bars ago, and the harmony under it.
  public var contextFeatures: [ContextFeature] { CellsContext.features(layout) }

  /// What tells it.
  public func makeContext() -> (any TokenContext)? { CellsContext(layout) }

  /// The ids of a piece without its end, with the number of bars that the piece is to have; without one the number is left open.
  /// - Parameters:
  ///   - ids: The ids of a whole piece.
  ///   - barCount: How many bars the longer piece is to have; nil leaves it open.
  public func beginning(of ids: [Int32], barCount: Int?) -> [Int32] {
    var ids = ids.last == vocabulary.roles.end ? ids.dropLast() : ids
    guard let place = ids.prefix(4).firstIndex(where: { layout.length.contains($0) }) else { return ids }
    let said = barCount.map { $0 <= configuration.longestLength ? $0 : 0 } ?? 0
    ids[place] = layout.id(layout.length, said)
    return ids
  }

  /// Every number of bars becomes `Length_open`.
  public var openLengthTable: [Int32]? {
    (0..<Int32(layout.count)).map { layout.length.contains($0) ? layout.length.lowerBound : $0 }
  }

  /// Style, density and register, as far as the configuration has them.
  public var attributes: [PieceAttribute] {
    layout.attributes.map { kind, ids in
      let names = PieceAttribute.names(of: kind, configuration.attributes ?? PieceAttributes())
      return PieceAttribute(
        kind: kind, open: ids.lowerBound,
        values: names.enumerated().map { ($0.element, layout.id(ids, $0.offset + 1)) })
    }
  }

  /// The greatest number of bars that there is a token for.
  public var longestStatedLength: Int? { configuration.longestLength }

  /// What each id becomes when the music moves by `semitones`: the key alone changes. −1 for a key in which the pitches could not be
  /// written as they are, and for a pitch so high or low that it may leave the range in the other key.
  public func transpositionTable(semitones: Int) -> [Int32] {
    var table = (0..<Int32(layout.count)).map { $0 }
    for id in layout.key {
      let key = WrittenKey(index: Int(id - layout.key.lowerBound))
      let other = key.transposed(by: semitones)
      table[Int(id)] = other.map { layout.id(layout.key, $0.index) } ?? -1
      guard let other else { continue }
      let (before, after) = (layout.writtenPitches(in: key), layout.writtenPitches(in: other))
      for pitches in [layout.pitch, layout.and] {
        for id in pitches {
          let pitch = configuration.pitchRange.lowerBound + Int(id - pitches.lowerBound)
          if before.contains(pitch), !after.contains(pitch) { table[Int(id)] = -1 }
        }
      }
    }
    return table
  }
}
