public import Music
public import Tokenization

/// Limits as the tokens of a model hold them, and what else they need.
public struct HeldLimits: Sendable {
  /// How many bars the piece has; nil leaves it to the model.
  public let bars: Int?
  /// What is asked of the tokens, for `CompositionOptions.constraints`.
  public let constraints: [any TokenConstraint]
  /// The tempo that the piece is played at, in quarter notes a minute; nil for that of its tokens.
  public let quartersPerMinute: Double?
  /// What the parts are played by, where the tokens know no instruments.
  let programs: [Limits.ForPart<InstrumentName>]

  init(
    bars: Int?, constraints: [any TokenConstraint], quartersPerMinute: Double? = nil,
    programs: [Limits.ForPart<InstrumentName>]
  ) {
    self.bars = bars
    self.constraints = constraints
    self.quartersPerMinute = quartersPerMinute
    self.programs = programs
  }

  /// Constraints and a tempo that hold no more than they say themselves.
  /// - Parameters:
  ///   - bars: How many bars the piece has; nil leaves it to the model.
  ///   - constraints: What is asked of the tokens.
  ///   - quartersPerMinute: The tempo that the piece is played at; nil for that of its tokens.
  public init(bars: Int?, constraints: [any TokenConstraint], quartersPerMinute: Double? = nil) {
    self.init(bars: bars, constraints: constraints, quartersPerMinute: quartersPerMinute, programs: [])
  }

  /// A piece that was composed under the constraints, with what tokens do not tell: the exact tempo, and the instruments of an ensemble
  /// that the model always plays.
  /// - Parameter piece: The piece.
  /// - Throws: `ComposingError.invalidOption` for a tempo that no file can state.
  public func finished(_ piece: Composition) throws(ComposingError) -> Composition {
    var piece = piece
    if let quartersPerMinute { piece = try piece.played(quartersPerMinute: quartersPerMinute) }
    piece.score = instrumented(piece.score)
    return piece
  }

  /// A score with the instruments of an ensemble that the model always plays.
  package func instrumented(_ score: Score) -> Score {
    var score = score
    var left = programs
    for index in score.tracks.indices.reversed() where !score.tracks[index].isDrum {
      let role = score.tracks[index].role
      let own =
        left.firstIndex { $0.part?.role == role && $0.part != nil } ?? left.firstIndex { $0.part == nil }
      guard let own else { continue }
      score.tracks[index].program = left[own].value.programs[0]
      left.remove(at: own)
    }
    return score
  }
}

extension Limits {
  /// The limits in the terms of a model's tokens, checked against each other.
  ///
  /// Tokens of `cells` hold all of them; those of other tokenizers a key without other notes, one range, one time signature, tempo,
  /// seconds and a single instrument.
  /// - Parameters:
  ///   - tokenizer: The tokenizer of the model that composes.
  ///   - bars: How many bars were asked for, without those of a primer; nil leaves it to the limits, or else to the model.
  ///   - primer: The music that the piece goes on from, as the model reads it. Limits are on what follows it.
  /// - Returns: What holds them.
  /// - Throws: `LimitError`: a limit that the model cannot hold, or limits that contradict each other.
  public func held(
    by tokenizer: any Tokenizer, bars: Int? = nil, primer: Score? = nil
  ) throws(LimitError) -> HeldLimits {
    try checkValues()
    let given = primer.flatMap { try? tokenizer.encode($0).barCount } ?? 0
    guard let view = CellsView(tokenizer) else { return try heldPlainly(by: tokenizer, bars: bars) }
    return try LimitResolution(limits: self, view: view, tokenizer: tokenizer, bars: bars, givenBars: given)
      .held()
  }

  /// Whether there is anything that only a constraint on all music can hold.
  var needsConstraint: Bool {
    var rest = self
    (rest.seconds, rest.tempo) = (nil, nil)
    return !rest.isEmpty
  }

  /// Checks each limit by itself, and those that contradict each other whatever the model is.
  private func checkValues() throws(LimitError) {
    if let seconds, !(seconds > 0 && seconds <= 36_000) {
      throw .contradiction(
        limits: [words(.seconds)], reason: "a piece lasts more than 0 and at most 36000 seconds")
    }
    if !(0...1).contains(chromaticShare) {
      throw .contradiction(limits: [words(.key)], reason: "a share of notes outside it is from 0 to 1")
    }
    if let voices, voices.upperBound < 1 {
      throw .contradiction(limits: [words(.voices)], reason: "without a voice there is no music")
    }
    if let rests, !(rests.lowerBound >= 0 && rests.upperBound <= 1 && rests.lowerBound < 1) {
      throw .contradiction(limits: [words(.rests)], reason: "a share of silence is from 0 to less than 1")
    }
    for limit in densities
    where limit.value.upperBound < 1 || limit.value.lowerBound > 62 || limit.value.lowerBound < 0 {
      throw .contradiction(
        limits: [words(.densities)], reason: "a bar has at least 1 note, and 62 can be asked for")
    }
    for limit in densities where limit.part?.role == .drums {
      throw .unsupported(limit: words(.densities), reason: "notes a bar are counted in pitched parts alone")
    }
    guard let key else { return }
    for pitch in firstNotes where !key.contains(pitch: pitch.key) {
      throw .contradiction(
        limits: [words(.key), words(.firstNotes)], reason: "\(pitch) is not in \(key)")
    }
    let last: (class: Int, name: String)? =
      switch lastNote {
      case .pitch(let pitch): (pitch.pitchClass, pitch.description)
      case .pitchClass(let pitchClass): (pitchClass, String(pitchName(pitchClass).dropLast(2)))
      case nil: nil
      }
    if let last, !key.contains(pitch: last.class) {
      throw .contradiction(limits: [words(.key), words(.lastNote)], reason: "\(last.name) is not in \(key)")
    }
    if let lastChord, lastChord.essentialPitchClasses & ~key.pitchClasses != 0 {
      throw .contradiction(
        limits: [words(.key), words(.lastChord)], reason: "\(lastChord) has notes that are not in \(key)")
    }
    let symbols: [ChordSymbol] = chords.map { Array($0.bars.joined()) } ?? []
    for chord in symbols where chord.pitchClasses & key.pitchClasses == 0 {
      throw .contradiction(
        limits: [words(.key), words(.chords)], reason: "\(chord) has no note of \(key)")
    }
  }
}
